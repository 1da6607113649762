//! Filling a mailbox the way any client could: CREATE, SUBSCRIBE, APPEND.

use super::corpus::{Mail, Mailbox};
use super::raw::Raw;

/// Messages in one MULTIAPPEND, or in flight without it.
const BATCH: usize = 64;

/// A message that the server would not take.
pub struct Refused {
    pub folder: String,
    /// The message's number in its mailbox.
    pub number: usize,
    /// The server's words.
    pub words: String,
}

/// Creates the folders of `mailbox` and appends its messages; what the server refuses is given back.
pub fn fill(raw: &mut Raw, mailbox: &Mailbox) -> Vec<Refused> {
    let mut refused = Vec::new();
    for (folder, range) in mailbox.layout() {
        create(raw, &folder);
        if mailbox.subscribes(&folder) {
            let command = format!("SUBSCRIBE {}", raw.wire(&folder));
            raw.command(&command);
        }
        let numbers: Vec<usize> = range.collect();
        for batch in numbers.chunks(BATCH) {
            let mails: Vec<Mail> = batch.iter().map(|&n| mailbox.mail(n)).collect();
            let answers = append(raw, &folder, &mails);
            refused.extend(batch.iter().zip(answers).filter_map(|(&number, answer)| {
                answer.err().map(|words| Refused { folder: folder.clone(), number, words })
            }));
        }
    }
    refused
}

/// Creates a folder and the ones above it, if they are not there.
pub fn create(raw: &mut Raw, folder: &str) {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for name in ends.map(|end| &folder[..end]).filter(|name| *name != "INBOX") {
        let command = format!("CREATE {}", raw.wire(name));
        if let Err(words) = raw.attempt(&command) {
            assert!(words.to_lowercase().contains("exist"), "{command}: {words}");
        }
    }
}

/// Appends `mails` to `folder`, all in one command where the server has MULTIAPPEND, one answer for each.
/// The folder is selected first: Dovecot opens an unselected one anew for every APPEND.
pub fn append(raw: &mut Raw, folder: &str, mails: &[Mail]) -> Vec<Result<(), String>> {
    let wire = raw.wire(folder);
    raw.command(&format!("SELECT {wire}"));
    let all_at_once = raw.can("MULTIAPPEND") && mails.len() > 1;
    if all_at_once && append_command(raw, &wire, mails).and_then(|tag| raw.finish(&tag, &mut |_| {})).is_ok() {
        return vec![Ok(()); mails.len()];
    }
    let finish = |raw: &mut Raw, tag: Result<String, String>| tag.and_then(|tag| raw.finish(&tag, &mut |_| {}));
    let singles = mails.iter().map(std::slice::from_ref);
    if !raw.can("LITERAL+") {
        let alone = |mail: &[Mail]| {
            let tag = append_command(raw, &wire, mail);
            finish(raw, tag)
        };
        return singles.map(alone).collect();
    }
    let tags: Vec<_> = singles.map(|mail| append_command(raw, &wire, mail)).collect();
    tags.into_iter().map(|tag| finish(raw, tag)).collect()
}

/// Sends one APPEND; its tag, or the words with which the server refused a literal.
fn append_command(raw: &mut Raw, wire: &str, mails: &[Mail]) -> Result<String, String> {
    let plus = if raw.can("LITERAL+") { "+" } else { "" };
    let mut tag = None;
    let mut line = format!("APPEND {wire}");
    for mail in mails {
        let date = mail.received_at.format("%d-%b-%Y %H:%M:%S %z");
        line += &format!(" ({}) \"{date}\" {{{}{plus}}}", mail.flags.join(" "), mail.body.len());
        match &tag {
            None => tag = Some(raw.send_command(line.as_bytes())),
            Some(_) => raw.send(format!("{line}\r\n").as_bytes()),
        }
        if plus.is_empty() {
            await_continuation(raw)?;
        }
        raw.send(&mail.body);
        line.clear();
    }
    raw.send(b"\r\n");
    Ok(tag.unwrap_or_default())
}

fn await_continuation(raw: &mut Raw) -> Result<(), String> {
    loop {
        let line = raw.line().text;
        match line.chars().next() {
            Some('+') => return Ok(()),
            Some('*') => (),
            _ => return Err(line),
        }
    }
}
