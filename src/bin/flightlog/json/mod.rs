//! JSON as it stands in a line: members are found in place, nothing is built, and reading stops where it may.

mod members;
mod scalar;
mod scan;

pub(crate) use members::{Member, Members};
pub(crate) use scalar::{number, text, unescape, whole};
pub(crate) use scan::{items, special, value_at};

/// The value at a path of keys; of arrays, numbers from 0.
pub(crate) fn lookup<'a>(object: &'a [u8], path: &[String]) -> Option<&'a [u8]> {
    let mut value = object;
    for name in path {
        value = match value.first()? {
            b'[' => items(value).nth(name.parse().ok()?)?,
            _ => member(value, name)?,
        };
    }
    Some(value)
}

/// The value of the first member that has this name.
pub(crate) fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    Members::of(object).find(|member| member.is(name)).map(|member| member.value)
}

#[cfg(test)]
mod tests;
