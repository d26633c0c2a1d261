"""What every page of ours must be: well-formed, titled, with one heading, labelled fields, unique ids, guarded forms."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
OPTIONAL_END = {"p", "li", "dt", "dd", "option", "tr", "td", "th", "tbody", "thead", "tfoot", "colgroup"}


class Page(HTMLParser):
    """Reads a page once and notes what the checks ask for."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.ids: Counter[str] = Counter()
        self.headings = 0
        self.title = ""
        self.links: list[str] = []
        self.forms: list[dict[str, object]] = []
        self.labelled: set[str] = set()
        self.fields: list[tuple[str, str, bool]] = []
        self.referred: list[str] = []
        self.language = ""
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append(f"never closed: {self.open}")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in attributes}
        if len(attrs) != len(attributes):
            self.problems.append(f"<{tag}> names an attribute twice")
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids[attrs["id"]] += 1
        for name in ("aria-labelledby", "aria-describedby"):
            self.referred += attrs.get(name, "").split()
        if tag == "html":
            self.language = attrs.get("lang", "")
        if tag == "h1":
            self.headings += 1
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if tag == "form":
            self.forms.append({"method": attrs.get("method", "get").lower(), "action": attrs.get("action", ""),
                               "names": set()})
        if tag in {"input", "select", "textarea", "button"} and self.forms and "form" in self.open:
            self.forms[-1]["names"].add(attrs.get("name", ""))  # type: ignore[attr-defined]
        if tag == "label" and "for" in attrs:
            self.labelled.add(attrs["for"])
        if tag in {"input", "select", "textarea"} and attrs.get("type") not in {"hidden", "submit", "button"}:
            named = "label" in self.open or "aria-label" in attrs or "aria-labelledby" in attrs
            self.fields.append((attrs.get("id", ""), attrs.get("name", ""), named))
        if any(name.startswith("on") for name in attrs) or "style" in attrs:
            self.problems.append(f"<{tag}> has an inline style or script")
        if tag == "img" and "alt" not in attrs:
            self.problems.append("<img> without alt")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL_END:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1] if self.open else 'nothing'}")
            if tag in self.open:
                while self.open.pop() != tag:
                    pass
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title += data


def problems_of(text: str) -> list[str]:
    """Everything that is wrong with a page, in words; an empty list when nothing is."""
    return problems_of_page(Page(text))


def problems_of_page(page: Page) -> list[str]:
    """The same of a page that was read already."""
    found = list(page.problems)
    if not page.title.strip() or "万企通" not in page.title and "Matchmaker" not in page.title:
        found.append(f"title: {page.title!r}")
    if page.headings != 1:
        found.append(f"{page.headings} h1")
    if page.language not in {"zh-CN", "en"}:
        found.append(f"language {page.language!r}")
    found += [f"id {name} stands {count} times" for name, count in page.ids.items() if count > 1]
    found += [f"field {name or number} has no label" for number, name, named in page.fields
              if not named and number not in page.labelled]
    found += [f"refers to no id: {name}" for name in page.referred if name not in page.ids]
    found += [f"POST to {form['action']!r} carries no CSRF token" for form in page.forms
              if form["method"] == "post" and "csrf_token" not in form["names"]]  # type: ignore[operator]
    return found
