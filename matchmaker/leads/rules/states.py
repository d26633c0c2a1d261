"""The state table of a lead: which step leads where, whose turn it is in each state, and who may take a step.

A lead is a match that an owner chose for one institution. `TRANSITIONS` is the whole machine; everything
else here is a reading of it. docs/leads.md is written from this file by a test.
"""

from __future__ import annotations

from enum import StrEnum

from matchmaker.refusal import Reason


class State(StrEnum):
    """The table "Words" of the visual language, in the order of a lead's life."""

    DRAFT = "draft"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    UNREACHED = "unreached"
    CONTACTED = "contacted"
    VISITED = "visited"
    PAPERS = "papers"
    REVIEW = "review"
    OFFERED = "offered"
    TAKEN = "taken"
    SIGNED = "signed"
    PAID_OUT = "paid_out"
    DECLINED = "declined"
    SECOND_LOOK = "second_look"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    GIVEN_UP = "given_up"


class Step(StrEnum):
    """What a person or a clock does to a lead. Self-loops leave a trace and change no state."""

    # the owner
    SAVE = "save"
    SEND = "send"
    SEND_PAPERS = "send_papers"
    ACCEPT_OFFER = "accept_offer"
    REFUSE_OFFER = "refuse_offer"
    CONFIRM_PAYOUT = "confirm_payout"
    DISPUTE_PAYOUT = "dispute_payout"
    WITHDRAW = "withdraw"
    GIVE_UP = "give_up"
    ASK_SECOND_LOOK = "ask_second_look"
    CORRECT_REASON = "correct_reason"
    NOBODY_CALLED = "nobody_called"
    CHOOSE_HOURS = "choose_hours"
    # the institution
    ACCEPT = "accept"
    HAND_OVER = "hand_over"
    TRY_CONTACT = "try_contact"
    TRIED_ENOUGH = "tried_enough"
    CONTACT = "contact"
    AGREE_VISIT = "agree_visit"
    VISIT = "visit"
    ASK_PAPERS = "ask_papers"
    START_REVIEW = "start_review"
    RECORD_CHECKS = "record_checks"
    OFFER = "offer"
    DECLINE = "decline"
    REPORT_CONTRACT = "report_contract"
    REPORT_PAYOUT = "report_payout"
    # the clocks
    WARN = "warn"
    LAPSE_PAPERS = "lapse_papers"
    LAPSE_HOURS = "lapse_hours"
    OVERDUE = "overdue"
    RELEASE = "release"
    EXPIRE = "expire"
    SETTLE_PAYOUT = "settle_payout"


class Side(StrEnum):
    """Who takes a step, or whose turn it is."""

    OWNER = "owner"
    INSTITUTION = "institution"
    CLOCK = "clock"
    NOBODY = "nobody"


LIVE: tuple[State, ...] = (
    State.WAITING,
    State.ACCEPTED,
    State.UNREACHED,
    State.CONTACTED,
    State.VISITED,
    State.PAPERS,
    State.REVIEW,
    State.OFFERED,
    State.TAKEN,
    State.SIGNED,
    State.SECOND_LOOK,
)
"""States that take one of the three places of a need (`MOST_LIVE_LEADS`)."""

ENDED: tuple[State, ...] = (
    State.PAID_OUT,
    State.DECLINED,
    State.RELEASED,
    State.WITHDRAWN,
    State.EXPIRED,
    State.GIVEN_UP,
)

MOST_LIVE_LEADS = 3
"""Fewer calls, fewer enquiries at the credit bureau (issue 2.7; look/pages/14-refused-action.html, rule L-03)."""

_WORKED_ON = (State.ACCEPTED, State.CONTACTED, State.VISITED, State.PAPERS, State.REVIEW)
_CARRIED = (*_WORKED_ON, State.UNREACHED, State.OFFERED, State.TAKEN, State.SIGNED, State.SECOND_LOOK)


def _loops(states: tuple[State, ...], step: Step) -> dict[tuple[State, Step], State]:
    return {(state, step): state for state in states}


