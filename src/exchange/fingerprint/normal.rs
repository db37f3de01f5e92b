use std::{borrow::Cow, net::Ipv6Addr};

/// Bytes of a text that are looked at.
const LIMIT: usize = 1024;

/// `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
const LONGEST_IP: usize = 45;

/// Stands for what changes from one time to the next.
const MARK: &str = "#";

/// The text without what changes from one time to the next: `#` stands for each number, id, address and quoted text.
///
/// - a word that begins with a digit, as in `7`, `3.14`, `2026-11-20T10:30:00Z` and `10.0.0.1:80`; letters behind the
///   digits stay, so that `5ms` is not `5kb`
/// - a UUID; a word of 8 hexadecimal digits or more, some of them 0 to 9; one of letters and digits that is 12 or longer
///   and has 3 digits or more
/// - an IPv6 address, an e-mail address
/// - what stands in quotes, `"`, `'` or a backquote, that begin before a word and end behind one
///
/// Linear in the text, of which the first 1024 bytes are looked at.
pub(super) fn normal(text: &str) -> Cow<'_, str> {
    let text = text.get(..text.floor_char_boundary(LIMIT)).unwrap_or(text);
    let mut rest = Rest { text, at: 0, unclosed: [false; 3], tried: 0 };
    // Most endpoints and many messages have nothing of this.
    if !text.bytes().any(|byte| byte.is_ascii_digit() || is_quote(byte) || byte == b'@' || is_hex(byte)) {
        return text.into();
    }
    let mut normal = String::with_capacity(text.len());
    while let Some(byte) = rest.byte() {
        rest.step(byte, &mut normal);
    }
    normal.into()
}

/// What is not looked at yet.
struct Rest<'a> {
    text: &'a str,
    at: usize,
    /// For each kind of quote, whether none that could close is ahead.
    unclosed: [bool; 3],
    /// Up to where an address was looked for in vain.
    tried: usize,
}

impl Rest<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self, byte: u8, normal: &mut String) {
        if is_word(byte) || (byte == b':' && !self.is_in_word()) {
            let taken = self.address().or_else(|| self.uuid());
            if let Some(length) = taken {
                self.at += length;
                return mark(normal);
            }
        }
        if is_word(byte) {
            return self.word(normal);
        }
        if is_quote(byte)
            && !self.is_in_word()
            && let Some(length) = self.quoted(byte)
        {
            self.at += length;
            normal.push(byte.into());
            normal.push_str(MARK);
            return normal.push(byte.into());
        }
        let length = self.ahead().chars().next().map_or(1, char::len_utf8);
        normal.push_str(self.take(length));
    }

    fn ahead(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> &str {
        let taken = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        taken
    }

    /// True where a word goes on here.
    fn is_in_word(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        before.is_some_and(|before| is_word(*before) || !before.is_ascii())
    }

    fn word(&mut self, normal: &mut String) {
        let joins = self.is_in_word();
        let length = self.ahead().bytes().take_while(|byte| is_word(*byte)).count();
        let word = self.take(length);
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        // Letters beyond ASCII before it belong to the word.
        if digits == 0 || joins {
            return normal.push_str(word);
        }
        let leading = word.bytes().take_while(u8::is_ascii_digit).count();
        let unit = word.get(leading..).unwrap_or_default();
        let is_hexadecimal = word.len() >= 8 && word.bytes().all(is_hex);
        let is_id = word.len() >= 12 && digits >= 3 && !word.contains('_');
        if leading == word.len() || is_hexadecimal || is_id {
            mark(normal);
        } else if leading > 0 {
            mark(normal);
            if unit.bytes().all(|byte| byte.is_ascii_alphabetic()) && unit.len() <= 3 {
                normal.push_str(unit);
            }
        } else {
            normal.push_str(word);
        }
    }

    fn uuid(&self) -> Option<usize> {
        const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
        let text = self.ahead().as_bytes();
        let candidate = text.get(..36)?;
        let is_shaped = candidate.split(|byte| *byte == b'-').map(<[u8]>::len).eq(GROUPS);
        let is_hexadecimal = candidate.iter().all(|byte| is_hex(*byte) || *byte == b'-');
        let goes_on = text.get(36).is_some_and(|byte| is_word(*byte));
        (is_shaped && is_hexadecimal && !goes_on && !self.is_in_word()).then_some(36)
    }

    /// An IPv6 or an e-mail address, where one begins here.
    fn address(&mut self) -> Option<usize> {
        if self.at < self.tried || self.is_in_word() {
            return None;
        }
        let (at, text) = (self.at, self.ahead());
        let is_part = |byte: &u8| is_hex(*byte) || matches!(byte, b':' | b'.');
        let length = text.bytes().take(LONGEST_IP + 1).take_while(is_part).count();
        let ip = text.get(..length).unwrap_or_default().trim_end_matches('.');
        let ip = ip.strip_suffix(':').filter(|ip| !ip.ends_with(':')).unwrap_or(ip);
        let goes_on = text.as_bytes().get(ip.len()).is_some_and(|byte| is_word(*byte));
        let is_ip = ip.len() <= LONGEST_IP && ip.bytes().any(|byte| byte.is_ascii_digit()) && !goes_on;
        if is_ip && ip.parse::<Ipv6Addr>().is_ok() {
            return Some(ip.len());
        }
        let is_part = |byte: &u8| is_word(*byte) || matches!(byte, b'.' | b'-' | b'+' | b'@' | b'%');
        let length = text.bytes().take_while(is_part).count();
        let mail = text.get(..length).unwrap_or_default().trim_end_matches(['.', '-']);
        if let Some((name, host)) = mail.split_once('@')
            && !name.is_empty()
            && host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !host.contains('@')
        {
            return Some(mail.len());
        }
        // No address begins further on in the same run either.
        self.tried = at + length.max(1);
        None
    }

    /// The length of what stands in quotes, with them.
    fn quoted(&mut self, quote: u8) -> Option<usize> {
        let kind = QUOTES.iter().position(|known| *known == quote)?;
        let unclosed = self.unclosed.get_mut(kind)?;
        if *unclosed {
            return None;
        }
        let text = self.text.get(self.at..).unwrap_or_default().as_bytes();
        let closes = |at: usize| {
            let (before, after) = (text.get(at - 1), text.get(at + 1));
            text.get(at) == Some(&quote)
                && before != Some(&b'\\')
                && !after.is_some_and(|after| is_word(*after) || !after.is_ascii())
        };
        let closed = (1..text.len()).find(|at| closes(*at));
        *unclosed = closed.is_none();
        closed.map(|at| at + 1)
    }
}

