//! What a body is whose content type is missing or wrong.

/// How many lines of a part's head are looked at.
const HEAD_LINES: usize = 8;

/// True where the first line may be a boundary, and what follows is the head of a form's field (RFC 7578).
pub(super) fn is_multipart(src: &[u8]) -> bool {
    let src = src.trim_ascii_start();
    if !src.starts_with(b"--") {
        return false;
    }
    let mut lines = src.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    lines.next().is_some_and(|boundary| boundary.len() > 2)
        && lines.take(HEAD_LINES).take_while(|line| !line.is_empty()).any(is_disposition)
}

fn is_disposition(line: &[u8]) -> bool {
    const NAME: &[u8] = b"content-disposition";
    let Some((name, rest)) = line.split_at_checked(NAME.len()) else { return false };
    name.eq_ignore_ascii_case(NAME) && rest.trim_ascii_start().starts_with(b":")
}

/// True where a name, its value, and nothing but what a form may hold: no blanks, quotes or brackets.
pub(super) fn is_form(src: &[u8]) -> bool {
    let src = src.trim_ascii_end();
    let is_name =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'%' | b'+' | b'[' | b']');
    let name = src.iter().take_while(|b| is_name(**b)).count();
    let is_value =
        |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'`' | b'\\' | b'{' | b'}');
    name > 0 && src.get(name) == Some(&b'=') && src.iter().all(is_value)
}
