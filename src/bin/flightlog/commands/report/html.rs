/// Text as HTML: nothing in it is markup, nothing acts.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("<br>"),
            c if crate::term::acts(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            // No character of its own; a browser would take it for an error in the page.
            '\u{fdd0}'..='\u{fdef}' => out.push('\u{fffd}'),
            c if u32::from(c) & 0xfffe == 0xfffe => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A page being written.
pub(super) struct Page(String);

/// What of the style is not for people who read it.
fn style() -> String {
    let mut css = include_str!("style.css");
    let mut out = String::new();
    while let Some((before, rest)) = css.split_once("/*") {
        out.push_str(before);
        css = rest.split_once("*/").map_or("", |(_, rest)| rest);
    }
    out.push_str(css);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A heading of a column, and the class of it and its cells.
pub(super) type Column<'c> = (&'c str, &'c str);

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>{}</title><style>{}</style></head><body>\n",
            text(title),
            style()
        ))
    }

    /// HTML of ours.
    pub(super) fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// An element with HTML in it.
    pub(super) fn element(&mut self, name: &str, html: &str) {
        self.0.push_str(&format!("<{name}>{html}</{name}>\n"));
    }

    /// A part of the page. Its title is text.
    pub(super) fn begin(&mut self, title: &str) {
        self.0.push_str(&format!("<section><h2>{}</h2>\n", text(title)));
    }

    pub(super) fn end(&mut self) {
        self.0.push_str("</section>\n");
    }

    /// What it is called, and what is to know about it, are text; headings are HTML of ours.
    pub(super) fn begin_table(&mut self, name: &str, about: &str, headings: &[Column<'_>]) {
        // Who has no mouse scrolls what can be focused (axe: scrollable-region-focusable).
        let (name, about) = (text(name), text(about));
        self.raw(&format!(
            "<p class=\"about\">{about}</p><section class=\"wide\" tabindex=\"0\" aria-label=\"{name}\"><table><thead><tr>"
        ));
        for (heading, class) in headings {
            self.raw(&format!("<th scope=\"col\"{}>{heading}</th>", attribute(class)));
        }
        self.raw("</tr></thead><tbody>\n");
    }

    /// A row of HTML, its first cell the heading of it; each cell with its class.
    pub(super) fn row(&mut self, heading: &str, cells: &[(&str, String)]) {
        self.raw(&format!("<tr><th scope=\"row\">{heading}</th>"));
        for (class, cell) in cells {
            self.raw(&format!("<td{}>{cell}</td>", attribute(class)));
        }
        self.raw("</tr>\n");
    }

    pub(super) fn end_table(&mut self) {
        self.raw("</tbody></table></section>\n");
    }

    pub(super) fn finish(mut self) -> String {
        self.raw("</body></html>\n");
        self.0
    }
}

/// A class, or where it begins so, a style.
fn attribute(class: &str) -> String {
    match class.split_once('|') {
        Some((class, style)) => format!(" class=\"{class}\" style=\"{style}\""),
        None if class.is_empty() => String::new(),
        None => format!(" class=\"{class}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::{style, text};

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            text("</script><b a='1' \"&\u{1b}\u{202e}\n\u{ffff}\u{fdd0}"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39; &quot;&amp;\\u001b\\u202e<br>\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn the_style_asks_nobody() {
        let css = style();
        assert!(css.starts_with(":root {") && !css.contains("/*"), "{css}");
        assert!(!css.contains("url(") && !css.contains("@import") && !css.contains('<'));
    }
}
