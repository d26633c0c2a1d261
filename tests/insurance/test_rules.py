"""Questions by line, the state table, clocks, quotes and reasons: pure rules of cover asked for."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from matchmaker import clock
from matchmaker.insurance import words
from matchmaker.insurance.rules import clocks, reasons
from matchmaker.insurance.rules.questions import (
    QUESTIONS,
    answer_refusals,
    choices_of,
    filled_in,
    questions_of,
)
from matchmaker.insurance.rules.quoting import INSTALMENTS, payments, quote_refusals
from matchmaker.insurance.rules.states import (
    BALL,
    ENDED,
    ENDS_CONSENT,
    LIVE,
    PERMISSION,
    SIDE_OF_STEP,
    TRANSITIONS,
    Side,
    State,
    Step,
    state_after,
    steps_from,
)
from matchmaker.permissions import PERMISSIONS
from matchmaker.products.cover.rules import Plan, Terms, read_terms
from matchmaker.reference import insurance_lines
from matchmaker.refusal import Reason
from tests.insurance.builders import answers, quoted
from tests.products.cover_builders import typed_cover

TODAY = date(2026, 11, 24)


def terms() -> Terms:
    found, unread = read_terms(typed_cover(), "PROP_SHOP")
    assert unread == []
    return found


# --- questions -------------------------------------------------------------------------------------------------------


@pytest.mark.article("15.1", "15.3")
def test_every_line_asks_what_it_needs_and_no_more() -> None:
    for line in insurance_lines.every():
        codes = [question.code for question in questions_of(line.code)]
        assert len(codes) == len(set(codes)), line.code
        assert 7 <= len(codes) <= 12, line.code
        assert codes[:4] == ["sum", "start_on", "period", "plan"] and codes[-1] == "losses"
    with pytest.raises(KeyError):
        questions_of("NO_SUCH")


def test_every_question_is_asked_by_some_line_and_has_words() -> None:
    asked = {question.code for line in insurance_lines.every() for question in questions_of(line.code)}
    assert asked == set(QUESTIONS) == set(words.LABELS["cover.question"]) == set(words.LABELS["cover.question_why"])
    for question in QUESTIONS.values():
        assert question.kind in ("sum", "number", "count", "choice", "day", "text")
        assert (question.kind in ("number", "count")) == bool(question.unit), question.code
        assert not question.unit or question.unit in words.LABELS["cover.answer_unit"]
        assert set(question.choices) <= set(words.LABELS["cover.choice"])


def test_no_line_asks_for_illnesses_or_for_what_the_consent_opens() -> None:
    forbidden = {"health", "illness", "name", "address", "phone", "code", "region", "industry", "id_number"}
    assert not forbidden & set(QUESTIONS)


@pytest.mark.article("B.2")
def test_what_is_known_is_filled_in_and_not_asked_again() -> None:
    known = {"employees": "6", "turnover": "920000.00"}
    earlier = {"employees": "4", "losses": "2", "start_on": "2026-01-01", "sum": "1"}
    found = filled_in(questions_of("EL_STD"), known, earlier)
    assert found == {"employees": ("6", "business"), "losses": ("2", "earlier")}
    assert "turnover_sum" in filled_in(questions_of("PL_FOOD"), known, {})
    assert filled_in(questions_of("EL_STD"), {}, {}) == {}


def test_answers_are_checked_against_what_the_cover_offers() -> None:
    with clock.frozen(datetime(2026, 11, 24, 2, tzinfo=UTC)):
        good = answers()
    assert answer_refusals(good, terms(), TODAY) == []
    for code in good:
        assert [field for field, _ in answer_refusals(good | {code: ""}, terms(), TODAY)] == [code]
    cases = {
        "start_on": ((TODAY - timedelta(days=1)).isoformat(), "cover_start_between"),
        "sum": ("49999", "cover_sum_between"),
        "plan": ("monthly", "cover_choice_unknown"),
        "period": ("trip", "cover_choice_unknown"),
        "tenure": ("lent", "cover_choice_unknown"),
    }
    for code, (value, no) in cases.items():
        assert [(f, r.code) for f, r in answer_refusals(good | {code: value}, terms(), TODAY)] == [(code, no)]
    assert choices_of(QUESTIONS["plan"], terms()) == ("once", "quarterly")


# --- states ----------------------------------------------------------------------------------------------------------


def test_every_pair_of_state_and_step_answers() -> None:
    for state, step in itertools.product(State, Step):
        after = state_after(state, step)
        if (state, step) in TRANSITIONS:
            assert after is TRANSITIONS[state, step]
        else:
            assert isinstance(after, Reason)
            assert after.code == ("cover_request_has_ended" if state in ENDED else "cover_request_not_now")
            assert after.code in words.SENTENCES


def test_every_state_can_be_reached_and_every_live_one_ends_by_itself() -> None:
    reached = {State.WAITING}
    for _ in State:
        reached |= {after for (before, _step), after in TRANSITIONS.items() if before in reached}
    assert reached == set(State)
    for state in LIVE:
        assert steps_from(state, Side.CLOCK), "a clock goes on where nobody does anything"
        assert Step.WITHDRAW in steps_from(state, Side.OWNER), "withdrawn at any time"
    assert all(not steps_from(state) for state in ENDED)


def test_the_tables_are_whole() -> None:
    assert set(PERMISSION) == set(SIDE_OF_STEP) == set(Step)
    assert set(BALL) == set(State) == set(words.LABELS["cover.request_state"])
    assert set(words.LABELS["cover.request_step"]) == set(Step)
    assert set(ENDS_CONSENT) == set(ENDED)
    for step, permission in PERMISSION.items():
        assert permission is None or permission in PERMISSIONS, step
        assert (SIDE_OF_STEP[step] is Side.CLOCK) == (permission is None)
        assert f"cover_request.{step}" in words.DEEDS


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.article("15.3")
def test_an_insurer_has_one_working_day_to_take_up_and_its_promise_to_quote() -> None:
    friday = datetime(2026, 11, 20, 7, tzinfo=UTC)  # 15:00 in Shanghai
    assert clocks.accept_due(friday) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC), "Monday 17:30"
    assert clocks.quote_due(friday, 3) == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    assert clocks.quote_due(friday, None) == clocks.quote_due(friday, 5) == clocks.quote_due(friday, 60)
    with pytest.raises(ValueError):
        clocks.consent_end(friday, 365)


def test_a_clock_is_drawn_by_its_share() -> None:
    start = datetime(2026, 11, 23, 1, tzinfo=UTC)  # Monday 9:00
    due = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert clocks.tone(start, due, start, "waiting") == ""
    assert clocks.tone(start, due, start + timedelta(hours=7), "waiting") == "soon"
    assert clocks.tone(start, due, due, "waiting") == "late"


# --- quotes and reasons ----------------------------------------------------------------------------------------------


@pytest.mark.article("15.2")
@pytest.mark.parametrize("plan", list(Plan))
@pytest.mark.parametrize("premium", ["0.01", "1200", "6173.29", "100.01"])
def test_the_payments_of_a_plan_make_up_the_premium(plan: str, premium: str) -> None:
    parts = payments(Decimal(premium), plan)
    assert set(INSTALMENTS) == set(Plan)
    if INSTALMENTS[plan] is None:
        assert parts == ()
    else:
        assert sum(parts) == Decimal(premium) and len(parts) == INSTALMENTS[plan]
        assert max(parts) - min(parts) < Decimal("0.12")


def test_a_quote_stays_within_what_was_asked_for() -> None:
    today = clock.today()
    assert quote_refusals(quoted(), terms(), today) == []
    cases = [
        ({"sum_insured_yuan": Decimal(10_000_000)}, "quote_sum"),
        ({"premium_yuan": Decimal(0)}, "premium"),
        ({"premium_yuan": Decimal(600_000)}, "premium"),
        ({"plan": "monthly"}, "quote_plan"),
        ({"period": "trip"}, "quote_period"),
        ({"starts_on": today - timedelta(days=1)}, "starts_on"),
        ({"valid_until_on": today + timedelta(days=1)}, "valid_until_on"),
        ({"valid_until_on": today + timedelta(days=90)}, "valid_until_on"),
        ({"exclusions": ""}, "exclusions"),
        ({"deductible": ""}, "deductible"),
        ({"conditions": "包过，秒批"}, "conditions"),
    ]
    for changes, field in cases:
        assert [name for name, _ in quote_refusals(quoted(**changes), terms(), today)] == [field], changes


@pytest.mark.article("15.3")
def test_a_refusal_needs_a_code_and_a_sentence_and_every_code_a_way_on() -> None:
    refused = reasons.decline_refusal
    assert refused([], "没有灭火器")[0] == "codes"  # type: ignore[index]
    assert refused(["K01", "K02", "K03", "K04"], "没有灭火器")[0] == "codes"  # type: ignore[index]
    assert refused(["X99"], "没有灭火器")[0] == "codes"  # type: ignore[index]
    assert refused(["K05"], "无")[0] == "reason"  # type: ignore[index]
    assert refused(["K05"], "没有灭火器") is None
    for group in ("cover.decline_code", "cover.decline_how"):
        assert set(words.LABELS[group]) == set(reasons.DECLINE_CODES)
    assert set(words.LABELS["cover.owner_code"]) == set(reasons.OWNER_CODES)
