//! What entries show of bodies.

use super::View;
use crate::exchange::{Bodies, BodyView, CapturedBody, Exchange, Media, Started};

/// A body as an entry holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inline<'a> {
    /// Under `*_body`, as it came.
    AsItCame(&'a [u8]),
    /// Under `*_body`.
    Json(&'a str),
    /// Under `*_body_text`, with `*_body_truncated` where it was cut.
    Text(&'a str, bool),
}

/// The request's body in a request entry: how the exchange ends is not known yet.
pub(crate) fn inline_request<'a>(view: &View, started: &'a Started) -> Option<Inline<'a>> {
    (view.bodies == Bodies::All).then(|| shown(view, &started.request.body, false))?
}

/// The bodies in a response entry, the request's and the response's.
///
/// The request's is there where there was no request entry to hold it: with LOG_COMBINED, and with LOG_BODIES=errors,
/// where only the end tells whether it is wanted.
pub(crate) fn inline_response<'a>(
    view: &View,
    exchange: &'a Exchange,
) -> (Option<Inline<'a>>, Option<Inline<'a>>) {
    let wanted = match view.bodies {
        Bodies::All => true,
        Bodies::Errors => has_failed(exchange),
        Bodies::Off => false,
    };
    if !wanted {
        return (None, None);
    }
    let with_request = view.combined || view.bodies == Bodies::Errors;
    let request = with_request.then(|| shown(view, &exchange.request.body, false));
    let response = exchange
        .response
        .as_ref()
        .and_then(|response| shown(view, &response.body, response.status.as_u16() >= 400));
    (request.flatten(), response)
}

/// What LOG_BODIES=errors takes for failed: the service's failures, and every status from 400 on, since what a client
/// was refused can be understood by what it sent only.
fn has_failed(exchange: &Exchange) -> bool {
    exchange.is_failure() || exchange.status().is_some_and(|status| status.as_u16() >= 400)
}

/// What is shown of a body. Bodies that are not JSON are shown where `any_text` or the verbosity says so; those that
/// are not shown are not redacted either.
fn shown<'a>(view: &View, body: &'a CapturedBody, any_text: bool) -> Option<Inline<'a>> {
    let any_text = any_text || view.shows_everything();
    let is_json = match body.media() {
        Media::Json | Media::JsonLines => true,
        Media::Unknown => false,
        Media::Binary => return None,
        _ if any_text => false,
        _ => return None,
    };
    match if view.shows_everything() { body.show_whole() } else { body.show_head() } {
        BodyView::AsItCame(json) => Some(Inline::AsItCame(json)),
        BodyView::Json(json) => Some(Inline::Json(json)),
        BodyView::Text(text, truncated) if is_json || any_text => Some(Inline::Text(text, truncated)),
        BodyView::Text(..) | BodyView::Nothing => None,
    }
}