def _all_to(states: tuple[State, ...], step: Step, to: State) -> dict[tuple[State, Step], State]:
    return {(state, step): to for state in states}


TRANSITIONS: dict[tuple[State, Step], State] = {
    # chosen, not sent: seen by the owner only
    (State.DRAFT, Step.SAVE): State.DRAFT,
    (State.DRAFT, Step.SEND): State.WAITING,
    (State.DRAFT, Step.GIVE_UP): State.GIVEN_UP,
    # the institution's road
    (State.WAITING, Step.ACCEPT): State.ACCEPTED,
    (State.ACCEPTED, Step.CONTACT): State.CONTACTED,
    # three documented tries: the owner has the ball and chooses hours; who calls back by themselves is reached
    (State.ACCEPTED, Step.TRIED_ENOUGH): State.UNREACHED,
    (State.UNREACHED, Step.CONTACT): State.CONTACTED,
    (State.CONTACTED, Step.CONTACT): State.CONTACTED,
    (State.VISITED, Step.CONTACT): State.VISITED,
    (State.REVIEW, Step.CONTACT): State.REVIEW,
    (State.CONTACTED, Step.AGREE_VISIT): State.CONTACTED,
    (State.CONTACTED, Step.VISIT): State.VISITED,
    (State.VISITED, Step.VISIT): State.VISITED,
    (State.REVIEW, Step.VISIT): State.REVIEW,
    (State.CONTACTED, Step.ASK_PAPERS): State.PAPERS,
    (State.VISITED, Step.ASK_PAPERS): State.PAPERS,
    (State.REVIEW, Step.ASK_PAPERS): State.PAPERS,
    (State.CONTACTED, Step.START_REVIEW): State.REVIEW,
    (State.VISITED, Step.START_REVIEW): State.REVIEW,
    (State.CONTACTED, Step.OFFER): State.OFFERED,
    (State.VISITED, Step.OFFER): State.OFFERED,
    (State.REVIEW, Step.OFFER): State.OFFERED,
    (State.SECOND_LOOK, Step.OFFER): State.OFFERED,
    (State.TAKEN, Step.REPORT_CONTRACT): State.SIGNED,
    (State.SIGNED, Step.REPORT_PAYOUT): State.PAID_OUT,
    # a disputed report may be corrected once more by a new report
    (State.PAID_OUT, Step.REPORT_PAYOUT): State.PAID_OUT,
    **_all_to((State.WAITING, *_WORKED_ON, State.SECOND_LOOK, State.TAKEN), Step.DECLINE, State.DECLINED),
    **_loops((State.WAITING, *_CARRIED), Step.HAND_OVER),
    **_loops((State.ACCEPTED, State.CONTACTED, State.VISITED, State.REVIEW), Step.TRY_CONTACT),
    **_loops((*_CARRIED, State.PAID_OUT), Step.RECORD_CHECKS),
    # the owner's road
    (State.PAPERS, Step.SEND_PAPERS): State.REVIEW,
    (State.OFFERED, Step.ACCEPT_OFFER): State.TAKEN,
    (State.OFFERED, Step.REFUSE_OFFER): State.GIVEN_UP,
    (State.PAID_OUT, Step.CONFIRM_PAYOUT): State.PAID_OUT,
    (State.PAID_OUT, Step.DISPUTE_PAYOUT): State.PAID_OUT,
    (State.UNREACHED, Step.CHOOSE_HOURS): State.ACCEPTED,
    (State.DECLINED, Step.ASK_SECOND_LOOK): State.SECOND_LOOK,
    # after fifteen working days of silence (rules.silence)
    **_all_to((State.CONTACTED, State.VISITED, State.REVIEW), Step.ASK_SECOND_LOOK, State.SECOND_LOOK),
    (State.DECLINED, Step.CORRECT_REASON): State.DECLINED,
    **_loops(
        (State.ACCEPTED, State.UNREACHED, State.CONTACTED, State.VISITED, State.REVIEW, State.SECOND_LOOK),
        Step.NOBODY_CALLED,
    ),
    **_all_to(LIVE, Step.GIVE_UP, State.GIVEN_UP),
    **_all_to(tuple(state for state in LIVE if state is not State.SIGNED), Step.WITHDRAW, State.WITHDRAWN),
    # a signed contract lives on without our data: only the consent ends
    (State.SIGNED, Step.WITHDRAW): State.SIGNED,
    # the clocks
    **_loops((State.WAITING, *_CARRIED), Step.WARN),
    (State.PAPERS, Step.LAPSE_PAPERS): State.REVIEW,
    (State.UNREACHED, Step.LAPSE_HOURS): State.DECLINED,
    # the day for contract or money is over: told and counted, and everything stays as it is
    **_loops((State.TAKEN, State.SIGNED), Step.OVERDUE),
    **_all_to(
        (State.WAITING, State.ACCEPTED, State.CONTACTED, State.VISITED, State.REVIEW, State.SECOND_LOOK),
        Step.RELEASE,
        State.RELEASED,
    ),
    **_all_to(LIVE, Step.EXPIRE, State.EXPIRED),
    (State.PAID_OUT, Step.SETTLE_PAYOUT): State.PAID_OUT,
}
"""(state, step) -> state after it. A pair that is not here cannot happen."""

