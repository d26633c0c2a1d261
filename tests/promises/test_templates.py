"""Every template compiles, stands on the base page, and keeps words that must not stand out of all texts of ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(file for file in (ROOT / "templates").rglob("*.html"))
FORBIDDEN = ("信用分", "信用评级", "征信评分", "预授信", "秒批", "包过")
MAY_NAME_THEM = {"matchmaker/reference/rules/wording.py"}
"""Where desk texts are checked for them."""


def test_every_template_compiles(app: Any) -> None:
    for file in (ROOT / "templates").rglob("*"):
        if file.is_file():
            app.jinja_env.get_template(str(file.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT / "templates")))
def test_pages_have_no_inline_style_or_script(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)", text), file.name


NOT_IN_A_PARAGRAPH = re.compile(
    r"<(form|ul|ol|div|dl|table|section|details|fieldset|h[1-6])\b|button_form\(|picks\(|\basks\(|language_form")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT / "templates")))
def test_a_paragraph_holds_only_what_it_can_hold(file: Path) -> None:
    """A browser ends a paragraph at a form or a list, and what stands behind loses its layout."""
    for inner in re.findall(r"<p(?:\s[^>]*)?>(.*?)</p>", file.read_text(), re.DOTALL):
        found = NOT_IN_A_PARAGRAPH.search(inner)
        assert found is None, f"{found.group()} in <p>{inner[:100]}"


def test_no_forbidden_word_stands_in_our_texts() -> None:
    for folder in ("templates", "matchmaker"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in {".html", ".txt", ".py", ".po"} and str(file.relative_to(ROOT)) not in MAY_NAME_THEM:
                text = file.read_text()
                assert not [word for word in FORBIDDEN if word in text], file


def test_every_template_that_a_view_names_exists() -> None:
    for file in (ROOT / "matchmaker").rglob("*.py"):
        for name in re.findall(r"render_template\(\s*[\"']([^\"'{]+)[\"']", file.read_text()):
            assert (ROOT / "templates" / name).is_file(), f"{file.name}: {name}"


CONSTANT_WRITTEN = re.compile(r"(?:\{\{|[(,]) *(?:\d+(?:\.\d+)?|'[^']*') *\| *(?:yuan2?|wan|num|day\w*|moment|months|workdays|percent\d?)\b")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT / "templates")))
def test_no_constant_is_written_in_a_language(file: Path) -> None:
    """Jinja works a constant out once, when the page is compiled: whoever came first chose everybody's language."""
    found = CONSTANT_WRITTEN.search(file.read_text())
    assert found is None, found.group()
