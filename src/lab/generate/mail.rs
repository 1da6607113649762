//! Messages of many kinds, as bytes.

use super::{
    Recipe,
    people::{PEOPLE, SENTENCES, SUBJECTS, pick},
};
use crate::{lab::mailstore::Content, model::ReceivedAt};

/// Writes the messages of one mailbox.
pub(super) struct Author {
    recipe: Recipe,
    random: fastrand::Rng,
    number: u64,
}

/// What a message is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Html,
    Attachment,
    Latin1,
    LongLine,
    NoId,
    Invitation,
    BareNewlines,
    Nul,
    Overlong,
}

impl Author {
    pub fn new(recipe: Recipe, random: fastrand::Rng) -> Self {
        Author { recipe, random, number: 0 }
    }

    /// One message; or two that share their header and differ in their text (quirk 96). `dice` is a percentage.
    pub fn write(&mut self, received_at: ReceivedAt, dice: u8) -> Vec<Content> {
        self.number += 1;
        let kind = self.kind(dice);
        let header = self.header(kind, received_at);
        let copies = if dice == 99 { 2 } else { 1 };
        (0..copies).map(|_| Content::Stored(self.message(kind, &header).into())).collect()
    }

    fn kind(&self, dice: u8) -> Kind {
        match dice {
            0..3 if self.recipe.bare_newlines => Kind::BareNewlines,
            3..6 if self.recipe.nul => Kind::Nul,
            6..9 if self.recipe.overlong_lines => Kind::Overlong,
            0..30 => Kind::Plain,
            30..55 => Kind::Html,
            55..70 => Kind::Attachment,
            70..78 => Kind::Latin1,
            78..84 => Kind::LongLine,
            84..90 => Kind::NoId,
            90..94 => Kind::Invitation,
            _ => Kind::Plain,
        }
    }

    fn header(&mut self, kind: Kind, received_at: ReceivedAt) -> String {
        let random = &mut self.random;
        let ((from, sender), (to, recipient)) = (pick(random, &PEOPLE), pick(random, &PEOPLE));
        let date = received_at.to_datetime().map(|date| date.to_rfc2822()).unwrap_or_default();
        let mut header = format!(
            "Return-Path: <{sender}>\r\nReceived: from mx{0}.example.org (mx{0}.example.org [192.0.2.{0}])\r\n\
             \tby mail.example.com with ESMTPS id {1:x};\r\n\t{date}\r\n",
            random.u8(..),
            random.u32(..),
        );
        header += &format!("From: {from} <{sender}>\r\nTo: {to} <{recipient}>\r\n");
        if random.u8(..4) == 0 {
            header += &format!("Cc: {}\r\n", pick(random, &PEOPLE).1);
        }
        header += &format!("Subject: {}\r\nDate: {date}\r\n", pick(random, &SUBJECTS));
        if kind != Kind::NoId {
            header += &format!("Message-ID: <{}.{:x}@example.org>\r\n", self.number, self.recipe.seed);
        }
        if self.random.u8(..3) == 0 {
            header += &format!(
                "References: <{:x}@example.org>\r\n\t<{:x}@example.org>\r\n",
                self.random.u32(..),
                self.number
            );
        }
        header + "MIME-Version: 1.0\r\n"
    }

    fn message(&mut self, kind: Kind, header: &str) -> Vec<u8> {
        match kind {
            Kind::Plain | Kind::NoId => text(header, "text/plain; charset=us-ascii", "7bit", &self.prose("\r\n")),
            Kind::Html => self.html(header),
            Kind::Attachment => self.attachment(header),
            Kind::Invitation => self.invitation(header),
            Kind::Latin1 => {
                let mut mail = text(header, "text/plain; charset=iso-8859-1", "8bit", &self.prose("\r\n"));
                mail.extend_from_slice(b"Gr\xfc\xdfe aus K\xf6ln, caf\xe9, 5 \xa3\r\n");
                mail
            }
            Kind::LongLine => self.with_line(header, 1000..9000),
            Kind::Overlong => self.with_line(header, 10_400..40_000),
            Kind::BareNewlines => text(header, "text/plain; charset=us-ascii", "7bit", &self.prose("\n")),
            Kind::Nul => {
                let prose = self.prose("\r\n").replace("the", "t\0e").replacen("\r\n", "\0\r\n", 1);
                text(header, "text/plain; charset=us-ascii", "8bit", &prose)
            }
        }
    }

