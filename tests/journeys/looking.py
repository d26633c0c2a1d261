"""What every page is looked at for in a real browser: axe, no sideways scrolling, its own host, the content policy."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

from tests.promises.page_checks import VOID

WIDTHS = (360, 1280)
HEIGHT = {360: 740, 1280: 900}
SHOTS = os.environ.get("MATCHMAKER_SHOTS", "")
"""A folder that gets a picture of every page that is looked at, at both widths; empty: none."""

SKELETON = """() => {
  const states = ['type', 'disabled', 'checked', 'selected', 'required', 'hidden', 'open', 'multiple', 'readonly',
    'aria-hidden', 'aria-current', 'aria-invalid', 'aria-expanded', 'aria-checked', 'aria-disabled', 'aria-live', 'scope'];
  const present = ['href', 'alt', 'for', 'id', 'title', 'tabindex', 'aria-label', 'aria-labelledby', 'aria-describedby', 'autofocus'];
  const own = (element) => {
    const words = [element.tagName.toLowerCase(), element.getAttribute('role') || ''];
    words.push([...element.classList].sort().join('.'));
    for (const name of states) if (element.hasAttribute(name)) words.push(name + '=' + element.getAttribute(name));
    for (const name of present) if (element.hasAttribute(name)) words.push(name);
    if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) words.push('text');
    return words.join(' ');
  };
  const bone = (element) => {
    if (element.tagName === 'SCRIPT' || element.tagName === 'STYLE') return '';
    if (element.tagName === 'svg') return own(element);
    const below = new Set();
    for (const child of element.children) below.add(bone(child));
    return own(element) + '{' + [...below].join('') + '}';
  };
  const digest = (text) => {
    let one = 0xdeadbeef, two = 0x41c6ce57;
    for (let place = 0; place < text.length; place++) {
      const sign = text.charCodeAt(place);
      one = Math.imul(one ^ sign, 2654435761); two = Math.imul(two ^ sign, 1597334677);
    }
    return (one >>> 0).toString(36) + (two >>> 0).toString(36);
  };
  const rooms = /^(two|half|wide-aside|stack|stack-s|stack-l|narrow|page|lead-first)$/;
  const parts = [];
  const divide = (element, above) => {
    const isRoom = ['BODY', 'MAIN'].includes(element.tagName)
      || ['DIV', 'ASIDE', 'FORM'].includes(element.tagName) && [...element.classList].every((name) => rooms.test(name));
    if (!isRoom) { parts.push([element, digest(above + bone(element))]); return; }
    for (const child of element.children) divide(child, above + '>' + own(element));
  };
  divide(document.body, document.documentElement.className);
  window.partsOfThePage = parts.map((part) => part[0]);
  return parts.map((part) => part[1]);
}"""
"""The page's parts (a heading, a card, a fieldset, a table) by what they are made of: tags, roles, classes, states and the
rooms they stand in, no words. Of siblings that are alike one counts, so that a longer list is nothing new."""

MEASURE = """() => {
  const found = [];
  const wide = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - wide;
  if (over > 0) {
    const wider = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > wide + 0.5);
    const last = wider[wider.length - 1];
    found.push('scrolls sideways by ' + over + ' px, at '
      + (last ? last.tagName + '.' + last.className + ' ' + last.textContent.trim().slice(0, 40) : '?'));
  }
  const boxes = '.pick, .btn:not(.btn-primary), .tag, .card-mm, .note, .joint > *, .keyfig, .qrow, .empty, .monies dd, th, td';
  for (const box of document.querySelectorAll(boxes)) {
    const over = box.scrollWidth - box.clientWidth;
    if (over <= 1 || box.clientWidth <= 2) continue;
    const hidden = box.closest('thead, .visually-hidden');
    if (hidden && getComputedStyle(hidden).position === 'absolute') continue;
    if (box.closest('details:not([open])') || getComputedStyle(box).display === 'inline') continue;
    found.push('words run out of their box by ' + over + ' px, from ' + box.tagName + '.' + box.className + ' '
      + box.textContent.trim().slice(0, 40));
    break;
  }
  const zoom = (document.querySelector('meta[name=viewport]') || {content: 'none'}).content;
  if (!document.title.trim() || !['zh-CN', 'en'].includes(document.documentElement.lang) || !document.querySelector('main h1')
      || zoom.includes('none') || zoom.includes('scalable') || zoom.includes('maximum') || document.body.ariaHidden
      || document.querySelector('meta[http-equiv=refresh]') || !document.querySelector('body > a.skip[href="#main"]'))
    found.push('title, language, heading, zoom or the way past the header is missing');
  const torn = document.querySelector('main p:empty:not([id])');
  if (torn) found.push('a paragraph holds what it cannot hold, near '
    + (torn.previousElementSibling || torn.parentElement).outerHTML.slice(0, 120));
  return found;
}"""
"""Sideways scrolling; words that run out of the box they stand in; a paragraph that the browser closed early because it
held a form or a list (its end tag makes an empty one)."""

STATES = frozenset((
    "role", "type", "disabled", "checked", "selected", "required", "hidden", "open", "multiple", "readonly", "scope", "colspan",
    "aria-hidden", "aria-current", "aria-invalid", "aria-expanded", "aria-checked", "aria-disabled", "aria-live",
))
LONG = re.compile(r"[\x21-\x7e]{16,}")


class Skeleton(HTMLParser):
    """A page as its tags, roles, classes and states, without words; of siblings that are alike one counts.

    A word that cannot be broken counts by its length: it is what makes a page scroll sideways.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, str, dict[str, None]]] = [("", "", {})]
        self.feed(html)
        self.close()
        while len(self.open) > 1:
            self._end()
        self.digest = hashlib.sha256("".join(self.open[0][2]).encode()).hexdigest()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        words = [f"{name}={value}" if name in STATES else name for name, value in attributes if name != "class"]
        classes = sorted((dict(attributes).get("class") or "").split())
        self.open.append((tag, " ".join([tag, *classes, *words]), {}))
        if tag in VOID:
            self._end()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.open[-1][2][f"text{max((len(word) // 8 for word in LONG.findall(data)), default='')}"] = None

    def handle_endtag(self, tag: str) -> None:
        if any(one[0] == tag for one in self.open):
            while self._end() != tag:
                pass

    def _end(self) -> str:
        tag, own, below = self.open.pop()
        self.open[-1][2][f"{own}{{{''.join(below)}}}"] = None
        return tag


