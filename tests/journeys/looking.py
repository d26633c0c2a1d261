"""What every page is looked at for in a real browser: axe, no sideways scrolling, its own host, the content policy."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

WIDTHS = (360, 1280)
HEIGHT = {360: 740, 1280: 900}
SHOTS = os.environ.get("MATCHMAKER_SHOTS", "")
"""A folder that gets a picture of every page that is looked at, at both widths; empty: none."""

SKELETON = """() => {
  const states = ['type', 'disabled', 'checked', 'selected', 'required', 'hidden', 'open', 'multiple', 'readonly',
    'aria-hidden', 'aria-current', 'aria-invalid', 'aria-expanded', 'aria-checked', 'aria-disabled', 'aria-live', 'scope'];
  const present = ['href', 'alt', 'for', 'id', 'title', 'tabindex', 'aria-label', 'aria-labelledby', 'aria-describedby', 'autofocus'];
  const bone = (element) => {
    if (element.tagName === 'SCRIPT' || element.tagName === 'STYLE') return '';
    const words = [element.tagName.toLowerCase(), element.getAttribute('role') || ''];
    words.push([...element.classList].sort().join('.'));
    for (const name of states) if (element.hasAttribute(name)) words.push(name + '=' + element.getAttribute(name));
    for (const name of present) if (element.hasAttribute(name)) words.push(name);
    if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) words.push('text');
    if (element.tagName === 'svg') return words.join(' ');
    const below = new Set();
    for (const child of element.children) below.add(bone(child));
    return words.join(' ') + '{' + [...below].join('') + '}';
  };
  return bone(document.body);
}"""
"""Tags, roles, classes and states, no words; of siblings that are alike one counts, so that a longer list is no new page."""

SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - wide;
  if (over <= 0) return null;
  const culprits = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > wide + 0.5);
  const last = culprits[culprits.length - 1];
  return over + ' px, at ' + (last ? last.tagName + '.' + last.className + ' ' + last.textContent.trim().slice(0, 40) : '?');
}"""

SPILLING = """() => {
  const boxes = '.pick, .btn:not(.btn-primary), .tag, .card-mm, .note, .joint > *, .keyfig, .qrow, .empty, .monies dd, th, td';
  for (const box of document.querySelectorAll(boxes)) {
    const hidden = box.closest('thead, .visually-hidden');
    if (hidden && getComputedStyle(hidden).position === 'absolute') continue;
    if (box.closest('details:not([open])') || getComputedStyle(box).display === 'inline') continue;
    const over = box.scrollWidth - box.clientWidth;
    if (box.clientWidth > 2 && over > 1) return over + ' px, from ' + box.tagName + '.' + box.className + ' ' + box.textContent.trim().slice(0, 40);
  }
  return null;
}"""
"""Words that run out of the box they stand in."""

TORN = """() => {
  const torn = document.querySelector('main p:empty:not([id])');
  return torn && (torn.previousElementSibling || torn.parentElement).outerHTML.slice(0, 120);
}"""
"""A paragraph that the browser closed early, because it held a form or a list: its end tag makes an empty one."""

AXE_OPTIONS = """{resultTypes: ['violations'], iframes: false}"""


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


@dataclass
class Checked:
    """Skeletons that were looked at, by width, in this run; how often axe ran and how often it was spared."""

    known: set[tuple[int, str]] = field(default_factory=set)
    numbers: Counter[str] = field(default_factory=Counter)

    def is_new(self, width: int, skeleton: str) -> bool:
        """Whether axe still has to look at this skeleton at this width."""
        key = (width, skeleton)
        self.numbers["ran" if key not in self.known else "left out"] += 1
        if key in self.known:
            return False
        self.known.add(key)
        return True

    def counts(self) -> dict[str, int]:
        return {what: self.numbers[what] for what in ("ran", "left out")}


def skeleton_of(page: Page) -> str:
    """The digest of a page's skeleton."""
    return hashlib.sha256(page.evaluate(SKELETON).encode()).hexdigest()


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
    skeleton = skeleton_of(page) if scripts else ""
    torn = page.evaluate(TORN)
    if torn:
        found.append(f"a paragraph holds what it cannot hold, near {torn}")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT[width]})
        sideways = page.evaluate(SIDEWAYS)
        if sideways:
            found.append(f"{width}: scrolls sideways by {sideways}")
        spilling = page.evaluate(SPILLING)
        if spilling:
            found.append(f"{width}: words run out of their box by {spilling}")
        if scripts and checked.is_new(width, skeleton):
            found += [f"{width}: {problem}" for problem in serious_problems(page)]
        if SHOTS and name:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    if before:
        page.set_viewport_size(before)
    return found


def serious_problems(page: Page) -> list[str]:
    """What axe calls serious or critical, with the first place."""
    page.evaluate(_axe())
    result: dict[str, Any] = page.evaluate(f"async () => await axe.run(document, {AXE_OPTIONS})")
    return [
        f"{one['id']} ({one['impact']}) {one['nodes'][0]['target']} {one['nodes'][0]['html'][:160]}"
        for one in result["violations"] if one["impact"] in ("serious", "critical")
    ]


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
