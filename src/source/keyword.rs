//! Categories and tags as keywords.

use crate::imap::utf7;

/// A name that people gave as a keyword (an atom, RFC 3501 §9): modified UTF-7, as mail clients write names there, and `_` for what no atom holds.
pub(super) fn keyword(name: &str) -> String {
    let wire = utf7::encode(name);
    let is_special = |byte: &u8| byte.is_ascii_control() || b" (){%*\"\\]".contains(byte);
    wire.iter().map(|byte| if is_special(byte) { '_' } else { char::from(*byte) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_atom_holds_becomes_a_line() {
        assert_eq!(keyword("a(b) \"c\"\\"), "a_b___c__");
        assert_eq!(keyword("Rote Kategorie"), "Rote_Kategorie");
        assert_eq!(keyword("Größe"), "Gr&APYA3w-e");
    }
}