INKS = """() => {
  const found = new Map();
  for (const element of document.body.querySelectorAll('*')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const words = [style.color, style.fontSize, style.fontWeight];
    for (let under = element; under; under = under.parentElement) {
      const ground = under === element ? style : getComputedStyle(under);
      words.push(ground.opacity, ground.backgroundImage);
      if (ground.backgroundColor === 'rgba(0, 0, 0, 0)') continue;
      words.push(ground.backgroundColor);
      if (ground.backgroundColor.startsWith('rgb(')) break;
    }
    const ink = words.join(' ');
    if (!found.has(ink)) found.set(ink, element);
  }
  window.inksOfThePage = [...found.values()];
  return [...found.keys()];
}"""
"""What letters are drawn with, and on what: all that decides whether they can be read."""

AXE = """async ([parts, inks]) => {
  const options = {resultTypes: ['violations'], iframes: false};
  const never = ['region', 'heading-order', 'landmark-unique', 'landmark-one-main', 'page-has-heading-one', 'empty-heading',
    'empty-table-header', 'skip-link', 'meta-viewport-large', 'image-redundant-alt', 'color-contrast'];
  const found = [];
  const run = async (elements, more) => {
    if (!elements.length) return;
    // Where a part was renewed since its skeleton was read (htmx), the whole page is looked at instead.
    const looked = elements.every((one) => one.isConnected) ? elements : [document.body];
    for (const element of looked) element.setAttribute('data-fresh', '');
    found.push(...(await axe.run({include: [['[data-fresh]']]}, {...options, ...more})).violations);
    for (const element of looked) element.removeAttribute('data-fresh');
  };
  await run(parts.map((place) => window.partsOfThePage[place]),
    {rules: Object.fromEntries(never.map((name) => [name, {enabled: false}]))});
  await run(inks.map((place) => window.inksOfThePage[place]), {runOnly: ['color-contrast']});
  return found.filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => one.id + ' (' + one.impact + ') ' + one.nodes[0].target + ' ' + one.nodes[0].html.slice(0, 160));
}"""
"""axe over the parts that are new, its contrast over the inks that are new. Its few serious rules for a page as a whole are
asked by MEASURE; left away are rules that are never serious."""