/// One mark for all that is joined by a sign within numbers: `3.14`, `10:30`, `1-2`.
fn mark(normal: &mut String) {
    let joined = normal.strip_suffix(['.', ',', ':', '-']).is_some_and(|before| before.ends_with(MARK));
    if joined {
        normal.pop();
    } else {
        normal.push_str(MARK);
    }
}

const QUOTES: [u8; 3] = [b'"', b'\'', b'`'];

fn is_quote(byte: u8) -> bool {
    QUOTES.contains(&byte)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LIMIT, normal};

    #[test]
    fn what_changes_is_marked_and_the_rest_stays() {
        for (text, expected) in [
            ("", ""),
            ("no stock", "no stock"),
            ("article 7 of 12345", "article # of #"),
            ("took 5ms, not 12kb", "took #ms, not #kb"),
            ("3.14 at 10:30, 1,234", "# at #, #"),
            ("at 2026-11-20T10:30:00.123Z", "at #Z"),
            ("10.0.0.1:8080 refused", "# refused"),
            ("[2001:db8::1]:4711 and ::1", "[#]:# and #"),
            ("order 0198c0de-0000-7000-8000-000000000001!", "order #!"),
            ("commit deadbeef5 at 0x7ffd12", "commit # at #"),
            ("key 01JD3Z6W0T6N9W4S6X0M1Y7K2P", "key #"),
            ("no `name` in \"it's here\" or 'a b'", "no `#` in \"#\" or '#'"),
            ("it can't be, isn't it", "it can't be, isn't it"),
            ("said \"a \\\"b\\\" c\" twice", "said \"#\" twice"),
            ("ada@example.org is unknown.", "# is unknown."),
            ("utf8 v2 sha256 /api/v1/x", "utf8 v2 sha256 /api/v1/x"),
            ("std::fs::read a::b deadbeef facade", "std::fs::read a::b deadbeef facade"),
            ("os error 111 (é7)", "os error # (é7)"),
            ("un'closed 'quote", "un'closed 'quote"),
            ("/orders/42/items", "/orders/#/items"),
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
        assert_eq!(normal(&"x ".repeat(LIMIT)).len(), LIMIT);
        assert_eq!(normal(&"é".repeat(LIMIT)).len(), LIMIT);
    }

    /// A piece that stays, or one that changes, with what stands for it.
    fn piece() -> impl Strategy<Value = (String, String)> {
        let stays = "[g-zG-Z]{1,12}|refused|no such file|can't|utf8|v2|[(]|[=]|é";
        let marked = |text: &'static str| text.prop_map(|text| (text, "#".to_owned())).boxed();
        let quoted = |quote: char| {
            "[a-z0-9 .]{1,12}"
                .prop_map(move |text| (format!("{quote}{text}{quote}"), format!("{quote}#{quote}")))
                .boxed()
        };
        prop_oneof![
            6 => stays.prop_map(|text| (text.clone(), text)),
            1 => marked("[0-9]{1,9}"),
            1 => marked("[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}"),
            1 => marked("0x[0-9a-f]{4,12}"),
            1 => marked("[a-f]{4,9}[0-9][0-9a-f]{8}"),
            1 => marked("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            1 => marked("2001:db8::[0-9a-f]{1,4}"),
            1 => marked("[a-z]{1,8}@[a-z]{1,8}[.]org"),
            1 => quoted('"'),
            1 => quoted('`'),
        ]
    }

    proptest! {
        #[test]
        fn only_what_changes_is_marked(pieces in prop::collection::vec(piece(), 0..12)) {
            let join = |part: fn(&(String, String)) -> &str| pieces.iter().map(part).collect::<Vec<_>>().join(" ");
            let (text, expected) = (join(|piece| &piece.0), join(|piece| &piece.1));
            prop_assert_eq!(normal(&text), expected);
        }

        #[test]
        fn any_text_is_survived_and_grows_by_little(text in "\\PC{0,300}|[\"'`a1:@. -]{0,2000}") {
            prop_assert!(normal(&text).len() <= LIMIT + LIMIT / 2);
        }
    }
}
