//! `$batch`: up to 20 requests with answers of their own, in any order (microsoft365.md §4.7).

use serde_json::{Value, json};

use super::{
    Kind,
    answer::{Answer, Content, Problem},
    call::Call,
    server::{Desk, Inside},
};

/// Answers a batch. All of its parts count for the limits, and up to four of a mailbox run at once.
pub(super) async fn answer(desk: &Desk, call: &Call) -> Result<Answer, Problem> {
    let body = call.json()?;
    let requests = body.get("requests").and_then(Value::as_array);
    let requests = requests.filter(|all| !all.is_empty() && all.len() <= 20);
    let requests = requests.ok_or_else(|| Problem::bad_request("A batch holds 1 to 20 requests."))?;
    let parts: Vec<(String, Call)> = requests.iter().map(|part| read(call, part)).collect::<Result<_, _>>()?;
    let first = parts.first().map(|(_, part)| part.clone());
    let admitted = match &first {
        Some(first) => desk.admit_batch(first, parts.len()),
        None => Ok(None),
    };
    desk.delay().await;
    let mut responses: Vec<Value> = parts.iter().map(|(id, part)| one(&mut desk.lock(), &admitted, id, part)).collect();
    fastrand::shuffle(&mut responses);
    Ok(Answer::json(json!({ "responses": responses })))
}

fn read(call: &Call, part: &Value) -> Result<(String, Call), Problem> {
    let text = |name: &str| part.get(name).and_then(Value::as_str);
    let headers = part.get("headers").and_then(Value::as_object);
    let header = |wanted: &str| {
        let mut all = headers.into_iter().flatten();
        all.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .and_then(|(_, value)| value.as_str())
            .unwrap_or_default()
    };
    let wrong = || Problem::bad_request("Write request id, method and url.");
    let (id, method, url) =
        (text("id").ok_or_else(wrong)?, text("method").ok_or_else(wrong)?, text("url").ok_or_else(wrong)?);
    let body = part.get("body").cloned().unwrap_or_default();
    if !body.is_null() && header("Content-Type") != "application/json" {
        return Err(Problem::bad_request("Write request bodies need a Content-Type header."));
    }
    Ok((id.to_owned(), call.part(method, url, header("Prefer"), &body).ok_or_else(wrong)?))
}

fn one<T>(inside: &mut Inside, admitted: &Result<T, Problem>, id: &str, part: &Call) -> Value {
    let kind = Kind::of(part);
    let answer = match admitted {
        Ok(_) => match inside.faults.next_part(kind) {
            Some(fault) => fault.answer(kind),
            None => inside.answer(part).unwrap_or_else(Answer::from),
        },
        Err(problem) => problem.clone().into(),
    };
    let body = match answer.content {
        Content::Json(value) => value,
        Content::Text(_) | Content::Cut => Value::Null,
    };
    let mut headers = json!({ "Content-Type": "application/json" });
    if let Some(seconds) = answer.retry_after {
        headers["Retry-After"] = seconds.to_string().into();
    }
    json!({ "id": id, "status": answer.status, "headers": headers, "body": body })
}