AXE_PATH = "/axe.min.js"
"""Where the served site hands it out, so that the browser compiles it once."""


@cache
def axe_script() -> bytes:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_bytes()


@dataclass
class Checked:
    """Parts that were looked at, by width, in this run; how many pages axe ran on and how many it was spared."""

    known: set[tuple[int, str]] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    numbers: Counter[str] = field(default_factory=Counter)

    def fresh(self, width: int, parts: list[str], inks: list[str]) -> tuple[list[int], list[int]]:
        """Which parts and inks of a page axe still has to look at, at this width; they count as looked at from now on."""
        new_parts, new_inks = self._new(width, parts), self._new(width, inks)
        self.numbers["pages that axe looked at" if new_parts or new_inks else "pages with nothing new, left out"] += 1
        self.numbers["parts that axe looked at"] += len(new_parts)
        self.numbers["parts known already, left out"] += len(parts) - len(new_parts)
        return new_parts, new_inks

    def _new(self, width: int, digests: list[str]) -> list[int]:
        found = [place for place, one in enumerate(digests) if (width, one) not in self.known]
        self.known.update((width, one) for one in digests)
        return found


def look(page: Page, checked: Checked, name: str = "", *, scripts: bool = True) -> None:
    """Fail on anything serious that axe finds and on sideways scrolling, at both widths; put the width back.

    Without scripts axe cannot wait for itself: only the width is looked at then.
    """
    found = problems_of_view(page, checked, name, scripts=scripts)
    assert not found, "\n".join([page.url, *found])


def problems_of_view(page: Page, checked: Checked, name: str = "", *, scripts: bool = True) -> list[str]:
    """What is wrong with the open page at 360 and, widened in place, at 1280; the width is put back after."""
    page.wait_for_load_state()
    before = page.viewport_size
    found: list[str] = []
    parts = page.evaluate(SKELETON) if scripts else []
    for width in WIDTHS:
        resize(page, width)
        found += [f"{width}: {problem}" for problem in page.evaluate(MEASURE)]
        if scripts:
            fresh = checked.fresh(width, parts, page.evaluate(INKS))
            found += [f"{width}: {problem}" for problem in serious_problems(page, *fresh)]
        if SHOTS and name:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    if before:
        resize(page, before["width"], before["height"])
    return found


def resize(page: Page, width: int, height: int | None = None) -> None:
    """Make the window that wide, unless it is."""
    size = page.viewport_size
    if size is None or size["width"] != width:
        page.set_viewport_size({"width": width, "height": height or HEIGHT[width]})


def serious_problems(page: Page, parts: list[int], inks: list[int]) -> list[str]:
    """What axe calls serious or critical in these parts and inks of the page, with the first place of each."""
    if not parts and not inks:
        return []
    if not page.evaluate("() => !!window.axe"):
        page.add_script_tag(url=AXE_PATH)
    return list(page.evaluate(AXE, [parts, inks]))


@dataclass
class Watch:
    """Notes what a browser does that no page of ours may make it do."""

    host: str
    troubles: list[str] = field(default_factory=list)
    done: list[Request] = field(default_factory=list)

    @classmethod
    def over(cls, context: BrowserContext, host: str) -> Watch:
        watch = cls(host)
        context.on("request", watch._asked)
        context.on("response", watch._answered)
        context.on("requestfinished", watch._came)
        context.on("console", watch._said)
        context.on("weberror", watch._failed)
        return watch

    def _came(self, request: Request) -> None:
        self.done.append(request)

    def sent_bytes(self, kind: str | None = None) -> int:
        """Headers and bodies as sent by the site so far, compressed or not; of one kind: document, script, …"""
        sizes = [one.sizes() for one in self.done if kind is None or one.resource_type == kind]
        return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.host + "/", "data:", "blob:", "chrome-extension:")):
            self.troubles.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} {response.request.method} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        # A page that answers 422 or 404 is named by the browser as an error of its own; it is none.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.troubles.append(f"console: {message.text}")

    def _failed(self, error: WebError) -> None:
        self.troubles.append(f"script: {error.error}")
