//! Lists in pages: ten, or what the client wishes.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Problem},
    call::Call,
    select::{self, Type},
    server::Inside,
};

/// One page of `all`.
pub(super) fn page(inside: &Inside, call: &Call, of: Type, all: Vec<Value>) -> Result<Answer, Problem> {
    page_of(inside, call, of, all.into_iter(), |value| value)
}

/// One page of `all`, of which only what is on it becomes JSON.
pub(super) fn page_of<T>(
    inside: &Inside,
    call: &Call,
    of: Type,
    all: impl Iterator<Item = T>,
    json: impl Fn(T) -> Value,
) -> Result<Answer, Problem> {
    let skip: usize = call.query.get("$skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
    let size = call.page_size(inside.settings.page);
    let mut all = all.skip(skip);
    let some = all.by_ref().take(size).map(|one| select::one(call, of, json(one))).collect::<Result<Vec<_>, _>>()?;
    let mut body = json!({ "@odata.context": format!("{}/v1.0/$metadata", call.origin), "value": some });
    if all.next().is_some() {
        body["@odata.nextLink"] = call.link(&[("$skip", &(skip + size).to_string())]).into();
    }
    Ok(Answer::json(body))
}
