//! LIST with RFC 5258 and RFC 5819, LSUB, STATUS.

use super::scan::{Malformed, Parsed, Scanner};

/// LIST or LSUB.
#[derive(Clone, Debug, Default)]
pub(in crate::lab::imap) struct ListCommand {
    pub reference: Vec<u8>,
    pub patterns: Vec<Vec<u8>>,
    /// Whether it uses any form of RFC 5258.
    pub extended: bool,
    pub only_subscribed: bool,
    pub only_special: bool,
    pub recursive: bool,
    pub return_subscribed: bool,
    pub return_status: Option<Vec<StatusItem>>,
}

/// A counter of STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    HighestModSeq,
    AppendLimit,
    Size,
}

impl StatusItem {
    pub(in crate::lab::imap) fn word(self) -> &'static str {
        match self {
            StatusItem::Messages => "MESSAGES",
            StatusItem::Recent => "RECENT",
            StatusItem::UidNext => "UIDNEXT",
            StatusItem::UidValidity => "UIDVALIDITY",
            StatusItem::Unseen => "UNSEEN",
            StatusItem::HighestModSeq => "HIGHESTMODSEQ",
            StatusItem::AppendLimit => "APPENDLIMIT",
            StatusItem::Size => "SIZE",
        }
    }
}

impl Scanner<'_> {
    pub(super) fn status_items(&mut self) -> Parsed<Vec<StatusItem>> {
        use StatusItem::*;
        let all = [Messages, Recent, UidNext, UidValidity, Unseen, HighestModSeq, AppendLimit, Size];
        let items = self.list(|scan| {
            let word = scan.atom()?;
            all.into_iter().find(|i| i.word().eq_ignore_ascii_case(word)).ok_or(Malformed("a STATUS item"))
        })?;
        if items.is_empty() { Err(Malformed("a STATUS item")) } else { Ok(items) }
    }

    pub(super) fn lsub(&mut self) -> Parsed<ListCommand> {
        self.space()?;
        let reference = self.astring()?;
        self.space()?;
        let patterns = vec![self.pattern()?];
        Ok(ListCommand { reference, patterns, ..ListCommand::default() })
    }

    pub(super) fn list_command(&mut self) -> Parsed<ListCommand> {
        let mut command = ListCommand::default();
        self.space()?;
        if self.peek() == Some(b'(') {
            command.extended = true;
            self.list(|scan| scan.list_selection(&mut command))?;
            self.space()?;
        }
        command.reference = self.astring()?;
        self.space()?;
        if self.peek() == Some(b'(') {
            command.extended = true;
            command.patterns = self.list(Self::pattern)?;
        } else {
            command.patterns = vec![self.pattern()?];
        }
        if self.eat(b' ') {
            command.extended = true;
            if !self.eat_word("RETURN") {
                return Err(Malformed("RETURN"));
            }
            self.space()?;
            self.list(|scan| scan.list_return(&mut command))?;
        }
        Ok(command)
    }

    fn list_selection(&mut self, command: &mut ListCommand) -> Parsed<()> {
        match self.atom()?.to_ascii_uppercase().as_str() {
            "SUBSCRIBED" => command.only_subscribed = true,
            "SPECIAL-USE" => command.only_special = true,
            "RECURSIVEMATCH" => command.recursive = true,
            "REMOTE" => (),
            _ => return Err(Malformed("a selection option")),
        }
        Ok(())
    }

    fn list_return(&mut self, command: &mut ListCommand) -> Parsed<()> {
        match self.atom()?.to_ascii_uppercase().as_str() {
            "SUBSCRIBED" => command.return_subscribed = true,
            "CHILDREN" | "SPECIAL-USE" => (),
            "STATUS" => {
                self.space()?;
                command.return_status = Some(self.status_items()?);
            }
            _ => return Err(Malformed("a return option")),
        }
        Ok(())
    }
}