    /// A few sentences.
    fn prose(&mut self, newline: &str) -> String {
        let lines = self.random.usize(3..40);
        let mut text: String = (0..lines).map(|_| format!("{}{newline}", pick(&mut self.random, &SENTENCES))).collect();
        text += &format!("-- {newline}{:016x}{newline}", self.random.u64(..));
        text
    }

    fn with_line(&mut self, header: &str, length: std::ops::Range<usize>) -> Vec<u8> {
        let length = self.random.usize(length);
        let long: String = std::iter::repeat_with(|| self.random.alphanumeric()).take(length).collect();
        let prose = self.prose("\r\n");
        text(header, "text/plain; charset=us-ascii", "7bit", &format!("{prose}{long}\r\n"))
    }

    fn html(&mut self, header: &str) -> Vec<u8> {
        let plain = self.prose("\r\n");
        let paragraphs: String = plain.lines().map(|line| format!("<p>{line}</p>\r\n")).collect();
        let html = format!("<html><body style=3D\"font-family: sans\">\r\n{paragraphs}</body></html>\r\n");
        let boundary = self.boundary();
        let parts = [
            ("text/plain; charset=utf-8", "quoted-printable", plain + "Viele Gr=C3=BC=C3=9Fe\r\n"),
            ("text/html; charset=utf-8", "quoted-printable", html),
        ];
        multipart(header, "alternative", &boundary, &parts)
    }

    fn attachment(&mut self, header: &str) -> Vec<u8> {
        let size = self.random.usize(1..self.recipe.attachment.max(2));
        let bytes: Vec<u8> = std::iter::repeat_with(|| self.random.u8(..)).take(size).collect();
        let boundary = self.boundary();
        let parts = [
            ("text/plain; charset=us-ascii", "7bit", self.prose("\r\n")),
            ("application/pdf; name=\"scan\"\r\nContent-Disposition: attachment", "base64", base64_lines(&bytes)),
        ];
        multipart(header, "mixed", &boundary, &parts)
    }

    fn invitation(&mut self, header: &str) -> Vec<u8> {
        let event = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:{:x}@example.org\r\n\
             DTSTART:20240301T090000Z\r\nDTEND:20240301T100000Z\r\nSUMMARY:Review\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            self.random.u64(..)
        );
        let boundary = self.boundary();
        let parts = [
            ("text/plain; charset=us-ascii", "7bit", self.prose("\r\n")),
            ("text/calendar; charset=utf-8; method=REQUEST", "7bit", event),
        ];
        multipart(header, "alternative", &boundary, &parts)
    }

    fn boundary(&mut self) -> String {
        format!("----=_Part_{:x}", self.random.u64(..))
    }
}

fn text(header: &str, content_type: &str, encoding: &str, body: &str) -> Vec<u8> {
    format!("{header}Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}").into_bytes()
}

fn multipart(header: &str, subtype: &str, boundary: &str, parts: &[(&str, &str, String)]) -> Vec<u8> {
    let mut mail = format!(
        "{header}Content-Type: multipart/{subtype};\r\n\tboundary=\"{boundary}\"\r\n\r\nThis is a message in MIME format.\r\n"
    );
    for (content_type, encoding, body) in parts {
        mail += &format!(
            "--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n"
        );
    }
    mail += &format!("--{boundary}--\r\n");
    mail.into_bytes()
}

fn base64_lines(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let encoded = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 38);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(76));
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = after;
    }
    lines
}