PERMISSION_OF_STEP: dict[Step, str | None] = {
    Step.SAVE: "need.send",
    Step.SEND: "need.send",
    Step.SEND_PAPERS: "lead.send_papers",
    Step.ACCEPT_OFFER: "lead.answer_offer",
    Step.REFUSE_OFFER: "lead.answer_offer",
    Step.CONFIRM_PAYOUT: "lead.answer_payout",
    Step.DISPUTE_PAYOUT: "lead.answer_payout",
    Step.WITHDRAW: "lead.withdraw",
    Step.GIVE_UP: "lead.give_up",
    Step.ASK_SECOND_LOOK: "lead.ask_second_look",
    Step.CORRECT_REASON: "lead.correct_reason",
    Step.NOBODY_CALLED: "lead.nobody_called",
    Step.CHOOSE_HOURS: "lead.choose_hours",
    Step.ACCEPT: "lead.accept",
    Step.HAND_OVER: "lead.hand_over",
    Step.TRY_CONTACT: "lead.work_on",
    Step.TRIED_ENOUGH: "lead.work_on",
    Step.CONTACT: "lead.work_on",
    Step.AGREE_VISIT: "lead.work_on",
    Step.VISIT: "lead.work_on",
    Step.ASK_PAPERS: "lead.work_on",
    Step.START_REVIEW: "lead.work_on",
    Step.RECORD_CHECKS: "lead.work_on",
    Step.OFFER: "lead.offer",
    Step.DECLINE: "lead.decline",
    Step.REPORT_CONTRACT: "lead.report",
    Step.REPORT_PAYOUT: "lead.report",
    # None: no person may; a job does it when the time has come
    Step.WARN: None,
    Step.LAPSE_PAPERS: None,
    Step.LAPSE_HOURS: None,
    Step.OVERDUE: None,
    Step.RELEASE: None,
    Step.EXPIRE: None,
    Step.SETTLE_PAYOUT: None,
}

_OWNERS = (
    Step.SAVE, Step.SEND, Step.SEND_PAPERS, Step.ACCEPT_OFFER, Step.REFUSE_OFFER, Step.CONFIRM_PAYOUT,
    Step.DISPUTE_PAYOUT, Step.WITHDRAW, Step.GIVE_UP, Step.ASK_SECOND_LOOK, Step.CORRECT_REASON, Step.NOBODY_CALLED,
    Step.CHOOSE_HOURS,
)  # fmt: skip
_INSTITUTIONS = (
    Step.ACCEPT, Step.HAND_OVER, Step.TRY_CONTACT, Step.TRIED_ENOUGH, Step.CONTACT, Step.AGREE_VISIT, Step.VISIT,
    Step.ASK_PAPERS, Step.START_REVIEW, Step.RECORD_CHECKS, Step.OFFER, Step.DECLINE, Step.REPORT_CONTRACT,
    Step.REPORT_PAYOUT,
)  # fmt: skip
_CLOCKS = (
    Step.WARN, Step.LAPSE_PAPERS, Step.LAPSE_HOURS, Step.OVERDUE, Step.RELEASE, Step.EXPIRE, Step.SETTLE_PAYOUT,
)  # fmt: skip

