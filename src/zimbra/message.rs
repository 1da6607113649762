//! What is known of messages without reading them (zimbra.md §4.2 and §4.4).

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    Mailbox,
    soap::{self, MAIL, Request},
};
use crate::error::Result;

/// A message's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: u32,
    /// The folder it is in.
    pub folder: u32,
    /// The change that last replaced its content.
    pub revision: u64,
    /// When it was received (milliseconds since 1970).
    pub received: i64,
    /// Its length (bytes).
    pub size: u64,
    /// Its flags, a letter each (§4.4); without `u` it is read.
    pub flags: String,
    /// Names of its tags.
    pub tags: Vec<String>,
}

impl Mailbox {
    /// What is known of these messages, at most [`crate::limits::ZIMBRA_PAGE`] of them; those that are gone are left out.
    ///
    /// # Errors
    /// The sign-in or the request is refused.
    pub async fn messages(&self, ids: &[u32]) -> Result<HashMap<u32, Message>> {
        let mut found = HashMap::new();
        let mut open = vec![ids.to_vec()];
        while let Some(mut ids) = open.pop() {
            if ids.is_empty() {
                continue;
            }
            let list = ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            let request = Request::new("GetMsgMetadataRequest", MAIL, json!({ "m": { "ids": list } }));
            match self.call(&request).await {
                Ok(response) => found.extend(read_all(&response).into_iter().map(|m| (m.id, m))),
                // One unknown id fails all the others (§4.2): it is left out, or looked for by halves where it is not told.
                Err(failure) if failure.says("mail.NO_SUCH_MSG") || failure.says("mail.NO_SUCH_ITEM") => {
                    let before = ids.len();
                    ids.retain(|id| Some(*id) != failure.item);
                    if ids.len() == before {
                        let half = ids.split_off(before / 2);
                        open.extend((before > 1).then_some([half, std::mem::take(&mut ids)]).into_iter().flatten());
                    } else {
                        open.push(ids);
                    }
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
        Ok(found)
    }
}

/// Every message of a response.
pub(super) fn read_all(response: &Value) -> Vec<Message> {
    soap::children(response, "m").filter_map(read).collect()
}

fn read(told: &Value) -> Option<Message> {
    let number = |name: &str| told.get(name).and_then(soap::number);
    let text = |name: &str| told.get(name).and_then(soap::text).unwrap_or_default();
    Some(Message {
        id: told.get("id").and_then(soap::id)?,
        folder: told.get("l").and_then(soap::id)?,
        revision: number("rev").unwrap_or_default(),
        received: text("d").parse().unwrap_or_default(),
        size: number("s").unwrap_or_default(),
        flags: text("f"),
        tags: names(&text("tn")),
    })
}

/// Names joined by commas, in which `\` escapes itself and a comma.
fn names(list: &str) -> Vec<String> {
    let (mut all, mut name, mut escaped) = (Vec::new(), String::new(), false);
    for c in list.chars() {
        match c {
            c if escaped => {
                name.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            ',' => all.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    all.push(name);
    all.retain(|name| !name.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read() {
        let told = json!({ "id": "5522", "l": "2", "d": 1078024183000i64, "s": 1373, "f": "uf", "t": "64,65", "tn": "a\\,b,c\\\\", "rev": 9 });
        let message = read(&told).unwrap();
        assert_eq!((message.id, message.folder, message.revision, message.size), (5522, 2, 9, 1373));
        assert_eq!(message.received, 1_078_024_183_000);
        assert_eq!(message.tags, ["a,b", "c\\"]);
        assert_eq!(names(""), Vec::<String>::new());
        assert_eq!(read(&json!({ "id": "9:1", "l": "2" })), None);
    }
}
