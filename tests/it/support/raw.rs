//! A blocking IMAP client, as small as reading and filling mailboxes allows. It shares no line with the product.

use super::utf7;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One untagged reply: its text, with `{n}` where a literal was, and the literals.
pub struct Line {
    /// Without the line end.
    pub text: String,
    /// In their order in the text.
    pub literals: Vec<Vec<u8>>,
}

/// A logged-in connection.
pub struct Raw {
    stream: BufReader<TcpStream>,
    tag: u32,
    /// Upper case, as advertised after the log-in.
    pub capabilities: BTreeSet<String>,
    /// What stands before every personal folder but INBOX (`INBOX.` on Courier).
    pub prefix: String,
    /// The hierarchy delimiter.
    pub delimiter: char,
}

/// A folder as LIST shows it.
pub struct Listed {
    /// The name on the wire, unquoted, still in modified UTF-7.
    pub wire: String,
    /// The name in Unicode, without the personal prefix and with `/` between levels.
    pub name: String,
    /// Whether it can be selected.
    pub selectable: bool,
}

impl Raw {
    /// Connects and logs in, or panics with the server's words.
    pub fn login(address: SocketAddr, user: &str, password: &str) -> Raw {
        let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = BufReader::with_capacity(1 << 16, stream);
        let mut raw = Raw { stream, tag: 0, capabilities: BTreeSet::new(), prefix: String::new(), delimiter: '/' };
        raw.line();
        raw.command(&format!("LOGIN {} {}", quote(user), quote(password)));
        let words = raw.command("CAPABILITY");
        let words = words.iter().find_map(|l| l.text.strip_prefix("* CAPABILITY ")).unwrap_or("");
        raw.capabilities = words.split_whitespace().map(str::to_uppercase).collect();
        raw.read_namespace();
        raw
    }

    /// Whether the server advertises `capability`.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Runs one command and gives its untagged replies; anything but OK panics.
    pub fn command(&mut self, text: &str) -> Vec<Line> {
        self.attempt(text).unwrap_or_else(|words| panic!("{text}: {words}"))
    }

    /// Runs one command; `Err` holds the server's words.
    pub fn attempt(&mut self, text: &str) -> Result<Vec<Line>, String> {
        let mut lines = Vec::new();
        self.stream_command(text, |line| lines.push(line))?;
        Ok(lines)
    }

    /// Runs one command and gives each reply as it comes, so that a big folder needs no memory.
    pub fn stream_command(&mut self, text: &str, mut each: impl FnMut(Line)) -> Result<(), String> {
        let tag = self.send_command(text.as_bytes());
        self.finish(&tag, &mut each)
    }

    /// Sends a command without waiting; the tag.
    pub fn send_command(&mut self, text: &[u8]) -> String {
        self.tag += 1;
        let tag = format!("r{}", self.tag);
        self.send(format!("{tag} ").as_bytes());
        self.send(text);
        self.send(b"\r\n");
        tag
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// Reads up to the tagged reply.
    pub fn finish(&mut self, tag: &str, each: &mut impl FnMut(Line)) -> Result<(), String> {
        loop {
            let line = self.line();
            match line.text.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
                Some(words) if words.starts_with("OK") => return Ok(()),
                Some(words) => return Err(words.to_owned()),
                None => each(line),
            }
        }
    }

    /// One reply with its literals.
    pub fn line(&mut self) -> Line {
        let mut line = Line { text: String::new(), literals: Vec::new() };
        loop {
            let mut part = Vec::new();
            self.stream.read_until(b'\n', &mut part).unwrap();
            assert!(part.ends_with(b"\n"), "the server hung up after {:?}", line.text);
            line.text.push_str(String::from_utf8_lossy(&part).trim_end_matches(['\r', '\n']));
            let Some(size) = literal_size(&line.text) else { return line };
            let mut literal = vec![0; size];
            self.stream.read_exact(&mut literal).unwrap();
            line.literals.push(literal);
        }
    }

    /// Every folder of the mailbox.
    pub fn folders(&mut self) -> Vec<Listed> {
        self.list("LIST")
    }

    /// The subscribed folders.
    pub fn subscribed(&mut self) -> Vec<Listed> {
        self.list("LSUB")
    }

    fn list(&mut self, verb: &str) -> Vec<Listed> {
        let lines = self.command(&format!("{verb} \"\" \"*\""));
        let head = format!("* {verb} ");
        lines.iter().filter(|l| l.text.starts_with(&head)).filter_map(|l| self.listed(l)).collect()
    }

    fn listed(&self, line: &Line) -> Option<Listed> {
        let (attributes, rest) = line.text.split_once('(')?.1.split_once(')')?;
        let name = rest.trim_start().split_once(' ')?.1;
        let wire = match line.literals.first() {
            Some(literal) => String::from_utf8_lossy(literal).into_owned(),
            None => unquote(name),
        };
        let attributes = attributes.to_lowercase();
        let selectable = !attributes.contains("noselect") && !attributes.contains("nonexistent");
        let name = self.shown(&wire);
        Some(Listed { wire, name, selectable })
    }

    /// A wire name as people see it.
    fn shown(&self, wire: &str) -> String {
        let name = wire.strip_prefix(&self.prefix).unwrap_or(wire);
        utf7::decode(name).replace(self.delimiter, "/")
    }

    /// The quoted wire name of a folder that people know as `name`, levels divided by `/`.
    pub fn wire(&self, name: &str) -> String {
        let prefix = if name == "INBOX" { "" } else { &self.prefix };
        quote(&format!("{prefix}{}", utf7::encode(&name.replace('/', &self.delimiter.to_string()))))
    }

    fn read_namespace(&mut self) {
        if let Some(delimiter) = self.command("LIST \"\" \"\"").iter().find_map(|l| first_quoted(&l.text)) {
            self.delimiter = delimiter.chars().next().unwrap_or('/');
        }
        if self.can("NAMESPACE") {
            let lines = self.command("NAMESPACE");
            self.prefix = lines.iter().find_map(|l| first_quoted(&l.text)).unwrap_or_default();
        }
    }
}

/// A quoted string.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What a quoted name says.
pub fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else { return text.to_owned() };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

fn first_quoted(text: &str) -> Option<String> {
    let rest = text.split_once('"')?.1;
    rest.split_once('"').map(|(inner, _)| inner.replace("\\\\", "\\"))
}

fn literal_size(text: &str) -> Option<usize> {
    text.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}