SIDE_OF_STEP: dict[Step, Side] = {
    **dict.fromkeys(_OWNERS, Side.OWNER),
    **dict.fromkeys(_INSTITUTIONS, Side.INSTITUTION),
    **dict.fromkeys(_CLOCKS, Side.CLOCK),
}

BALL: dict[State, Side] = {
    State.DRAFT: Side.OWNER,
    State.WAITING: Side.INSTITUTION,
    State.ACCEPTED: Side.INSTITUTION,
    State.UNREACHED: Side.OWNER,
    State.CONTACTED: Side.INSTITUTION,
    State.VISITED: Side.INSTITUTION,
    State.PAPERS: Side.OWNER,
    State.REVIEW: Side.INSTITUTION,
    State.OFFERED: Side.OWNER,
    State.TAKEN: Side.INSTITUTION,
    State.SIGNED: Side.INSTITUTION,
    State.PAID_OUT: Side.NOBODY,
    State.DECLINED: Side.OWNER,
    State.SECOND_LOOK: Side.INSTITUTION,
    State.RELEASED: Side.OWNER,
    State.WITHDRAWN: Side.NOBODY,
    State.EXPIRED: Side.NOBODY,
    State.GIVEN_UP: Side.NOBODY,
}
"""Whose turn it is. A reported pay-out that nobody has answered is the owner's turn too: see `ball`."""

NEEDS_CODE: frozenset[Step] = frozenset({Step.DECLINE, Step.REFUSE_OFFER, Step.GIVE_UP, Step.LAPSE_HOURS})
"""Steps that are not taken without a reason code (`reasons.py`)."""

NOTE_READ_BY_BOTH: frozenset[Step] = frozenset(
    {
        Step.ASK_PAPERS, Step.SEND_PAPERS, Step.REFUSE_OFFER, Step.GIVE_UP, Step.ASK_SECOND_LOOK,
        Step.CORRECT_REASON, Step.NOBODY_CALLED, Step.DISPUTE_PAYOUT, Step.OFFER, Step.AGREE_VISIT, Step.CHOOSE_HOURS,
    }
)  # fmt: skip
"""Steps whose note is meant for the other side. Other notes stay with the side that wrote them: a bank's inner
note on a refusal is not advice (research/china.md 3.10), and a visit record is due diligence (article 10.2)."""


def state_after(state: State | str, step: Step | str) -> State | Reason:
    """The state that `step` leads to from `state`, or the Reason why it does not.

    Reason codes: `lead_has_ended` (nothing more happens to it), `lead_step_not_now` (with `state` and `step`).
    """
    found = TRANSITIONS.get((State(state), Step(step)))
    if found is not None:
        return found
    code = "lead_has_ended" if State(state) in ENDED else "lead_step_not_now"
    return Reason(code, {"state": str(State(state)), "step": str(Step(step))})


def steps_from(state: State | str, side: Side | None = None) -> list[Step]:
    """The steps that can be taken in `state`, in the order of `Step`; only those of `side` where given."""
    return [
        step for step in Step if (State(state), step) in TRANSITIONS and (side is None or SIDE_OF_STEP[step] is side)
    ]


def ball(state: State | str, *, payout_unanswered: bool = False) -> Side:
    """Whose turn it is: the owner, the institution or nobody."""
    if State(state) is State.PAID_OUT and payout_unanswered:
        return Side.OWNER
    return BALL[State(state)]
