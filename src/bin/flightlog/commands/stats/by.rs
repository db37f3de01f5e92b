use crate::{
    Failure,
    entry::{BETWEEN, Entry},
    json, time,
};

/// What exchanges are grouped by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum By {
    Endpoint,
    Status,
    Method,
    /// Steps of time, in microseconds.
    Step(u64),
    /// The first of these keys that is there.
    Keys(Vec<Vec<String>>),
}

impl By {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let keys = |names: &[&str]| {
            Self::Keys(names.iter().map(|name| name.split('.').map(str::to_owned).collect()).collect())
        };
        Ok(match text {
            "endpoint" => Self::Endpoint,
            "status" | "status_code" => Self::Status,
            "method" => Self::Method,
            "minute" => Self::Step(time::MINUTE),
            "hour" => Self::Step(time::HOUR),
            "day" => Self::Step(time::DAY),
            "model" => keys(&["llm.model", "attributes.model", "request_body.model", "response_body.model"]),
            "" => return Err(Failure::usage("--by wants a key\ntry: --by endpoint")),
            other => match time::typed_length(other) {
                Some(0) => {
                    return Err(Failure::usage(format!(
                        "--by {other}: that is no step of time\ntry: --by 5m"
                    )));
                }
                Some(step) => Self::Step(step),
                None => keys(&[other]),
            },
        })
    }

    /// The key of an exchange, as it is written.
    #[inline(always)]
    pub(super) fn key<'k>(
        &self,
        entry: &Entry<'k>,
        begun: Option<&'k [u8]>,
        scratch: &'k mut Vec<u8>,
    ) -> &'k [u8] {
        match self {
            Self::Endpoint => {
                if let Some(route) = entry.route() {
                    return route;
                }
                scratch.extend_from_slice(entry.method);
                scratch.extend_from_slice(BETWEEN);
                scratch.extend_from_slice(entry.endpoint);
            }
            Self::Status if entry.status == 0 => return b"none",
            Self::Status => scratch.extend_from_slice(entry.status.to_string().as_bytes()),
            Self::Method => return entry.method,
            Self::Step(step) => scratch.extend_from_slice(&(entry.at - entry.at % step).to_be_bytes()),
            Self::Keys(paths) => return value(paths, entry.line).or(begun).unwrap_or(b"(none)"),
        }
        scratch
    }

    /// The key for people.
    pub(super) fn name(&self, key: &[u8]) -> String {
        match self {
            Self::Endpoint => {
                let at = memchr::memmem::find(key, BETWEEN).unwrap_or(key.len());
                let method = json::unescape(key.get(..at).unwrap_or_default());
                let endpoint = json::unescape(key.get(at + BETWEEN.len()..).unwrap_or_default());
                format!("{method} {endpoint}").trim().to_owned()
            }
            Self::Step(_) => <[u8; 8]>::try_from(key).map_or_else(
                |_| String::from_utf8_lossy(key).into_owned(),
                |bytes| time::plain(u64::from_be_bytes(bytes)),
            ),
            Self::Keys(_) => json::text(key).into_owned(),
            _ => json::unescape(key).into_owned(),
        }
    }
}

/// What is at the first of these paths that leads somewhere.
pub(super) fn value<'a>(paths: &[Vec<String>], line: &'a [u8]) -> Option<&'a [u8]> {
    paths.iter().find_map(|path| json::lookup(line, path))
}
