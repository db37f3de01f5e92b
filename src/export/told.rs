//! What an exchange says about its failure, in one text.

use std::borrow::Cow;

use serde_json::Value;

use crate::exchange::{BodyText, Exchange, Media, Response, data_of_events};

/// Characters taken of a response body that is plain text.
const FIRST_LINE: usize = 200;

/// The reported error, else what the response's body says: `detail`, `error` or `message` of an object, the first line
/// of plain text.
pub(crate) fn told(exchange: &Exchange) -> Option<Cow<'_, str>> {
    match &exchange.error {
        Some(report) if !report.message.is_empty() => Some(report.message.as_str().into()),
        _ => exchange.response.as_ref().and_then(body_says),
    }
}

fn body_says(response: &Response) -> Option<Cow<'_, str>> {
    match response.body.head() {
        BodyText::Json(json) => object_says(&serde_json::from_str(json.as_str()).ok()?).map(Cow::Owned),
        BodyText::Text { text, .. } => {
            let content_type = response.head.content_type();
            let media = content_type.map(|value| Media::of(value.as_str().as_bytes()));
            if media == Some(Media::EventStream) {
                events_say(text.as_str())
            } else {
                first_line(text.as_str()).map(Cow::Borrowed)
            }
        }
        BodyText::Binary | BodyText::NotKept => None,
    }
}

/// What the first event that tells of an error says, else the data of the first.
fn events_say(text: &str) -> Option<Cow<'_, str>> {
    let of_json = |data| object_says(&serde_json::from_str(data).ok()?).map(Cow::Owned);
    let data = |text| data_of_events(text).find(|data| !data.is_empty());
    data_of_events(text).find_map(of_json).or_else(|| first_line(data(text)?).map(Cow::Borrowed))
}

/// `{"detail":"x"}`, `{"error":{"message":"x"}}`, `{"detail":[{"msg":"x"}]}` and the like.
fn object_says(body: &Value) -> Option<String> {
    ["detail", "error", "message"].iter().find_map(|name| {
        let said = body.get(name)?;
        let said = said.get(0).unwrap_or(said);
        let said = said.get("message").or_else(|| said.get("msg")).unwrap_or(said);
        said.as_str().filter(|text| !text.trim().is_empty()).map(Into::into)
    })
}

/// The first line of a text that was written for people: not of a page, and not of JSON that was cut.
fn first_line(text: &str) -> Option<&str> {
    let line = text.trim_start().lines().next()?.trim_end();
    if line.starts_with(['<', '{', '[']) {
        return None;
    }
    match line.char_indices().nth(FIRST_LINE) {
        Some((end, _)) => line.get(..end),
        None => Some(line),
    }
}
