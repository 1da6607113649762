//! Takes capabilities away from a server, together with the reply codes that would betray them.
//!
//! Dovecot sends APPENDUID and COPYUID whether it advertises UIDPLUS or not, so leaving the word out of its configuration
//! is not enough. Only the first line of a reply is ever looked at, and only if it is a status or CAPABILITY: a message that talks
//! about UIDPLUS comes through as it is.

use super::{Proxy, close};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// A line without `hidden` capabilities (upper case). Compression would hide the rest from us and is always taken away.
pub fn hide(upstream: SocketAddr, hidden: &[&str]) -> Proxy {
    let mut hidden: Vec<String> = hidden.iter().map(|word| (*word).to_owned()).collect();
    hidden.push("COMPRESS=DEFLATE".to_owned());
    Proxy::start(upstream, move |client, server| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = std::io::copy(&mut &client, &mut &server);
                let _ = server.shutdown(Shutdown::Write);
            });
            let _ = rewrite(&server, &client, &hidden);
            // A dead client must not keep the server waiting for a reader.
            let _ = std::io::copy(&mut &server, &mut std::io::sink());
            close(&client);
            close(&server);
        });
    })
}

fn rewrite(server: &TcpStream, mut client: &TcpStream, hidden: &[String]) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(64 << 10, server);
    let mut first = true;
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let literal = literal_size(&line);
        if first && is_status(&line) {
            line = without(&line, hidden);
        }
        client.write_all(&line)?;
        std::io::copy(&mut reader.by_ref().take(literal.unwrap_or(0)), &mut client)?;
        first = literal.is_none();
    }
}

fn is_status(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split_whitespace().skip(1);
    let word = words.next().unwrap_or("").to_uppercase();
    word == "CAPABILITY"
        || (["OK", "NO", "PREAUTH"].contains(&word.as_str()) && words.next().is_some_and(|w| w.starts_with('[')))
}

fn without(line: &[u8], hidden: &[String]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(line).into_owned();
    for code in ["[APPENDUID ", "[COPYUID "] {
        if let Some(start) = text.find(code) {
            let end = text[start..].find(']').map_or(text.len(), |at| start + at + 1);
            text.replace_range(start..end, "");
        }
    }
    if text.to_uppercase().contains("CAPABILITY") {
        for word in hidden {
            // A word is ended by the next one, by the code's bracket or by the line.
            for end in [" ", "]", "\r\n"] {
                text = text.replace(&format!(" {word}{end}"), end);
            }
        }
    }
    text.into_bytes()
}

fn literal_size(line: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(line);
    text.trim_end().strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}
