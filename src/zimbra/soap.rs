//! SOAP in JSON: the envelope around a request, and the answer or fault in the one that comes back (zimbra.md §1.2 and §1.7).
//!
//! XML would do as well and be larger. A context without its namespace is answered by a failure (§11.3), so it always has one.

use serde_json::{Map, Value, json};

use super::token::Token;

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// `SyncRequest`.
    pub(super) name: &'static str,
    /// `urn:zimbraMail`.
    namespace: &'static str,
    content: Map<String, Value>,
}

/// Namespaces by what they are about.
pub(super) const ACCOUNT: &str = "urn:zimbraAccount";
pub(super) const ADMIN: &str = "urn:zimbraAdmin";
pub(super) const MAIL: &str = "urn:zimbraMail";

impl Request {
    /// `content` is the request's own object.
    pub(super) fn new(name: &'static str, namespace: &'static str, content: Value) -> Self {
        let content = match content {
            Value::Object(content) => content,
            _ => Map::new(),
        };
        Request { name, namespace, content }
    }

    /// The envelope's bytes. Beside a request to sign in there must be no token (§11.3).
    pub(super) fn envelope(&self, token: Option<&Token>) -> Vec<u8> {
        let mut context = json!({ "_jsns": "urn:zimbra", "nosession": {},
            "userAgent": { "name": "mailhaul", "version": env!("CARGO_PKG_VERSION") } });
        if let Some(token) = token {
            context["authToken"] = json!({ "_content": token.expose() });
        }
        let mut content = self.content.clone();
        content.insert("_jsns".to_owned(), self.namespace.into());
        let body = Map::from_iter([(self.name.to_owned(), Value::Object(content))]);
        json!({ "Header": { "context": context }, "Body": body }).to_string().into_bytes()
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The response's own object.
    Response(Value),
    /// A fault.
    Fault(Fault),
}

/// Why a request was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// `account.AUTH_FAILED`; the only part that means the same in every version.
    pub code: String,
    /// The server's words.
    pub words: String,
    /// The id of the item that it is about, where it tells.
    pub item: Option<u32>,
}

/// Reads the answer to a request; `None` if it is no envelope.
pub fn read(bytes: &[u8]) -> Option<Reply> {
    let mut envelope: Value = serde_json::from_slice(bytes).ok()?;
    let body = envelope.get_mut("Body")?.as_object_mut()?;
    if let Some(fault) = body.get("Fault") {
        return Some(Reply::Fault(Fault::of(fault)));
    }
    let response = body.iter_mut().find(|(name, _)| name.ends_with("Response"))?;
    Some(Reply::Response(response.1.take()))
}

impl Fault {
    fn of(fault: &Value) -> Self {
        let error = fault.pointer("/Detail/Error");
        let code = error.and_then(|error| error.get("Code")).and_then(text);
        let words = fault.pointer("/Reason/Text").and_then(text);
        let arguments = error.and_then(|error| error.get("a")).and_then(Value::as_array);
        let item = arguments.into_iter().flatten().find(|argument| argument.get("n").is_some_and(|n| n == "itemId"));
        Fault {
            code: code.unwrap_or_default(),
            words: words.unwrap_or_default(),
            item: item.and_then(text).and_then(|id| id.parse().ok()),
        }
    }
}

/// The text of a child, written as a string or with its text in `_content`; the only one, or the first of several.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => object.get("_content").and_then(text),
        Value::Array(all) => all.first().and_then(text),
        Value::Bool(_) | Value::Null => None,
    }
}

/// A number, written as one or as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| text(value)?.parse().ok())
}

/// The children of this name, whether there is one or there are several.
pub(super) fn children<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let (many, one) = match value.get(name) {
        Some(Value::Array(all)) => (all.as_slice(), None),
        one => (&[][..], one),
    };
    many.iter().chain(one)
}

/// An item's id; `None` for one of another mailbox (`account:id`).
pub(super) fn id(value: &Value) -> Option<u32> {
    text(value)?.parse().ok()
}

/// The ids of a list, joined by commas.
pub(super) fn ids(list: &Value) -> impl Iterator<Item = u32> + use<> {
    let told = list.get("ids").and_then(text).unwrap_or_default();
    let ids: Vec<u32> = told.split(',').filter_map(|id| id.trim().parse().ok()).collect();
    ids.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_known_by_its_code() {
        let fault = br#"{"Header":{},"Body":{"Fault":{"Code":{"Value":"soap:Sender"},"Reason":{"Text":"no such message: 9"},
            "Detail":{"Error":{"Code":"mail.NO_SUCH_MSG","Trace":"qtp:1","_jsns":"urn:zimbra","a":[{"n":"x","_content":"1"},
            {"n":"itemId","t":"IID","_content":"9"}]}}}},"_jsns":"urn:zimbraSoap"}"#;
        let Some(Reply::Fault(fault)) = read(fault) else { panic!("a fault") };
        assert_eq!(
            (fault.code.as_str(), fault.words.as_str(), fault.item),
            ("mail.NO_SUCH_MSG", "no such message: 9", Some(9))
        );
    }

    #[test]
    fn text_and_numbers_come_in_several_forms() {
        for value in [json!("7"), json!(7), json!({ "_content": "7" }), json!([{ "_content": "7" }])] {
            assert_eq!((text(&value).as_deref(), number(&value)), (Some("7"), Some(7)), "{value}");
        }
        assert_eq!(id(&json!("0c61:257")), None);
        assert_eq!(ids(&json!({ "ids": "3,x,5" })).collect::<Vec<_>>(), [3, 5]);
        let one = json!({ "m": { "id": "1" } });
        assert_eq!((children(&one, "m").count(), children(&one, "n").count()), (1, 0));
    }

    #[test]
    fn a_request_has_its_namespaces() {
        let bytes = Request::new("NoOpRequest", MAIL, json!({ "a": 1 })).envelope(None);
        let sent: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(sent["Body"]["NoOpRequest"], json!({ "_jsns": "urn:zimbraMail", "a": 1 }));
        assert_eq!(sent["Header"]["context"]["_jsns"], "urn:zimbra");
        assert!(sent["Header"]["context"].get("authToken").is_none());
    }

    #[test]
    fn what_is_no_envelope_is_none() {
        for bytes in [&b""[..], b"<html>", b"{}", b"{\"Body\":[]}", b"{\"Body\":{\"x\":1}}"] {
            assert_eq!(read(bytes), None);
        }
    }
}
