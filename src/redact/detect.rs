//! Secrets that give themselves away whatever they are called.
//!
//! Each detector hangs on one byte that `lanes` marks, looks a few bytes back and reads forward over the secret
//! only, so a text is read once whatever it holds. Base64 is not decoded: JSON inside base64 is seen as `Basic`
//! credentials or as a JWT, else not at all.

mod cards;

use std::ops::Range;

use super::lanes::{self, Chunk};
use cards::card;
pub(super) use cards::holds_card;

fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

fn credential(b: u8) -> bool {
    word(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'=' | b'%' | b':' | b'!')
}

/// Where the run of `is` bytes that begins at `from` ends.
fn run(src: &[u8], from: usize, is: fn(u8) -> bool) -> usize {
    let rest = src.get(from..).unwrap_or_default();
    from + rest.iter().position(|&b| !is(b)).unwrap_or(rest.len())
}

fn byte(src: &[u8], at: usize) -> u8 {
    src.get(at).copied().unwrap_or(0)
}

fn starts(src: &[u8], at: usize, with: &[u8]) -> bool {
    src.get(at..).is_some_and(|rest| rest.starts_with(with))
}

/// True where `before` ends right in front of `at`.
fn ends(src: &[u8], at: usize, before: &[u8]) -> bool {
    src.get(..at).is_some_and(|head| head.ends_with(before))
}

fn stands_alone(src: &[u8], at: usize) -> bool {
    at == 0 || !src.get(at - 1).is_some_and(u8::is_ascii_alphanumeric)
}

/// Up to where a long run was read and found to be nothing, so that it is not read again from each of its bytes.
#[derive(Default)]
pub(super) struct Spent {
    jwt: usize,
    scheme: usize,
}

/// The secret that the marked byte at `at` belongs to.
pub(super) fn secret_at(src: &[u8], at: usize, spent: &mut Spent) -> Option<Range<usize>> {
    match byte(src, at) {
        b'A' => cloud_key(src, at),
        b'B' => private_key(src, at).or_else(|| scheme(src, at, &mut spent.scheme)),
        b'b' => scheme(src, at, &mut spent.scheme),
        b'J' => jwt(src, at, &mut spent.jwt),
        b'_' => underscored(src, at),
        b'k' => dashed(src, at),
        b'x' if is_slack(src, at) && stands_alone(src, at) => {
            let end = run(src, at, word);
            (end - at >= 12).then_some(at..end)
        }
        b'0'..=b'9' => card(src, at),
        _ => None,
    }
}

/// True where any detector finds something.
pub(super) fn holds_secret(src: &[u8]) -> bool {
    let mut spent = Spent::default();
    (0..src.len()).step_by(16).any(|base| {
        let mut marks = lanes::marks(Chunk::load(src, base));
        while marks != 0 {
            if secret_at(src, base + lanes::first(marks), &mut spent).is_some() {
                return true;
            }
            marks &= marks - 1;
        }
        false
    })
}

/// Slack's bot, user and app tokens: `xoxb-`, `xapp-`.
fn is_slack(src: &[u8], at: usize) -> bool {
    (starts(src, at, b"xox") || starts(src, at, b"xapp")) && byte(src, at + 4) == b'-'
}

/// Access keys of AWS and API keys of Google.
fn cloud_key(src: &[u8], at: usize) -> Option<Range<usize>> {
    if !stands_alone(src, at) {
        return None;
    }
    if starts(src, at, b"AKIA") || starts(src, at, b"ASIA") {
        let end = run(src, at, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
        return (end - at >= 16).then_some(at..end);
    }
    let end = if starts(src, at, b"AIza") { run(src, at, word) } else { at };
    (end - at >= 30).then_some(at..end)
}

/// `-----BEGIN .. PRIVATE KEY-----` up to its end line, or to the end of the text.
fn private_key(src: &[u8], at: usize) -> Option<Range<usize>> {
    if !starts(src, at, b"BEGIN ") || !ends(src, at, b"-----") {
        return None;
    }
    let head = src.get(at..src.len().min(at + 64))?;
    let title = find(head, b"-----").unwrap_or(head.len());
    find(head.get(..title)?, b"PRIVATE KEY")?;
    let start = (at + title + 5).min(src.len());
    let end = find(src.get(start..)?, b"-----END").map_or(src.len(), |found| start + found);
    Some(start..end)
}

pub(super) fn find(src: &[u8], what: &[u8]) -> Option<usize> {
    src.windows(what.len()).position(|window| window == what)
}

/// `Bearer x`, `Basic x`.
fn scheme(src: &[u8], at: usize, spent: &mut usize) -> Option<Range<usize>> {
    let named = |name: &[u8]| src.get(at..at + name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name));
    if at < *spent || !stands_alone(src, at) {
        return None;
    }
    let (bearer, name_end) = if named(b"bearer") {
        (true, at + 6)
    } else if named(b"basic") {
        (false, at + 5)
    } else {
        return None;
    };
    let start = run(src, name_end, |b| matches!(b, b' ' | b'+' | b'\t' | b'='));
    // `Bearer%20x`
    let start = if starts(src, start, b"%20") { start + 3 } else { start };
    let end = run(src, start, credential);
    let found = src.get(start..end)?;
    *spent = end;
    if start == name_end || found.len() < 6 {
        return None;
    }
    let secret = if bearer {
        // `Bearer token is missing` and the like are prose.
        !["token", "tokens", "authentication", "authorization", "scheme", "challenge", "header", "realm="]
            .iter()
            .any(|prose| found.get(..prose.len()).is_some_and(|f| f.eq_ignore_ascii_case(prose.as_bytes())))
    } else {
        // Base64 of `user:password` is of mixed case; `Basic information` is prose.
        found.len() >= 8
            && (found.iter().skip(1).any(u8::is_ascii_uppercase)
                || found.iter().any(|b| b.is_ascii_digit() || *b == b'='))
    };
    secret.then_some(start..end)
}

