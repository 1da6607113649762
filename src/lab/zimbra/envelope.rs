//! Envelopes of both kinds: what is asked, by whom, and how the answer looks (zimbra.md §1.2 and §1.7).

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};
use serde_json::{Map, Value, json};

use super::xml;

/// Which kind of SOAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) form: Form,
    /// The token in its header.
    pub(super) token: Option<String>,
    /// Whether its context has its namespace.
    pub(super) has_context: bool,
    /// `SyncRequest`.
    pub(super) name: String,
    pub(super) content: Value,
}

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) words: String,
    /// The item that it is about.
    pub(super) item: Option<String>,
}

impl Problem {
    pub(super) fn new(code: &'static str, words: impl Into<String>) -> Self {
        Problem { code, words: words.into(), item: None }
    }
}

impl Asked {
    /// Reads a request by its first byte; `None` if it is neither form.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let (form, envelope) = match text.trim_start().starts_with('<') {
            true => (Form::Xml, xml::read(text)?.1),
            false => (Form::Json, serde_json::from_str(text).ok()?),
        };
        let context = envelope.pointer("/Header/context");
        let (name, content) = envelope.get("Body")?.as_object()?.iter().find(|(name, _)| name.ends_with("Request"))?;
        Some(Asked {
            form: context
                .and_then(|c| c.pointer("/format/type"))
                .map_or(form, |kind| if kind == "js" { Form::Json } else { Form::Xml }),
            token: context.and_then(|context| text_of(context.get("authToken")?)),
            has_context: context.is_none_or(|context| context.get("_jsns").is_some()),
            name: name.clone(),
            content: content.clone(),
        })
    }

    /// The text of a child, wherever it stands.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.content.pointer(path).and_then(text_of)
    }

    /// A number, given as one or as text.
    pub(super) fn number(&self, path: &str) -> Option<usize> {
        self.text(path)?.parse().ok()
    }
}

/// The text of a child, given bare or in `_content`.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => object.get("_content").and_then(text_of),
        _ => None,
    }
}

/// The answer to `name`; `change` is the mailbox's number, where one was asked.
pub(super) fn answer(form: Form, name: &str, change: Option<u64>, told: Result<Value, Problem>) -> Response<Body> {
    let mut context = json!({ "_jsns": "urn:zimbra" });
    if let Some(change) = change {
        context["change"] = json!({ "token": change });
    }
    let (status, body) = match told {
        Ok(content) => {
            let name = name.strip_suffix("Request").unwrap_or(name);
            (StatusCode::OK, Map::from_iter([(format!("{name}Response"), content)]))
        }
        // Every fault has this status (§1.2).
        Err(problem) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Map::from_iter([("Fault".to_owned(), fault(form, &problem))]))
        }
    };
    let (kind, text) = match form {
        Form::Json => {
            let envelope = json!({ "Header": { "context": context }, "Body": body, "_jsns": "urn:zimbraSoap" });
            ("text/javascript; charset=utf-8", envelope.to_string())
        }
        Form::Xml => ("text/xml; charset=utf-8", in_xml(&context, &Value::Object(body))),
    };
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    response.body(Body::from(text)).unwrap_or_default()
}

fn in_xml(context: &Value, body: &Value) -> String {
    let inside: String = body.as_object().into_iter().flatten().map(|(name, value)| xml::write(name, value)).collect();
    let inside = inside.replace("<Fault>", "<soap:Fault>").replace("</Fault>", "</soap:Fault>");
    let inside = ["Code", "Value", "Reason", "Text", "Detail"].iter().fold(inside, |text, name| {
        match text.contains("<soap:Fault>") {
            // The error's own code is no element of SOAP's.
            true if *name == "Code" => text.replacen("<Code>", "<soap:Code>", 1).replacen("</Code>", "</soap:Code>", 1),
            true => text
                .replace(&format!("<{name}>"), &format!("<soap:{name}>"))
                .replace(&format!("</{name}>"), &format!("</soap:{name}>")),
            false => text,
        }
    });
    format!(
        "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"><soap:Header>{}</soap:Header><soap:Body>{inside}</soap:Body></soap:Envelope>",
        xml::write("context", context)
    )
}

fn fault(form: Form, problem: &Problem) -> Value {
    let text = |text: &str| match form {
        Form::Json => json!(text),
        Form::Xml => json!({ "_content": text }),
    };
    let mut error = json!({ "Code": text(problem.code), "Trace": text("qtp366590980-155736:1618483353424:124048f45be83bed"), "_jsns": "urn:zimbra" });
    if let Some(item) = &problem.item {
        error["a"] = json!([{ "n": "itemId", "t": "IID", "_content": item }]);
    }
    json!({ "Code": { "Value": text("soap:Sender") }, "Reason": { "Text": text(&problem.words) }, "Detail": { "Error": error } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_ask_the_same() {
        let json = br#"{"Header":{"context":{"_jsns":"urn:zimbra","authToken":{"_content":"t"}}},"Body":{"AuthRequest":{"_jsns":"urn:zimbraAccount",
            "account":{"by":"name","_content":"u@e"},"password":{"_content":"p"}}}}"#;
        let xml = br#"<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra"><authToken>t</authToken></context>
            </soap:Header><soap:Body><AuthRequest xmlns="urn:zimbraAccount"><account by="name">u@e</account><password>p</password></AuthRequest></soap:Body></soap:Envelope>"#;
        for (bytes, form) in [(&json[..], Form::Json), (xml, Form::Xml)] {
            let asked = Asked::read(bytes).unwrap();
            assert_eq!((asked.form, asked.token.as_deref(), asked.name.as_str()), (form, Some("t"), "AuthRequest"));
            assert_eq!(
                (asked.text("/account"), asked.text("/password"), asked.text("/account/by")),
                (Some("u@e".into()), Some("p".into()), Some("name".into()))
            );
        }
        assert!(
            Asked::read(b"").is_none() && Asked::read(b"<x/>").is_none() && Asked::read(b"{\"Body\":{}}").is_none()
        );
    }
}
