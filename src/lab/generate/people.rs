//! Names and sentences.

/// Display name as it stands in a header (encoded where it must be), and address.
pub(super) const PEOPLE: [(&str, &str); 8] = [
    ("Ada Byron", "ada@example.org"),
    ("=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=", "joerg.mueller@example.de"),
    ("\"O'Neill, Pat (Sales)\"", "pat.oneill@example.com"),
    ("=?UTF-8?B?5bGx55Sw5aSq6YOO?=", "yamada@example.jp"),
    ("Newsletter", "no-reply+7f3a@lists.example.net"),
    ("=?iso-8859-1?Q?Andr=E9?= Dupont", "andre@example.fr"),
    ("Build Server", "ci@builds.example.org"),
    ("\"Accounts \\\"Payable\\\"\"", "ap@example.com"),
];

pub(super) const SUBJECTS: [&str; 10] = [
    "Minutes of the meeting on Monday",
    "Re: offer 4711",
    "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
    "Fwd: Fwd: your order has been shipped",
    "=?UTF-8?B?5Lya6K2w44Gu6K2w5LqL6Yyy?=",
    "[lists/dev] patch 3/7: bound the queue",
    "Invoice 2023-0815 (second reminder)",
    "",
    "a rather long subject that a mail program folds over two or three lines because no line\r\n shall have more \
     than 78 characters, as the standard\r\n\trecommends",
    "Out of office",
];

pub(super) const SENTENCES: [&str; 8] = [
    "Please find the figures of last quarter below.",
    "Could we move the call to Thursday?",
    "Die Lieferung ist heute angekommen, vielen Dank.",
    "From here on the old server is read-only.",
    "The attached file replaces the one from yesterday.",
    "See https://example.org/tickets/1742?view=full&lang=de for the details.",
    "Nous vous remercions de votre confiance.",
    "Let me know if anything is missing.",
];

/// One of them.
pub(super) fn pick<T: Copy>(random: &mut fastrand::Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}