/// The token of a Telegram bot around its colon: `bot123456789:AA..`, or without `bot` where it is as long as they are.
pub(super) fn bot_token(src: &[u8], at: usize) -> Option<Range<usize>> {
    if !src.get(at.checked_sub(1)?)?.is_ascii_digit() || !word(byte(src, at + 1)) {
        return None;
    }
    let digits = src.get(..at)?.iter().rev().take(20).take_while(|b| b.is_ascii_digit()).count();
    let start = at - digits;
    let length = src.get(at + 1..)?.iter().take(128).take_while(|b| word(**b)).count();
    let named = ends(src, start, b"bot") && stands_alone(src, start - 3) && length >= 10;
    let known = digits >= 6 && starts(src, at + 1, b"AA") && length >= 30 && stands_alone(src, start);
    (named || known).then_some(start..at + 1 + length)
}

/// `eyJ..` with at least one dot after it.
fn jwt(src: &[u8], at: usize, spent: &mut usize) -> Option<Range<usize>> {
    let start = at.checked_sub(2)?;
    if at < *spent || !ends(src, at, b"ey") {
        return None;
    }
    let head = run(src, start, word);
    *spent = head;
    if head - start < 10 || byte(src, head) != b'.' {
        return None;
    }
    Some(start..run(src, head, |b| word(b) || b == b'.' || b == b'='))
}

/// `ghp_..`, `github_pat_..`, `sk_live_..` and others that have an underscore after the vendor's prefix.
fn underscored(src: &[u8], at: usize) -> Option<Range<usize>> {
    const VENDORS: [(&[u8], usize); 19] = [
        (b"ghp_", 20),
        (b"gho_", 20),
        (b"ghu_", 20),
        (b"ghs_", 20),
        (b"ghr_", 20),
        (b"github_pat_", 20),
        (b"sk_live_", 16),
        (b"sk_test_", 16),
        (b"rk_live_", 16),
        (b"rk_test_", 16),
        (b"sk_prod_", 16),
        (b"whsec_", 16),
        (b"npm_", 30),
        (b"hf_", 30),
        (b"glsa_", 30),
        (b"shpat_", 30),
        (b"dop_v1_", 40),
        (b"dckr_pat_", 20),
        (b"lin_api_", 20),
    ];
    if !may_end_prefix(*src.get(..at)?.last_chunk()?) {
        return None;
    }
    VENDORS.iter().find_map(|(prefix, least)| {
        let first = prefix.iter().position(|&b| b == b'_')?;
        let start = at.checked_sub(first)?;
        if !starts(src, start, prefix) || !stands_alone(src, start) {
            return None;
        }
        let end = run(src, start, word);
        (end - start >= *least).then_some(start..end)
    })
}

/// True for the last two bytes before the first underscore of a vendor's prefix.
#[inline(always)]
pub(super) fn may_end_prefix(bytes: [u8; 2]) -> bool {
    matches!(
        &bytes,
        b"hp"
            | b"ho"
            | b"hu"
            | b"hs"
            | b"hr"
            | b"ub"
            | b"sk"
            | b"rk"
            | b"ec"
            | b"pm"
            | b"hf"
            | b"sa"
            | b"at"
            | b"op"
            | b"kr"
            | b"in"
    )
}

/// `sk-..`
fn dashed(src: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(1)?;
    if byte(src, start) != b's' || byte(src, at + 1) != b'-' || !stands_alone(src, start) {
        return None;
    }
    let end = run(src, start, word);
    (end - start >= 16).then_some(start..end)
}
