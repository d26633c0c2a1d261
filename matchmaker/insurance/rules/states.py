"""The state table of a request for cover: which step leads where, whose turn it is, who may take a step."""

from __future__ import annotations

from enum import StrEnum

from matchmaker.refusal import Reason


class State(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    QUOTED = "quoted"
    TAKEN = "taken"
    """The owner accepted the quote: what comes then, contract and payment, is between owner and insurer."""
    DECLINED = "declined"
    REFUSED = "refused"
    """The owner did not accept the quote."""
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Step(StrEnum):
    """What a person or a clock does to a request. Self-loops leave a trace and change no state."""

    ASK = "ask"
    ACCEPT_QUOTE = "accept_quote"
    REFUSE_QUOTE = "refuse_quote"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    TAKE_OVER = "take_over"
    HAND_BACK = "hand_back"
    QUOTE = "quote"
    DECLINE = "decline"
    WARN = "warn"
    RELEASE = "release"
    EXPIRE = "expire"


class Side(StrEnum):
    """Who takes a step, or whose turn it is."""

    OWNER = "owner"
    INSURER = "insurer"
    CLOCK = "clock"
    NOBODY = "nobody"


LIVE: tuple[State, ...] = (State.WAITING, State.ACCEPTED, State.QUOTED)
"""States that take a place (`MOST_LIVE`)."""
ENDED: tuple[State, ...] = (State.DECLINED, State.REFUSED, State.RELEASED, State.WITHDRAWN, State.EXPIRED)
"""States that end the consent."""

MOST_LIVE = 3
"""Live requests of a business on one line, as with leads: the owner is called by three at most."""

TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.WAITING, Step.ASK): State.WAITING,
    (State.WAITING, Step.ACCEPT): State.ACCEPTED,
    (State.WAITING, Step.DECLINE): State.DECLINED,
    (State.WAITING, Step.WARN): State.WAITING,
    (State.WAITING, Step.RELEASE): State.RELEASED,
    (State.WAITING, Step.WITHDRAW): State.WITHDRAWN,
    (State.WAITING, Step.EXPIRE): State.EXPIRED,
    (State.ACCEPTED, Step.TAKE_OVER): State.ACCEPTED,
    (State.ACCEPTED, Step.HAND_BACK): State.ACCEPTED,
    (State.ACCEPTED, Step.QUOTE): State.QUOTED,
    (State.ACCEPTED, Step.DECLINE): State.DECLINED,
    (State.ACCEPTED, Step.WARN): State.ACCEPTED,
    (State.ACCEPTED, Step.RELEASE): State.RELEASED,
    (State.ACCEPTED, Step.WITHDRAW): State.WITHDRAWN,
    (State.ACCEPTED, Step.EXPIRE): State.EXPIRED,
    (State.QUOTED, Step.TAKE_OVER): State.QUOTED,
    (State.QUOTED, Step.HAND_BACK): State.QUOTED,
    (State.QUOTED, Step.ACCEPT_QUOTE): State.TAKEN,
    (State.QUOTED, Step.REFUSE_QUOTE): State.REFUSED,
    (State.QUOTED, Step.WARN): State.QUOTED,
    (State.QUOTED, Step.WITHDRAW): State.WITHDRAWN,
    (State.QUOTED, Step.EXPIRE): State.EXPIRED,
    (State.TAKEN, Step.TAKE_OVER): State.TAKEN,
    (State.TAKEN, Step.HAND_BACK): State.TAKEN,
    (State.TAKEN, Step.WITHDRAW): State.WITHDRAWN,
}

PERMISSION: dict[Step, str | None] = {
    Step.ASK: "quote.ask",
    Step.ACCEPT_QUOTE: "quote.answer",
    Step.REFUSE_QUOTE: "quote.answer",
    Step.WITHDRAW: "quote.withdraw",
    Step.ACCEPT: "quote.accept",
    Step.TAKE_OVER: "quote.accept",
    Step.QUOTE: "quote.give",
    Step.DECLINE: "quote.decline",
    # None: no person may; a clock or the news that a colleague left does it
    Step.HAND_BACK: None,
    Step.WARN: None,
    Step.RELEASE: None,
    Step.EXPIRE: None,
}

SIDE_OF_STEP: dict[Step, Side] = {
    **dict.fromkeys((Step.ASK, Step.ACCEPT_QUOTE, Step.REFUSE_QUOTE, Step.WITHDRAW), Side.OWNER),
    **dict.fromkeys((Step.ACCEPT, Step.TAKE_OVER, Step.QUOTE, Step.DECLINE), Side.INSURER),
    **dict.fromkeys((Step.HAND_BACK, Step.WARN, Step.RELEASE, Step.EXPIRE), Side.CLOCK),
}

BALL: dict[State, Side] = {
    State.WAITING: Side.INSURER,
    State.ACCEPTED: Side.INSURER,
    State.QUOTED: Side.OWNER,
    State.TAKEN: Side.INSURER,
    **dict.fromkeys((State.DECLINED, State.RELEASED), Side.OWNER),
    **dict.fromkeys((State.REFUSED, State.WITHDRAWN, State.EXPIRED), Side.NOBODY),
}

ENDS_CONSENT: dict[State, str] = {
    State.DECLINED: "declined",
    State.REFUSED: "given_up",
    State.RELEASED: "released",
    State.WITHDRAWN: "withdrawn",
    State.EXPIRED: "expired",
}
"""Whatever the end, it ends the consent; the codes are those of consents of leads."""


def state_after(state: State | str, step: Step | str) -> State | Reason:
    """The state that `step` leads to, or why it does not: `cover_request_has_ended`, `cover_request_not_now`."""
    found = TRANSITIONS.get((State(state), Step(step)))
    if found is not None:
        return found
    code = "cover_request_has_ended" if State(state) in ENDED else "cover_request_not_now"
    return Reason(code, {"state": f"label:cover.request_state:{State(state)}"})


def steps_from(state: State | str, side: Side | None = None) -> list[Step]:
    """The steps that can be taken in `state`, in the order of `Step`; only those of `side` where given."""
    return [
        step for step in Step if (State(state), step) in TRANSITIONS and (side is None or SIDE_OF_STEP[step] is side)
    ]
