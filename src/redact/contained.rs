use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::exchange::{BodyText, RawBody, Redacted, Scrub, Shown, ShownBody, Value};

/// Fails closed: should redaction itself panic, nothing of the text is shown, and the request goes on.
#[derive(Debug)]
pub(crate) struct Contained<S>(pub(crate) S);

/// What is scrubbed, or that it could not be.
fn contained<T: From<Redacted>>(scrub: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(scrub)).unwrap_or_else(|_| Redacted::literal("[unscannable]").into())
}

impl<S: Scrub> Scrub for Contained<S> {
    fn text(&self, raw: &str) -> Redacted {
        contained(|| self.0.text(raw))
    }

    fn head(&self, raw: &str) -> Redacted {
        contained(|| self.0.head(raw))
    }

    fn url<'a>(&self, raw: &'a [u8]) -> Shown<'a> {
        contained(|| self.0.url(raw))
    }

    fn header<'a>(&self, name: &str, value: &'a [u8], sensitive: bool) -> Shown<'a> {
        contained(|| self.0.header(name, value, sensitive))
    }

    fn is_secret(&self, name: &str) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.0.is_secret(name))).unwrap_or(true)
    }

    fn number(&self, number: &Value) -> Option<Redacted> {
        catch_unwind(AssertUnwindSafe(|| self.0.number(number)))
            .unwrap_or_else(|_| Some(Redacted::literal("[unscannable]")))
    }

    fn body<'a>(&self, body: &RawBody<'a>) -> ShownBody<'a> {
        catch_unwind(AssertUnwindSafe(|| self.0.body(body))).unwrap_or_else(|_| {
            let text = Redacted::vouch(format!("[unscannable {} bytes]", body.bytes.len()));
            BodyText::Text { text, truncated: true }.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Contained;
    use crate::exchange::{BodyText, Media, RawBody, Redacted, Scrub, Shown, ShownBody, Value};

    #[derive(Debug)]
    struct Broken;

    impl Scrub for Broken {
        fn text(&self, _: &str) -> Redacted {
            panic!("text")
        }

        fn head(&self, _: &str) -> Redacted {
            panic!("head")
        }

        fn url<'a>(&self, _: &'a [u8]) -> Shown<'a> {
            panic!("url")
        }

        fn header<'a>(&self, _: &str, _: &'a [u8], _: bool) -> Shown<'a> {
            panic!("header")
        }

        fn is_secret(&self, _: &str) -> bool {
            panic!("is_secret")
        }

        fn number(&self, _: &Value) -> Option<Redacted> {
            panic!("number")
        }

        fn body<'a>(&self, _: &RawBody<'a>) -> ShownBody<'a> {
            panic!("body")
        }
    }

    #[test]
    fn a_panic_of_redaction_shows_nothing_and_ends_there() {
        let scrub: &dyn Scrub = &Contained(Broken);
        for shown in [scrub.text("a"), scrub.head("a")] {
            assert_eq!(shown, "[unscannable]");
        }
        for shown in [scrub.url(b"a"), scrub.header("a", b"a", false)] {
            assert_eq!(shown.as_str(), "[unscannable]");
        }
        assert_eq!(scrub.number(&Value::Unsigned(1)).unwrap(), "[unscannable]");
        assert!(scrub.is_secret("a"));
        let bytes = b"abc"[..].into();
        let body = RawBody { media: Media::Json, content_type: b"", bytes, whole: true, limit: 10 };
        let text = Redacted::vouch("[unscannable 3 bytes]");
        assert_eq!(BodyText::from(scrub.body(&body)), BodyText::Text { text, truncated: true });
    }
}
