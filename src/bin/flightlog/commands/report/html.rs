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
            c => out.push(c),
        }
    }
    out
}

/// A page being written.
pub(super) struct Page(String);

/// Both themes keep a contrast of 4.5 to 1 or more for text (WCAG 2.1, 1.4.3).
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--paper:#fff;--line:#d0d7de;--cool:#0b5cad;--bad:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9da7b3;--paper:#0d1117;--line:#30363d;--cool:#6cb6ff;--bad:#ff7b72}}\
body{margin:2rem auto;max-width:72rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p,footer,caption{color:var(--dim)}\
dl{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}dt{color:var(--dim);font-size:.85rem}dd{margin:0;font-size:1.2rem}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
caption{text-align:left;font-size:.85rem}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}\
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;font-weight:400}thead th{color:var(--dim);font-size:.85rem}\
svg{max-width:100%;height:auto;display:block}svg text{fill:var(--dim);font-size:11px}.cool{fill:var(--cool)}.bad{fill:var(--bad)}\
.base{stroke:var(--line)}.range{fill:var(--cool);opacity:.35}code{font-size:.8rem}";

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>{}</title><style>{STYLE}</style></head><body><main>\n",
            text(title)
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

    pub(super) fn begin_table(&mut self, caption: &str, headings: &[&str]) {
        // Who has no mouse scrolls what can be focused (axe: scrollable-region-focusable).
        let caption = text(caption);
        self.raw(&format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table>"
        ));
        self.raw(&format!("<caption>{caption}</caption><thead><tr>"));
        for heading in headings {
            self.raw(&format!("<th scope=\"col\">{}</th>", text(heading)));
        }
        self.raw("</tr></thead><tbody>\n");
    }

    /// A row of HTML, its first cell the heading of it.
    pub(super) fn row(&mut self, heading: &str, cells: &[String]) {
        self.raw(&format!("<tr><th scope=\"row\">{heading}</th>"));
        for cell in cells {
            self.raw(&format!("<td>{cell}</td>"));
        }
        self.raw("</tr>\n");
    }

    pub(super) fn end_table(&mut self) {
        self.raw("</tbody></table></div>\n");
    }

    pub(super) fn end(mut self) -> String {
        self.raw("</footer></body></html>\n");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            text("</script><b a='1' \"&\u{1b}\u{202e}\n"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39; &quot;&amp;\\u001b\\u202e<br>"
        );
    }
}
