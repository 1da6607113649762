//! FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4).

use super::{
    NumberSet,
    scan::{Malformed, Parsed, Scanner},
};

/// A FETCH or UID FETCH.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) struct FetchCommand {
    pub set: NumberSet,
    pub items: Vec<FetchItem>,
    pub changed_since: Option<u64>,
    pub vanished: bool,
}

/// One data item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) enum FetchItem {
    Uid,
    Flags,
    InternalDate,
    Size,
    ModSeq,
    /// X-GM-MSGID.
    GmailId,
    Body(Section),
}

/// A part of the message's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) struct Section {
    pub kind: SectionKind,
    pub peek: bool,
    /// Offset and count of a partial fetch.
    pub partial: Option<(u64, u64)>,
    /// The item's name in the reply, without the origin of a partial fetch.
    pub label: String,
}

/// Which bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) enum SectionKind {
    Whole,
    Header,
    Fields { names: Vec<String>, not: bool },
    Text,
}

impl Section {
    fn legacy(label: &str, kind: SectionKind, peek: bool) -> FetchItem {
        FetchItem::Body(Section { kind, peek, partial: None, label: label.to_owned() })
    }
}

impl Scanner<'_> {
    pub(super) fn fetch(&mut self) -> Parsed<FetchCommand> {
        self.space()?;
        let set = self.set()?;
        self.space()?;
        let items = match self.peek() {
            Some(b'(') => self.list(Self::fetch_item)?,
            _ => self.fetch_macro()?,
        };
        let mut command = FetchCommand { set, items, changed_since: None, vanished: false };
        if self.eat(b' ') {
            self.list(|scan| scan.fetch_modifier(&mut command))?;
        }
        if command.items.is_empty() {
            return Err(Malformed("a data item"));
        }
        Ok(command)
    }

    fn fetch_macro(&mut self) -> Parsed<Vec<FetchItem>> {
        if self.eat_word("FAST") {
            return Ok(vec![FetchItem::Flags, FetchItem::InternalDate, FetchItem::Size]);
        }
        Ok(vec![self.fetch_item()?])
    }

    fn fetch_modifier(&mut self, command: &mut FetchCommand) -> Parsed<()> {
        if self.eat_word("CHANGEDSINCE") {
            self.space()?;
            command.changed_since = Some(self.number64()?);
        } else if self.eat_word("VANISHED") {
            command.vanished = true;
        } else {
            return Err(Malformed("CHANGEDSINCE or VANISHED"));
        }
        Ok(())
    }

    fn fetch_item(&mut self) -> Parsed<FetchItem> {
        let word =
            self.run(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'), "a data item")?.to_ascii_uppercase();
        Ok(match word.as_str() {
            "UID" => FetchItem::Uid,
            "FLAGS" => FetchItem::Flags,
            "INTERNALDATE" => FetchItem::InternalDate,
            "RFC822.SIZE" => FetchItem::Size,
            "MODSEQ" => FetchItem::ModSeq,
            "X-GM-MSGID" => FetchItem::GmailId,
            "RFC822" => Section::legacy("RFC822", SectionKind::Whole, false),
            "RFC822.HEADER" => Section::legacy("RFC822.HEADER", SectionKind::Header, true),
            "RFC822.TEXT" => Section::legacy("RFC822.TEXT", SectionKind::Text, false),
            "BODY" => FetchItem::Body(self.section(false)?),
            "BODY.PEEK" => FetchItem::Body(self.section(true)?),
            // ENVELOPE and BODYSTRUCTURE are what real servers get wrong most (microsoft365.md §1.8): never needed here.
            _ => return Err(Malformed("a data item that this stand-in offers")),
        })
    }

    fn section(&mut self, peek: bool) -> Parsed<Section> {
        self.expect(b'[', "a section in brackets")?;
        let kind = self.section_kind()?;
        self.expect(b']', "]")?;
        let partial = if self.eat(b'<') { Some(self.partial()?) } else { None };
        let label = match &kind {
            SectionKind::Whole => "BODY[]".to_owned(),
            SectionKind::Header => "BODY[HEADER]".to_owned(),
            SectionKind::Text => "BODY[TEXT]".to_owned(),
            SectionKind::Fields { names, not } => {
                format!("BODY[HEADER.FIELDS{} ({})]", if *not { ".NOT" } else { "" }, names.join(" "))
            }
        };
        Ok(Section { kind, peek, partial, label })
    }

    fn section_kind(&mut self) -> Parsed<SectionKind> {
        if self.peek() == Some(b']') {
            return Ok(SectionKind::Whole);
        }
        let word = self.run(|b| b.is_ascii_alphanumeric() || b == b'.', "a section")?.to_ascii_uppercase();
        match word.as_str() {
            "HEADER" => Ok(SectionKind::Header),
            "TEXT" => Ok(SectionKind::Text),
            "HEADER.FIELDS" | "HEADER.FIELDS.NOT" => {
                self.space()?;
                let names = self.list(Self::utf8)?;
                if names.is_empty() {
                    return Err(Malformed("a header field"));
                }
                Ok(SectionKind::Fields { names, not: word.ends_with("NOT") })
            }
            _ => Err(Malformed("a section that this stand-in offers")),
        }
    }

    fn partial(&mut self) -> Parsed<(u64, u64)> {
        let offset = self.number64()?;
        self.expect(b'.', ".")?;
        let count = self.number64()?;
        self.expect(b'>', ">")?;
        if count == 0 { Err(Malformed("a count above zero")) } else { Ok((offset, count)) }
    }
}
