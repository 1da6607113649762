//! How a server puts what it says: all of it legal, and much of it unexpected.

use std::collections::BTreeSet;

/// The form of replies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How LIST, LSUB and STATUS write names (quirk 93).
    pub names: NameForm,
    /// Where folders live.
    pub namespaces: Namespaces,
    /// Items of a FETCH reply come in any order: the UID behind the body.
    pub any_order: bool,
    /// Says things that nobody asked for between the replies: alerts, flags of other messages, words of its own.
    pub chatty: bool,
    /// SELECT does not tell UIDNEXT (quirk 83).
    pub hides_uidnext: bool,
    /// UIDs whose INTERNALDATE is NIL (quirk 99).
    pub no_date: BTreeSet<u32>,
}

/// How a name is written where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameForm {
    /// `"Sent"`.
    #[default]
    Quoted,
    /// `{4}` and the name.
    Literal,
    /// `Sent`, where the name is an atom.
    Atom,
}

/// The namespaces (RFC 2342). Their folders are in the mailbox under these prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// The user's own: empty, or `INBOX.` as Courier has it. CREATE elsewhere is refused.
    pub personal: &'static str,
    /// Other users', such as `Other Users/`.
    pub other: Option<&'static str>,
    /// Shared ones, such as `Public/`.
    pub shared: Option<&'static str>,
}

impl Manner {
    /// A name in the form of this server; a literal where no other form can hold it.
    pub(in crate::lab::imap) fn name(&self, name: &[u8]) -> Vec<u8> {
        let printable = name.iter().all(|b| (0x20..0x7f).contains(b));
        let atom = !name.is_empty() && printable && !name.iter().any(|b| b" (){%*\"\\".contains(b));
        match self.names {
            NameForm::Atom if atom && !name.eq_ignore_ascii_case(b"NIL") => name.to_vec(),
            NameForm::Literal => literal(name),
            _ if !printable => literal(name),
            _ => quoted(name),
        }
    }
}

fn literal(name: &[u8]) -> Vec<u8> {
    [format!("{{{}}}\r\n", name.len()).as_bytes(), name].concat()
}

fn quoted(name: &[u8]) -> Vec<u8> {
    let mut text = vec![b'"'];
    for &byte in name {
        if b"\"\\".contains(&byte) {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text.push(b'"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_the_form_that_can_hold_them() {
        let form =
            |names, name: &str| String::from_utf8(Manner { names, ..Manner::default() }.name(name.as_bytes())).unwrap();
        assert_eq!(form(NameForm::Quoted, "a \"b\""), r#""a \"b\"""#);
        assert_eq!(form(NameForm::Quoted, "a\u{e9}"), "{3}\r\na\u{e9}");
        assert_eq!(form(NameForm::Literal, "a"), "{1}\r\na");
        assert_eq!(form(NameForm::Atom, "2019"), "2019");
        assert_eq!(form(NameForm::Atom, "nil"), "\"nil\"");
        assert_eq!(form(NameForm::Atom, "a b"), "\"a b\"");
    }
}
