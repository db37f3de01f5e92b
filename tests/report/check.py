"""Holds pages of `flightlog report` against HTML, axe-core and a browser: check.py BROWSER PICTURES PAGE.."""

import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import axe_playwright_python
import html5lib

LARGEST = 150_000
# Width, and whether a person prefers dark.
VIEWS = [(1280, False), (1280, True), (500, False)]
AXE = next(pathlib.Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
# What the browser finds, written into the page itself, from where --dump-dom shows it.
PROBE = """
addEventListener('load', async () => {
  const found = {
    axe: (await axe.run(document)).violations.map(v => v.id + ': ' + v.help + ': ' + v.nodes.map(n => n.html.slice(0, 120) + ' ' + (n.any[0] || n.all[0] || {message: ''}).message).slice(0, 3).join(' | ')),
    requests: performance.getEntriesByType('resource').map(e => e.name),
    width: document.documentElement.scrollWidth - innerWidth,
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    hidden: [...document.querySelectorAll('figure svg')].filter(svg => svg.getBoundingClientRect().width < 100).length,
    charts: document.querySelectorAll('figure svg').length,
    headings: [...document.querySelectorAll('h2')].map(h => h.textContent),
    scripts: document.scripts.length,
  };
  const out = document.createElement('pre');
  out.id = 'found';
  out.textContent = JSON.stringify(found);
  document.body.append(out);
});
"""


def browser(program, width, dark, *arguments):
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            f"--user-data-dir={profile}",
            f"--window-size={width},2000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        if done.returncode:
            sys.exit(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout


def look(program, page, width, dark):
    """What the browser finds in a page, with axe-core in it."""
    text = page.read_text()
    # The page lets no script run, so that of a log none can; what looks at it needs one.
    text, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    assert count == 1, f"{page}: no policy that keeps scripts out"
    text = text.replace("</body>", f"<script>{AXE.read_text()}</script><script>{PROBE}</script></body>")
    with tempfile.NamedTemporaryFile("w", suffix=".html") as probed:
        probed.write(text)
        probed.flush()
        dom = browser(program, width, dark, "--virtual-time-budget=20000", "--dump-dom", f"file://{probed.name}")
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.S)
    assert found, f"{page}: the browser found nothing: {dom[-500:]}"
    return json.loads(html.unescape(found[1]))


def check(program, pictures, page):
    raw = page.read_bytes()
    assert len(raw) <= LARGEST, f"{page}: {len(raw)} bytes"
    # Strict: the first thing that is not as the HTML standard's parser wants it is an error.
    html5lib.HTMLParser(strict=True).parse(raw.decode())
    text = raw.decode()
    for pattern in [r"<script", r"\bon\w+=[\"']?\w+\(", r"(src|href)=", r"url\(", r"@import", r"https?:"]:
        # What a log says is there as text, where nothing of it is markup.
        markup = re.sub(r">[^<]*<", "><", re.sub(r"(title|aria-label)=\"[^\"]*\"", "", text))
        assert not re.search(pattern, markup), f"{page}: {pattern}"
    for width, dark in VIEWS:
        found = look(program, page, width, dark)
        assert found["dark"] == dark, f"{page}: the browser shows the other theme"
        assert not found["axe"], f"{page} at {width}, dark {dark}: axe-core: " + "\n".join(found["axe"])
        assert not found["requests"], f"{page}: it asks for {found['requests']}"
        assert found["width"] <= 0, f"{page}: at {width} it is {found['width']} too wide"
        assert found["charts"] >= 2 and not found["hidden"], f"{page}: {found['hidden']} drawings are not seen"
        assert found["scripts"] == 2, f"{page}: {found['scripts'] - 2} scripts of its own"
        for heading in ["Requests and errors over time", "Latency over time", "By endpoint", "Errors", "Slowest requests"]:
            assert heading in found["headings"], f"{page}: no part {heading}"
        theme = "dark" if dark else "light"
        picture = pictures / f"{page.stem}-{width}-{theme}.png"
        browser(program, width, dark, f"--screenshot={picture}", f"file://{page.resolve()}")
        assert picture.stat().st_size > 20_000, f"{picture}: nothing is to be seen"
    return len(raw)


def main(program, pictures, *pages):
    sizes = [check(program, pathlib.Path(pictures), pathlib.Path(page)) for page in pages]
    print(
        f"{len(sizes)} pages, the largest {max(sizes)} bytes: valid HTML, nothing found by axe-core in "
        f"{len(VIEWS)} views each, no request, no script"
    )


main(*sys.argv[1:])
