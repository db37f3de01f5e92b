//! What stands in the text of an event stream.

/// The data of its events, line by line (HTML, section 9.2.6).
pub(crate) fn data_of_events(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split(['\n', '\r']);
    lines.filter_map(|line| line.strip_prefix("data:")).map(|data| data.strip_prefix(' ').unwrap_or(data))
}

#[cfg(test)]
mod tests {
    use super::data_of_events;

    #[test]
    fn only_data_are_data() {
        let text =
            ": hello\r\nevent: error\r\ndata: {\"error\":1}\r\n\r\nid: 7\ndata:two\ndata\n database: no\n";
        assert_eq!(data_of_events(text).collect::<Vec<_>>(), ["{\"error\":1}", "two"]);
    }
}
