"""Reading amounts, terms and days; what may be asked for; which state follows which."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.needs import rules
from matchmaker.needs.rules import NeedState, NeedStep, Wanted
from matchmaker.reference import terms
from matchmaker.refusal import Reason

TODAY = date(2026, 9, 23)


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("30", 300_000),
        ("３０", 300_000),
        (" 30 ", 300_000),
        ("30.5", 305_000),
        ("1,000", 10_000_000),
        ("1，000", 10_000_000),
        ("1 000", 10_000_000),
        ("30万", 300_000),
        ("30 万元", 300_000),
        ("30W", 300_000),
        ("¥300,000元", 300_000),
        ("300000 元", 300_000),
        ("1.5亿", 150_000_000),
        (".5", 5_000),
        ("0.0001", 1),
    ],
)
@pytest.mark.article("7.3", "B.3")
def test_amounts_are_read_as_people_write_them(text, yuan):
    assert rules.read_amount(text) == Decimal(yuan)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "need_amount_missing"),
        ("  ", "need_amount_missing"),
        ("三十来万", "need_amount_not_a_number"),
        ("30-50", "need_amount_not_a_number"),
        ("1,00", "need_amount_not_a_number"),
        ("1e9", "need_amount_not_a_number"),
        ("9" * 30, "need_amount_not_a_number"),
        ("-5", "need_amount_not_above_zero"),
        ("0.00001", "need_amount_not_whole"),
    ],
)
def test_what_cannot_be_read_says_why(text, code):
    found = rules.read_amount(text)
    assert isinstance(found, Reason) and found.code == code


@pytest.mark.parametrize("typed", ["9" * 24, "9" * 22 + "亿", "0." + "9" * 20 + "亿"])
def test_more_digits_than_are_counted_are_a_reason_and_no_failure(typed):
    amount = rules.read_amount(typed)
    assert isinstance(amount, rules.Reason) or rules.amount_reason(amount).code == "need_amount_probably_in_yuan"


def test_an_amount_in_yuan_typed_into_the_field_of_wan_is_noticed():
    amount = rules.read_amount("300000")
    reason = rules.amount_reason(amount)
    assert reason.code == "need_amount_probably_in_yuan"
    assert reason.facts["perhaps_yuan"] == 300_000


@given(st.text(max_size=40))
def test_reading_never_fails(text):
    for read in (rules.read_amount, rules.read_months, rules.read_rate):
        read(text)
    everywhere = dict.fromkeys(("amount", "term", "term_other", "wanted_by", "max_rate"), text)
    rules.read_typed(everywhere, today=TODAY)


@given(st.decimals(min_value=1000, max_value=10**9, places=0))
def test_what_was_asked_is_typed_and_read_back_the_same(amount):
    wanted = Wanted(amount, 18, "RENT", ("MORT_RES",), date(2026, 10, 1), "REVOLVE", "yes", Decimal("4.35"), "备货")
    assert rules.read_typed(rules.typed_of(wanted), today=TODAY) == (wanted, [])


@pytest.mark.parametrize(
    ("text", "months"), [("18", 18), ("１８ 个月", 18), ("2年", 24), ("1年半", 18), ("18 months", 18), ("2 years", 24)]
)
def test_terms_are_read_as_people_write_them(text, months):
    assert rules.read_months(text) == months


def test_every_error_stands_at_its_field_in_the_order_of_the_form():
    wanted, wrong = rules.read_typed({"wanted_by": "2026-09-22", "max_rate": "99"}, today=TODAY)
    assert wanted is None
    assert [name for name, _ in wrong] == ["amount", "term", "purpose", "wanted_by", "max_rate"]


def test_none_and_something_contradict():
    typed = {"amount": "30", "term": "12", "purpose": "WC", "securities": ["none", "home"]}
    _, wrong = rules.read_typed(typed, today=TODAY)
    assert [reason.code for _, reason in wrong] == ["need_security_contradicts"]


@pytest.mark.article("16.4")
def test_purposes_are_terms_of_the_trade_and_none_is_prohibited():
    known = set(terms.codes("purpose"))
    assert set(rules.PURPOSES) == {code for code in known if not code.startswith("PROHIBIT")}
    assert {code for codes in rules.SECURITY_CHOICES.values() for code in codes} <= set(terms.codes("guarantee"))
    assert set(rules.REPAYMENTS) <= set(terms.codes("repayment"))


@pytest.mark.article("7.3")
def test_above_ten_million_is_welcome():
    wanted = Wanted(Decimal(50_000_000), 36, "EQUIP")
    assert rules.why_not(wanted, today=TODAY) == []


def test_securities_are_unknown_nothing_or_something():
    assert rules.securities_of([]) is None
    assert rules.securities_of(["unsure"]) is None
    assert rules.securities_of(["none"]) == ()
    assert rules.securities_of(["home", "vehicle"]) == ("MORT_RES", "MORT_VEH")
    for choices in (["unsure"], ["none"], ["home", "receivable"]):
        assert rules.choices_of(rules.securities_of(choices)) == choices


def test_every_pair_of_state_and_step():
    for state in NeedState:
        for step in NeedStep:
            after = rules.state_after(state, step)
            assert after is None or isinstance(after, NeedState)
            if state in (NeedState.WITHDRAWN, NeedState.EXPIRED):
                assert after in (None, state), "what is over stays over"
    assert rules.state_after("open", NeedStep.EXPIRE) is NeedState.EXPIRED
    assert rules.state_after("in_progress", NeedStep.EXPIRE) is None, "worked on, it does not expire"
