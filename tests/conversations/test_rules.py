"""What may be written in a thread: plain rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from matchmaker.conversations.rules import (
    LONGEST_POST,
    MOST_AN_HOUR,
    TEMPLATES,
    Side,
    post_refusal,
    report_refusal,
    text_refusal,
    tidy_post,
)
from matchmaker.conversations.words import LABELS
from matchmaker.reference.rules.wording import banned_promises

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  明天  上午\t来  ", "明天 上午 来"),
        ("一\r\n\r\n\r\n\r\n二", "一\n\n二"),
        ("看\u200b\u202e这里", "看 这里"),
        ("\n \n", ""),
    ],
)
def test_lines_stay_and_odd_signs_go(typed: str, kept: str) -> None:
    assert tidy_post(typed) == kept


def test_a_text_is_neither_empty_nor_longer_than_a_screen() -> None:
    assert text_refusal("字" * LONGEST_POST) is None
    long, empty = text_refusal("字" * (LONGEST_POST + 1)), text_refusal("")
    assert long is not None and (long.code, long.facts["n"]) == ("talk_too_long", LONGEST_POST + 1)
    assert empty is not None and empty.code == "talk_empty"


@pytest.mark.parametrize(
    ("side", "is_open", "is_blocked", "lately", "code"),
    [
        (Side.OWNER, True, False, 0, None),
        (Side.INSTITUTION, True, False, MOST_AN_HOUR - 1, None),
        (Side.INSTITUTION, True, False, MOST_AN_HOUR, "talk_too_many"),
        (Side.INSTITUTION, True, True, 0, "talk_blocked"),
        (Side.OWNER, True, True, 0, "talk_blocked_by_you"),
        (Side.OWNER, False, False, 0, "talk_sealed"),
        (Side.INSTITUTION, False, True, 0, "talk_sealed"),
    ],
)
def test_who_may_write_when(side: Side, is_open: bool, is_blocked: bool, lately: int, code: str | None) -> None:
    no = post_refusal(side, is_open=is_open, is_blocked=is_blocked, lately=lately)
    assert (no.code if no is not None else None) == code


def test_a_report_names_its_reason_and_says_what_else() -> None:
    assert report_refusal("rude", "") is None
    assert report_refusal("other", "") is not None and report_refusal("", "x") is not None


def test_every_ready_sentence_has_words_that_promise_nothing() -> None:
    for codes in TEMPLATES.values():
        for code in codes:
            assert not banned_promises(str(LABELS["talk.template"][code]))
    assert set(LABELS["talk.template"]) == {code for codes in TEMPLATES.values() for code in codes}
