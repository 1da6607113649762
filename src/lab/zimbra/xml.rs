//! SOAP in XML as the same tree that JSON gives: attributes are plain keys, text is `_content`, what is repeated is a list (zimbra.md §1.2).
//!
//! A small strict reader: elements, attributes, text and the five entities; comments and declarations are skipped, everything else is refused.

use serde_json::{Map, Value};

/// The element that `text` is, by its name.
pub(super) fn read(text: &str) -> Option<(String, Value)> {
    let mut reader = Reader { rest: text };
    reader.skip();
    reader.element(0)
}

/// Levels of elements.
const DEEPEST: usize = 64;

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let end = match self.rest {
                rest if rest.starts_with("<?") => rest.find("?>").map(|at| at + 2),
                rest if rest.starts_with("<!--") => rest.find("-->").map(|at| at + 3),
                _ => return,
            };
            self.rest = end.and_then(|end| self.rest.get(end..)).unwrap_or_default();
        }
    }

    fn eat(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    /// A name without its namespace's prefix.
    fn name(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || "_-.:".contains(c)))?;
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        name.rsplit(':').next().filter(|name| !name.is_empty())
    }

    fn element(&mut self, depth: usize) -> Option<(String, Value)> {
        if depth > DEEPEST {
            return None;
        }
        self.eat("<")?;
        let name = self.name()?.to_owned();
        let mut content = Map::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.eat("/>").is_some() {
                return Some((name, Value::Object(content)));
            }
            if self.eat(">").is_some() {
                break;
            }
            let (key, value) = self.attribute()?;
            content.insert(key, value.into());
        }
        let mut text = String::new();
        loop {
            let at = self.rest.find('<')?;
            let (before, rest) = self.rest.split_at_checked(at)?;
            text += &plain(before)?;
            self.rest = rest;
            if self.eat("</").is_some() {
                (self.name()? == name).then_some(())?;
                self.rest = self.rest.trim_start();
                self.eat(">")?;
                break;
            }
            if self.rest.starts_with("<!--") {
                self.skip();
                continue;
            }
            let (child, value) = self.element(depth + 1)?;
            match content.get_mut(&child) {
                None => drop(content.insert(child, value)),
                Some(Value::Array(all)) => all.push(value),
                Some(one) => *one = Value::Array(vec![one.take(), value]),
            }
        }
        if !text.trim().is_empty() {
            content.insert("_content".to_owned(), text.trim().into());
        }
        Some((name, Value::Object(content)))
    }

    fn attribute(&mut self) -> Option<(String, String)> {
        let name = self.name()?;
        self.eat("=")?;
        let quote = self.rest.chars().next().filter(|c| "\"'".contains(*c))?;
        let (value, rest) = self.rest.get(1..)?.split_once(quote)?;
        self.rest = rest;
        let key = if name == "xmlns" { "_jsns" } else { name };
        Some((key.to_owned(), plain(value)?))
    }
}

fn plain(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (entity, after) = after.split_once(';')?;
        out += before;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            number => char::from_u32(match number.strip_prefix("#x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.strip_prefix('#')?.parse().ok()?,
            })?,
        });
        rest = after;
    }
    Some(out + rest)
}

/// Writes an element.
pub(super) fn write(name: &str, value: &Value) -> String {
    let Value::Object(content) = value else { return format!("<{name}>{}</{name}>", scalar(value)) };
    let (mut attributes, mut inside) = (String::new(), String::new());
    for (key, value) in content {
        match (key.as_str(), value) {
            ("_jsns", value) => attributes += &format!(" xmlns=\"{}\"", scalar(value)),
            ("_content", value) => inside += &scalar(value),
            (key, Value::Array(all)) => all.iter().for_each(|one| inside += &write(key, one)),
            (key, Value::Object(_)) => inside += &write(key, value),
            (key, value) => attributes += &format!(" {key}=\"{}\"", scalar(value)),
        }
    }
    format!("<{name}{attributes}>{inside}</{name}>")
}

fn scalar(value: &Value) -> String {
    let text = match value {
        Value::Bool(truth) => u8::from(*truth).to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let value = json!({ "_jsns": "urn:x", "a": "1 < 2 & \"3\"", "b": [{ "_content": "t" }, { "c": "d" }], "e": { "f": "g" } });
        let text = write("r", &value);
        assert_eq!(read(&text), Some(("r".to_owned(), value)));
        let text = "<?xml version='1.0'?><s:E xmlns:s=\"u\"><!-- x --><s:B><R y='&#65;&lt;'/></s:B></s:E>";
        assert_eq!(read(text).unwrap().1["B"]["R"]["y"], "A<");
    }

    #[test]
    fn what_is_no_xml_is_none() {
        for text in ["", "<", "<a", "<a>", "<a></b>", "<a b=c/>", "<a>&x;</a>", &"<a>".repeat(100)] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
