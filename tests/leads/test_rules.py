"""The rules of a lead: every pair of state and step, clocks by cases, reason codes, consents, branches, order."""

from __future__ import annotations

import csv
import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from matchmaker.leads import words
from matchmaker.leads.rules import branches, clocks, consents, order, reasons, sharing
from matchmaker.leads.rules.clocks import Clock, Running
from matchmaker.leads.rules.consents import Field
from matchmaker.leads.rules.states import (
    BALL,
    ENDED,
    LIVE,
    NEEDS_CODE,
    PERMISSION_OF_STEP,
    SIDE_OF_STEP,
    TRANSITIONS,
    Side,
    State,
    Step,
    ball,
    state_after,
    steps_from,
)
from matchmaker.permissions import PERMISSIONS
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Reason

CASES = Path(__file__).parent / "cases"


def rows(name: str) -> list[dict[str, str]]:
    with open(CASES / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- states


@pytest.mark.article("10.2")
@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_every_pair_of_state_and_step_leads_on_or_says_why_not(state: State, step: Step) -> None:
    answer = state_after(state, step)
    if (state, step) in TRANSITIONS:
        assert answer is TRANSITIONS[(state, step)]
    else:
        assert isinstance(answer, Reason)
        assert answer.code == ("lead_has_ended" if state in ENDED else "lead_step_not_now")
        assert answer.code in words.SENTENCES


def test_every_state_is_live_ended_or_a_draft_and_nothing_twice() -> None:
    assert set(LIVE) | set(ENDED) | {State.DRAFT} == set(State)
    assert not set(LIVE) & set(ENDED)
    assert set(BALL) == set(State)


def test_every_step_has_a_side_a_permission_and_is_used() -> None:
    assert set(SIDE_OF_STEP) == set(PERMISSION_OF_STEP) == set(Step)
    assert {step for _, step in TRANSITIONS} == set(Step)
    for step in Step:
        permission = PERMISSION_OF_STEP[step]
        if SIDE_OF_STEP[step] is Side.CLOCK:
            assert permission is None
        else:
            assert permission in PERMISSIONS


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached, frontier = {State.DRAFT}, [State.DRAFT]
    while frontier:
        here = frontier.pop()
        for (state, _), after in TRANSITIONS.items():
            if state is here and after not in reached:
                reached.add(after)
                frontier.append(after)
    assert reached == set(State)


def test_no_live_state_is_a_dead_end_without_a_person() -> None:
    """From every live state a clock can end the lead, so that nothing waits for ever."""
    for state in LIVE:
        ways = {step for (from_state, step) in TRANSITIONS if from_state is state}
        assert ways & {Step.RELEASE, Step.EXPIRE, Step.LAPSE_PAPERS}, state


@pytest.mark.article("B.1")
def test_a_consent_can_be_withdrawn_in_every_live_state() -> None:
    for state in LIVE:
        assert (state, Step.WITHDRAW) in TRANSITIONS
        assert (state, Step.GIVE_UP) in TRANSITIONS


def test_an_institution_cannot_move_a_lead_while_the_owner_has_the_ball() -> None:
    moves = {
        step
        for (state, step), after in TRANSITIONS.items()
        if state is State.OFFERED and after is not state and SIDE_OF_STEP[step] is Side.INSTITUTION
    }
    assert moves == set(), "an offer stands until its date"


def test_papers_are_asked_once_and_never_before_the_owner_was_reached() -> None:
    assert {state for state, step in TRANSITIONS if step is Step.ASK_PAPERS} == {
        State.CONTACTED,
        State.VISITED,
        State.REVIEW,
    }
    assert TRANSITIONS[(State.PAPERS, Step.SEND_PAPERS)] is State.REVIEW


def test_money_follows_the_contract_and_the_contract_the_accepted_offer() -> None:
    assert {s for (s, step) in TRANSITIONS if step is Step.REPORT_CONTRACT} == {State.TAKEN}
    assert {s for (s, step), to in TRANSITIONS.items() if to is State.PAID_OUT and s is not State.PAID_OUT} == {
        State.SIGNED
    }


def test_a_reported_pay_out_without_an_answer_is_the_owners_turn() -> None:
    assert ball(State.PAID_OUT) is Side.NOBODY
    assert ball(State.PAID_OUT, payout_unanswered=True) is Side.OWNER


def test_steps_from_lists_one_side() -> None:
    assert steps_from(State.WAITING, Side.INSTITUTION) == [Step.ACCEPT, Step.HAND_OVER, Step.DECLINE]
    assert Step.RELEASE in steps_from("waiting")


def test_the_words_cover_every_state_step_code_and_field() -> None:
    assert set(words.LABELS["lead.state"]) == set(State)
    assert set(words.LABELS["lead.step"]) == set(Step)
    for group in ("lead.code", "lead.code_means", "lead.code_how", "lead.code_tag"):
        assert set(words.LABELS[group]) == set(reasons.CODES)
    assert set(words.LABELS["lead.field"]) == set(words.LABELS["lead.field_why"]) == {*Field, "cover_answers"}
    assert set(words.LABELS["lead.hour"]) == set(consents.HOURS)
    assert set(words.LABELS["lead.clock"]) == set(Clock)
    assert set(words.LABELS["lead.purpose"]) == set(consents.PURPOSES)
    assert set(words.LABELS["lead.consent_ended"]) == set(words.LABELS["lead.sealed"]) == set(consents.Because)
    assert {code.who for code in reasons.CODES.values() if code.who} <= set(words.LABELS["lead.who"])


# --- clocks


@pytest.mark.article("B.4")
@pytest.mark.parametrize("case", rows("clocks.csv"), ids=lambda case: case["case_id"])
def test_clocks_end_as_the_cases_say(case: dict[str, str]) -> None:
    days = int(case["days"]) if case["days"] else None
    assert clocks.due_after(Clock(case["clock"]), at(case["started_at"]), days) == at(case["due_at"]), case["source"]


@pytest.mark.parametrize("case", rows("pauses.csv"), ids=lambda case: case["case_id"])
def test_a_pause_moves_the_end_by_what_stood_still(case: dict[str, str]) -> None:
    after = clocks.due_after_pause(at(case["due_at"]), at(case["paused_at"]), at(case["resumed_at"]))
    assert after == at(case["due_after"]), case["what"]


@pytest.mark.parametrize("case", rows("shares.csv"), ids=lambda case: case["case_id"])
def test_the_share_used_counts_working_hours_or_plain_time(case: dict[str, str]) -> None:
    running = Running(
        Clock(case["clock"]), at(case["started_at"]), at(case["due_at"]), paused_seconds=int(case["paused_seconds"])
    )
    assert clocks.used(running, at(case["now"])) == pytest.approx(float(case["share"]), abs=1e-5), case["what"]


def running(**changes: Any) -> Running:
    values: dict[str, Any] = {
        "clock": Clock.ACCEPT,
        "started_at": at("2026-09-21T09:00:00+08:00"),
        "due_at": at("2026-09-22T17:30:00+08:00"),
    }
    return Running(**{**values, **changes})


def test_it_warns_at_three_quarters_once_and_is_late_at_its_end() -> None:
    quarter = at("2026-09-22T13:15:00+08:00")
    assert not clocks.should_warn(running(), quarter - timedelta(seconds=1))
    assert clocks.should_warn(running(), quarter)
    assert not clocks.should_warn(running(warned_at=quarter), quarter)
    end = at("2026-09-22T17:30:00+08:00")
    assert not clocks.is_late(running(), end - timedelta(microseconds=1))
    assert clocks.is_late(running(), end)
    assert clocks.tone(running(), quarter) == "soon"
    assert clocks.tone(running(), end) == "late"
    assert clocks.tone(running(), quarter - timedelta(hours=1)) == ""


def test_a_clock_that_stands_still_or_has_stopped_neither_warns_nor_runs_out() -> None:
    late = at("2026-10-30T17:30:00+08:00")
    for still in (
        running(paused_at=at("2026-09-21T10:00:00+08:00")),
        running(stopped_at=at("2026-09-21T10:00:00+08:00")),
    ):
        assert not clocks.is_late(still, late)
        assert not clocks.should_warn(still, late)


def test_the_clock_that_counts_is_the_first_to_end_and_in_papers_the_owners() -> None:
    accept = running()
    decision = running(clock=Clock.DECISION, due_at=at("2026-10-21T17:30:00+08:00"))
    assert clocks.clock_that_counts(State.ACCEPTED, [decision, accept]) is accept
    papers = running(clock=Clock.PAPERS, due_at=at("2026-10-01T17:30:00+08:00"))
    paused = running(clock=Clock.DECISION, paused_at=at("2026-09-21T10:00:00+08:00"))
    assert clocks.clock_that_counts(State.PAPERS, [paused, papers]) is papers
    assert clocks.clock_that_counts(State.PAPERS, []) is None


def test_only_the_institutions_clocks_release() -> None:
    for limit in clocks.LIMITS.values():
        assert limit.releases == (limit.side is Side.INSTITUTION and limit.clock not in clocks.ONLY_TELL)
    with pytest.raises(ValueError):
        clocks.due_after(Clock.OWNER, at("2026-09-21T09:00:00+08:00"))


# --- reasons


@pytest.mark.article("B.4")
def test_every_decline_code_says_what_it_means_and_what_to_do() -> None:
    assert set(reasons.DECLINE_CODES) >= {
        "C01", "C02", "C03", "T01", "T02", "G01", "G02", "B01", "B02", "B03", "B04", "D01", "I01", "P01", "M01",
        "X01", "X02",
    }  # fmt: skip
    for code, found in reasons.DECLINE_CODES.items():
        assert found.side == "institution"
        if found.way is reasons.Way.REPAIR:
            assert found.who and found.days, code
        assert reasons.tone(code) in ("you", "soon")


def test_a_decline_needs_one_to_three_known_codes() -> None:
    def code(*chosen: str) -> str | None:
        no = reasons.decline_refusal(list(chosen), [])
        return no.code if no else None

    assert code() == "lead_decline_needs_code"
    assert code("E01") == "lead_decline_code_unknown"
    assert code("T01", "T01") == "lead_decline_too_many_codes"
    assert code("T01", "B02", "C01", "C02") == "lead_decline_too_many_codes"
    assert code("T01", "B02") is None


def test_not_reached_needs_three_tries_at_two_hours() -> None:
    day = datetime(2026, 9, 23, tzinfo=SHANGHAI)
    for times, allowed in (
        ([], False), (["9:00", "9:10", "9:20"], False), (["9:00", "14:00"], False), (["9:00", "9:10", "14:00"], True),
        (["9:58", "9:59", "10:00"], False), (["9:30", "10:00", "10:30"], True),
    ):  # fmt: skip
        tries = [day.replace(hour=int(at.split(":")[0]), minute=int(at.split(":")[1])) for at in times]
        assert (reasons.decline_refusal(["X02"], tries) is None) is allowed, times


# --- consents

NOW = at("2026-09-23T10:00:00+08:00")


@pytest.mark.article("B.1")
def test_the_consent_names_what_must_be_given_and_nothing_unknown() -> None:
    everything = [str(field) for field in consents.REQUIRED]
    latest = clocks.longest_consent(NOW)

    def refusal(**changes: Any) -> str | None:
        values: dict[str, Any] = {
            "fields": everything, "hours": ["morning"], "ends_at": NOW + timedelta(days=20), "now": NOW,
            "latest_at": latest, **changes,
        }  # fmt: skip
        no = consents.consent_refusal(**values)
        return no.code if no else None

    assert refusal() is None
    assert refusal(fields=everything[1:]) == "lead_consent_field_missing"
    assert refusal(fields=[*everything, "diary"]) == "lead_consent_field_unknown"
    assert refusal(hours=["midnight"]) == "lead_consent_hours_unknown"
    assert refusal(ends_at=NOW) == "lead_consent_end_past"
    assert refusal(ends_at=latest + timedelta(seconds=1)) == "lead_consent_end_too_late"


@pytest.mark.article("B.1")
def test_only_the_carrier_reads_the_number_and_only_when_calls_are_allowed() -> None:
    given = [str(field) for field in consents.REQUIRED]

    def opened(**changes: Any) -> frozenset[Field]:
        values: dict[str, Any] = {"consent_in_force": True, "reader": "carrier", "hours": ["morning"], **changes}
        return consents.opened_fields(given, **values)

    assert Field.CONTACT_PHONE in opened()
    assert Field.CONTACT_PHONE not in opened(reader="colleague")
    assert Field.CONTACT_PHONE not in opened(hours=[])
    assert opened(consent_in_force=False) == frozenset()
    assert Field.TAX not in opened()


def test_a_consent_is_in_force_until_its_instant_or_its_end() -> None:
    assert consents.in_force(NOW + timedelta(seconds=1), None, NOW)
    assert not consents.in_force(NOW, None, NOW)
    assert not consents.in_force(NOW + timedelta(days=1), NOW, NOW)


def test_calls_are_allowed_in_ticked_slots_only() -> None:
    assert consents.may_call(["morning"], at("2026-09-23T09:00:00+08:00"))
    assert consents.may_call(["morning"], at("2026-09-23T01:30:00+00:00"))
    assert not consents.may_call(["morning"], at("2026-09-23T14:30:00+08:00"))
    assert not consents.may_call([], at("2026-09-23T09:30:00+08:00"))


def test_a_masked_number_shows_seven_digits() -> None:
    assert consents.masked_phone("13812340462") == "138****0462"
    assert consents.masked_phone(None) is None


# --- branches


def branch(number: int, **changes: Any) -> branches.BranchFacts:
    values: dict[str, Any] = {
        "id": number, "region_code": "330106", "latitude": 30.26, "longitude": 120.13, "service_radius_km": None,
        "service_regions": (), "decision_limit_yuan": None, **changes,
    }  # fmt: skip
    return branches.BranchFacts(**values)


def chosen(*found: branches.BranchFacts, **changes: Any) -> int | Reason | None:
    values: dict[str, Any] = {
        "region_code": "330106", "latitude": 30.25, "longitude": 120.14, "amount_yuan": Decimal(300_000), **changes,
    }  # fmt: skip
    return branches.branch_for(list(found), **values)


@pytest.mark.article("12.1")
def test_the_branch_serves_the_place_by_region_or_radius() -> None:
    far = branch(1, latitude=31.2, longitude=121.5, service_radius_km=20)
    near = branch(2, service_radius_km=20)
    assert chosen(far, near) == 2
    refused = chosen(far)
    assert isinstance(refused, Reason) and refused.code == "lead_outside_service_area"
    assert chosen(branch(3, service_regions=("3301",))) == 3
    assert chosen(branch(3, service_regions=("330100",))) == 3
    assert isinstance(chosen(branch(3, service_regions=("3302",))), Reason)
    assert chosen() is None


@pytest.mark.article("7.3")
def test_a_large_need_goes_where_it_can_be_decided() -> None:
    small, large = branch(1, decision_limit_yuan=Decimal(500_000)), branch(2, latitude=30.9, decision_limit_yuan=None)
    assert chosen(small, large) == 1
    assert chosen(small, large, amount_yuan=Decimal(20_000_000)) == 2
    assert chosen(small, amount_yuan=Decimal(20_000_000)) is None, "the desk of the institution keeps it"


def test_the_products_own_branch_is_preferred_and_the_nearest_otherwise() -> None:
    near, far = branch(1), branch(2, latitude=30.9)
    assert chosen(near, far, preferred_id=2) == 2
    assert chosen(far, near) == 1
    assert (
        chosen(
            branch(5, latitude=None, longitude=None, region_code="330203"),
            branch(6, latitude=None, longitude=None, region_code="330105"),
        )
        == 6
    )


# --- order of the queue


def waiting(number: int, **changes: Any) -> order.Waiting:
    values: dict[str, Any] = {
        "lead_id": number, "state": State.WAITING, "mine": False, "due_at": NOW + timedelta(hours=number),
        "share_used": 0.1, "in_patch": False, "knows_trade": False, **changes,
    }  # fmt: skip
    return order.Waiting(**values)


def ids(found: list[order.Waiting], **how: Any) -> list[int]:
    return [lead.lead_id for lead in order.in_order(found, **how)]


def test_what_is_soon_due_stands_first_then_your_moves_then_what_waits_for_the_owner() -> None:
    queue = [
        waiting(1, state=State.PAPERS),
        waiting(2),
        waiting(9, share_used=0.8),
        waiting(3, state=State.DECLINED, due_at=None),
    ]
    assert ids(queue) == [9, 2, 1, 3]


def test_a_contract_or_money_that_is_overdue_stands_first_and_says_since_when() -> None:
    late = waiting(1, state=State.TAKEN, mine=True, due_at=None, overdue_at=NOW - timedelta(days=2))
    assert ids([waiting(9, share_used=0.8), waiting(2), late]) == [1, 9, 2]
    assert [(why.code, why.facts) for why in order.why_here(late)] == [
        ("queue_overdue", {"due_at": NOW - timedelta(days=2)})
    ]


def test_of_two_equally_urgent_ones_the_one_of_my_patch_and_trade_comes_first() -> None:
    due = NOW + timedelta(hours=4)
    queue = [
        waiting(1, due_at=due),
        waiting(2, due_at=due, in_patch=True),
        waiting(3, due_at=due, in_patch=True, knows_trade=True),
    ]
    assert ids(queue) == [3, 2, 1]


def test_a_full_manager_sees_what_is_to_be_claimed_after_their_own() -> None:
    queue = [waiting(1), waiting(2, state=State.CONTACTED, mine=True)]
    assert ids(queue) == [1, 2]
    assert ids(queue, at_capacity=True) == [2, 1]
    assert any(reason.code == "queue_full" for reason in order.why_here(queue[0], at_capacity=True))


def test_the_order_knows_nothing_about_the_business_but_place_and_trade() -> None:
    import dataclasses

    names = {field.name for field in dataclasses.fields(order.Waiting)}
    assert not names & {"chance", "score", "rank", "turnover_yuan", "amount_yuan", "grade"}


@pytest.mark.parametrize("state", list(State))
def test_every_row_says_why_it_is_there(state: State) -> None:
    for due in (None, NOW):
        for share in (0.2, 0.9):
            why = order.why_here(waiting(1, state=state, due_at=due, share_used=share))
            assert why and all(reason.code in words.SENTENCES for reason in why)


def test_needs_code_names_steps_that_exist() -> None:
    assert set(Step) >= NEEDS_CODE


def test_the_printed_state_table_is_current() -> None:
    """docs/leads.md is written from the rules: run `python -m tests.leads.lead_page` when this fails."""
    from tests.leads.lead_page import PAGE, lead_page

    assert PAGE.read_text(encoding="utf-8") == lead_page()


# --- whose turn a lead is


def carrier(number: int, live: int, **changes: Any) -> sharing.Carrier:
    return sharing.Carrier(**{"person_id": number, "name": f"manager {number}", "live": live, "most": 10, **changes})


def test_a_lead_is_the_turn_of_who_carries_least_then_of_who_has_waited_longest() -> None:
    crowd = [carrier(1, 4), carrier(2, 3, last_taken_at=NOW), carrier(3, 3, last_taken_at=NOW - timedelta(days=1))]
    assert [one.person_id for one in sharing.in_turn(crowd)] == [3, 2, 1]
    assert sharing.turn_of([carrier(1, 3), carrier(2, 3, last_taken_at=NOW)]).person_id == 1  # type: ignore[union-attr]
    assert sharing.turn_of([carrier(1, 10), carrier(2, 2, most=2)]) is None, "nobody carries more than they can"


def test_patch_and_trade_count_for_a_lead_each_and_no_more() -> None:
    fits = carrier(1, 4, in_patch=True, knows_trade=True)
    assert sharing.turn_of([fits, carrier(2, 3)]) == fits
    assert sharing.turn_of([fits, carrier(2, 1)]) != fits


def test_by_turn_a_branch_carries_evenly_and_nobody_too_much() -> None:
    """A hundred leads of changing length among four managers, one of whom knows the place: none is three ahead."""
    import random

    dice = random.Random(4)
    until: dict[int, list[float]] = {number: [] for number in range(4)}
    got = dict.fromkeys(range(4), 0)
    for hour in range(400):
        for number in until:
            until[number] = [end for end in until[number] if end > hour]
        crowd = [carrier(n, len(until[n]), most=6, in_patch=n == 0 and dice.random() < 0.5) for n in until]
        chosen = sharing.turn_of(crowd)
        if chosen is None:
            continue
        until[chosen.person_id].append(hour + dice.uniform(5, 20))
        got[chosen.person_id] += 1
        assert max(map(len, until.values())) <= 6
        assert len(until[chosen.person_id]) - min(map(len, until.values())) <= 2
    assert max(got.values()) / min(got.values()) < 1.6


def test_the_queue_shows_whose_turn_it_is_and_a_colleagues_turn_stands_behind_ones_own_work() -> None:
    mine, theirs = carrier(1, 2), carrier(2, 1)
    queue = [
        waiting(1, turn=theirs),
        waiting(2, turn=mine, my_turn=True),
        waiting(3, share_used=0.9, turn=theirs),
        waiting(4, state=State.CONTACTED, mine=True),
    ]
    assert ids(queue) == [3, 2, 4, 1], "what is nearly late stands first, whosever turn it is"
    said = {row.lead_id: {reason.code for reason in order.why_here(row)} for row in queue}
    assert "queue_turn_of" in said[1] and "queue_your_turn" in said[2]
    assert not {"queue_turn_of", "queue_your_turn"} & said[4]


def test_a_colleagues_turn_that_ends_today_stands_before_ones_own_work_of_next_week() -> None:
    """A turn orders within a day: what is due first by days is never hidden below what is due later."""
    theirs, later = carrier(2, 1), NOW + timedelta(days=6)
    queue = [
        waiting(1, state=State.CONTACTED, mine=True, due_at=later),
        waiting(2, turn=theirs),
        waiting(3, state=State.CONTACTED, mine=True, due_at=NOW + timedelta(hours=3)),
        waiting(4, turn=theirs, due_at=later - timedelta(hours=1)),
        waiting(5, state=State.CONTACTED, mine=True, due_at=None),
    ]
    assert ids(queue) == [3, 2, 1, 4, 5]


def test_three_quarters_of_a_month_do_not_stand_before_what_is_due_today() -> None:
    """Nearly late comes first within a day; what has run longest of a long clock can still have a week."""
    queue = [
        waiting(1, state=State.REVIEW, mine=True, due_at=NOW + timedelta(days=6), share_used=0.8),
        waiting(2),
        waiting(5, share_used=0.8),
        waiting(3, state=State.REVIEW, mine=True, due_at=NOW - timedelta(days=1), share_used=1.1),
    ]
    assert ids(queue) == [3, 5, 2, 1]
