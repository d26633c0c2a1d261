"""Leads as pages show them: whose turn, which clock, what happened and what comes; for owners and for institutions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.queries import mandated
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db, holding
from matchmaker.leads.models import Lead, LeadClock, LeadStep, Reserve
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import Clock, Running
from matchmaker.leads.rules.covering import still_missing
from matchmaker.leads.rules.states import LIVE, MOST_LIVE_LEADS, Side, State, Step
from matchmaker.leads.rules.turns import Drawn, Turn, drawn, turn
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.products.models import ProductVersion
from matchmaker.refusal import Reason


def running_clocks(lead: Lead) -> list[Running]:
    """The clocks of a lead that have not stopped, as the rules see them."""
    return [as_running(row) for row in lead.clocks if row.stopped_at is None]


def as_running(row: LeadClock) -> Running:
    """A clock row as the rules see it."""
    return Running(
        clock=Clock(row.kind),
        started_at=row.started_at,
        due_at=row.due_at,
        warned_at=row.warned_at,
        paused_at=row.paused_at,
        paused_seconds=row.paused_seconds,
        stopped_at=row.stopped_at,
        days=row.days,
    )


@dataclass(frozen=True)
class Line:
    """One lead in a list or at the head of its page."""

    lead: Lead
    asked: NeedVersion
    turn: Turn
    clock: Drawn | None
    tone: str

    @property
    def is_live(self) -> bool:
        return self.lead.state in LIVE


def line_of(lead: Lead, asked: NeedVersion | None = None, now: datetime | None = None) -> Line:
    """A lead with its turn, the clock that counts and the tone of its card for the owner (mine, theirs, late, soon)."""
    now = now or clock.now()
    state = State(lead.state)
    open_ones = running_clocks(lead)
    counts = clocks.clock_that_counts(state, open_ones)
    visit = next((item for item in open_ones if item.clock is Clock.VISIT), None)
    payout = lead.payout if state is State.PAID_OUT else None
    what = turn(
        state,
        due_at=counts.due_at if counts is not None else None,
        visit_agreed=lead.visit_agreed and visit is not None,
        visit_at=lead.visit_at,
        visit_due_at=visit.due_at if visit is not None else None,
        papers=len(lead.paper_request.items) if lead.paper_request is not None else 0,
        payout_standing=payout.standing if payout is not None else None,
        payout_due_at=payout.due_at if payout is not None else None,
        offer_due_at=counts.due_at if counts is not None and counts.clock is Clock.OWNER else None,
        overdue_at=overdue_of(lead),
    )
    return Line(
        lead=lead,
        asked=asked or finding.asked_version(lead),
        turn=what,
        clock=drawn(counts, now) if counts is not None else None,
        tone=tone_of(lead, what),
    )


def overdue_of(lead: Lead) -> datetime | None:
    """The end of the clock of contract or money that ran out while nothing was reported; None where none did."""
    waits_for = {State.TAKEN: Clock.SIGN, State.SIGNED: Clock.PAY}.get(State(lead.state))
    rows = [row for row in lead.clocks if row.kind == waits_for]
    return rows[-1].due_at if rows and rows[-1].outcome == "late" else None


def is_over(lead: Lead, leads_of_need: Iterable[Lead]) -> bool:
    """Whether a refused or late lead asks nothing of its owner any more: it was sent elsewhere, or the need ended."""
    ended_at = lead.ended_at
    if lead.state not in (State.DECLINED, State.RELEASED) or ended_at is None:
        return False
    later = (other.sent_at for other in leads_of_need if other is not lead and other.sent_at is not None)
    return not lead.need.is_live or any(sent_at >= ended_at for sent_at in later)


def tone_of(lead: Lead, what: Turn) -> str:
    """The tone of the tag, for an owner: you, them, late, soon, or plain."""
    if lead.state == State.RELEASED:
        return "late"
    if lead.state == State.DRAFT:
        return "line"
    return {Side.OWNER: "you", Side.INSTITUTION: "them"}.get(what.side, "")


def missing_of(need: Need) -> Decimal | None:
    """What is still missing where a part of the money has come and the need goes on; None otherwise."""
    stood = finding.stood_amounts(need) if need.is_live else []
    return still_missing(need.current.amount_yuan, stood) if stood else None


@dataclass(frozen=True)
class NeedProgress:
    """One need with its leads: what waits for the owner, what is worked on, how many may still be sent.

    `reserves` wait for their turn; `missing_yuan` is what is missing after a part has come (None: nothing came yet).
    """

    need: Need
    lines: list[Line]
    places_left: int
    reserves: list[Reserve] = field(default_factory=list)
    missing_yuan: Decimal | None = None

    def holds(self, words: str) -> bool:
        """Whether every word stands in the name of the business, an institution or a product of this need."""
        held = [self.need.business.name, *(line.lead.institution.short_name for line in self.lines)]
        held += [line.lead.product_version.name for line in self.lines]
        return all(word in " ".join(held).lower() for word in words.lower().split())

    @property
    def lines_for_owner(self) -> list[Line]:
        """What waits for the owner: a refusal or a late one only until the owner has moved on."""
        return [line for line in self.lines if line.turn.side is Side.OWNER and not self._is_over(line)]

    @property
    def waiting_for_owner(self) -> int:
        return len(self.lines_for_owner)

    def _is_over(self, line: Line) -> bool:
        return is_over(line.lead, [other.lead for other in self.lines])

    @property
    def lines_of_institutions(self) -> list[Line]:
        """What institutions work on."""
        return [line for line in self.lines if line.turn.side is Side.INSTITUTION]

    @property
    def worked_on(self) -> int:
        return len(self.lines_of_institutions)


def _for_pages() -> list[Any]:
    return [
        joinedload(Lead.institution),
        joinedload(Lead.product_version),
        joinedload(Lead.manager),
        joinedload(Lead.consent),
        selectinload(Lead.clocks),
        selectinload(Lead.paper_requests),
        selectinload(Lead.payouts),
    ]


def _seen_by_owner(person: Person) -> sa.ColumnElement[bool]:
    """Leads of businesses for which a person may act with checked papers or by a mandate; choices of their own."""
    proven = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person.id, BusinessMember.standing.in_(PROVEN)
    )
    return sa.or_(
        Lead.business_id.in_(proven),
        Lead.business_id.in_(mandated(person.id, "act")),
        sa.and_(Lead.state == str(State.DRAFT), Lead.chosen_by_id == person.id),
    )


def leads_of_owner(person: Person, words: str = "") -> sa.Select[Any]:
    """The leads that an owner or helper may see, the newest first, by number, business, institution or product."""
    query = sa.select(Lead).where(_seen_by_owner(person))
    for word in words.split():
        query = query.where(
            sa.or_(
                holding(word, number=Lead.id),
                Lead.business.has(holding(word, Business.name)),
                Lead.institution.has(holding(word, Institution.name, Institution.short_name)),
                Lead.product_version.has(holding(word, ProductVersion.name)),
            )
        )
    loaded = (joinedload(Lead.institution), joinedload(Lead.product_version), joinedload(Lead.business))
    return query.options(*loaded).order_by(Lead.id.desc())


def progress_of(person: Person, *, need_id: int | None = None, most: int = MOST_LIVE_LEADS) -> list[NeedProgress]:
    """The needs of a person's businesses that have leads, the one that waits longest for the owner first.

    Leads are seen by who may act with checked papers or by a mandate; a choice that was not sent, by who made it too.
    """
    query = sa.select(Lead).where(_seen_by_owner(person)).options(*_for_pages()).order_by(Lead.id.desc())
    if need_id is not None:
        query = query.where(Lead.need_id == need_id)
    leads = list(db.session.scalars(query).unique())
    asked = finding.asked_versions(leads)
    by_need: dict[int, list[Line]] = {}
    for lead in leads:
        by_need.setdefault(lead.need_id, []).append(line_of(lead, asked[lead.id]))
    needs = {
        need.id: need
        for need in db.session.scalars(
            sa.select(Need).where(Need.id.in_(by_need)).options(selectinload(Need.versions), joinedload(Need.business))
        ).unique()
    }
    found = [
        NeedProgress(
            needs[number],
            sorted(lines, key=_urgency),
            _places_left(needs[number], lines, most),
            finding.waiting_reserves(number) if needs[number].is_live else [],
            missing_of(needs[number]),
        )
        for number, lines in by_need.items()
    ]
    return sorted(found, key=lambda item: (not item.need.is_live, -item.waiting_for_owner, -item.need.id))


def _places_left(need: Need, lines: Iterable[Line], most: int) -> int:
    return max(0, most - sum(1 for line in lines if line.is_live)) if need.is_live else 0


_ORDER = {Side.OWNER: 0, Side.INSTITUTION: 1, Side.CLOCK: 2, Side.NOBODY: 2}


def _urgency(line: Line) -> tuple[int, int, float, int]:
    over = 0 if line.is_live or line.turn.side is Side.OWNER else 1
    due = line.turn.due_at.timestamp() if line.turn.due_at is not None else float("inf")
    return (over, _ORDER[line.turn.side], due, -line.lead.id)


# What happened, what comes ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline; `at` None: it has not happened yet, `due_at` says until when it should."""

    step: str
    at: datetime | None
    tone: str = ""
    by_owner: bool = False
    by_name: str | None = None
    details: list[Reason] = field(default_factory=list)
    note: str | None = None
    codes: list[str] = field(default_factory=list)
    due_at: datetime | None = None


# Inner work that concerns the owner in its result only.
_NOT_FOR_OWNER = frozenset({Step.RECORD_CHECKS})
_OWNERS_STEPS = frozenset(
    {
        Step.SAVE, Step.SEND, Step.SEND_PAPERS, Step.ACCEPT_OFFER, Step.REFUSE_OFFER, Step.CONFIRM_PAYOUT,
        Step.DISPUTE_PAYOUT, Step.WITHDRAW, Step.GIVE_UP, Step.ASK_SECOND_LOOK, Step.CORRECT_REASON,
        Step.NOBODY_CALLED, Step.CHOOSE_HOURS,
    }
)  # fmt: skip


def timeline(lead: Lead, *, reader: Side, is_sealed: bool = False) -> list[Moment]:
    """What happened, oldest first, then what comes. A sealed lead shows steps without notes, names and facts."""
    steps = db.session.scalars(
        sa.select(LeadStep)
        .where(LeadStep.lead_id == lead.id)
        .options(joinedload(LeadStep.by))
        .order_by(LeadStep.number)
    ).all()
    moments = [
        _moment(step, reader, is_sealed)
        for step in steps
        if not (reader is Side.OWNER and Step(step.step) in _NOT_FOR_OWNER)
    ]
    return moments + ([] if is_sealed else _coming(lead))


def _moment(step: LeadStep, reader: Side, is_sealed: bool) -> Moment:
    kind = Step(step.step)
    by_owner = kind in _OWNERS_STEPS
    mine = by_owner == (reader is Side.OWNER)
    note = step.note if (mine or step.note_for_both) and not is_sealed else None
    codes = list(step.facts.get("codes") or ([step.code] if step.code else []))
    tone = "late" if kind in (Step.RELEASE, Step.LAPSE_PAPERS, Step.LAPSE_HOURS) else ""
    name = step.by.name if step.by is not None and not (by_owner and is_sealed) else None
    return Moment(
        step=str(kind),
        at=step.at,
        tone=tone,
        by_owner=by_owner,
        by_name=name,
        details=[] if is_sealed else _details(kind, step.facts, reader),
        note=note,
        codes=codes,
    )


def _details(kind: Step, facts: dict[str, Any], reader: Side) -> list[Reason]:
    found: list[Reason] = []
    if facts.get("channel"):
        found.append(Reason("lead_did_by_channel", {"channel": f"label:lead.channel:{facts['channel']}"}))
    if facts.get("message"):
        found.append(Reason("lead_did_message", {"words": facts["message"]}))
    if facts.get("visit_at"):
        found.append(Reason("lead_did_agree_visit", {"visit_at": facts["visit_at"]}))
    if facts.get("call_from_at"):
        found.append(
            Reason("lead_did_choose_hours", {"call_at": facts["call_from_at"], "until_at": facts["call_until_at"]})
        )
    if kind is Step.TRIED_ENOUGH:
        found.append(Reason("lead_did_try", {"count": facts["tries"]}))
    if facts.get("visited_at") and reader is Side.INSTITUTION:
        found.append(
            Reason(
                "lead_did_visit",
                {
                    "visited_at": facts["visited_at"],
                    "place": f"label:lead.place:{facts['place']}",
                    "premises": f"label:lead.premises:{facts['premises']}",
                },
            )
        )
    if facts.get("outside_hours"):
        found.append(Reason("lead_did_outside_hours"))
    if facts.get("over_limit"):
        found.append(Reason("lead_did_over_limit"))
    if facts.get("while_blocked"):
        found.append(Reason("lead_did_while_blocked"))
    if kind is Step.OFFER:
        found.append(
            Reason("lead_did_offer", {"amount_yuan": facts["amount_yuan"], "term_months": facts["term_months"]})
        )
    if kind in (Step.REPORT_PAYOUT, Step.CONFIRM_PAYOUT, Step.SETTLE_PAYOUT) and facts.get("amount_yuan"):
        found.append(Reason("lead_did_amount", {"amount_yuan": facts["amount_yuan"]}))
    if kind in (Step.RELEASE, Step.WARN, Step.OVERDUE) and facts.get("clock"):
        found.append(
            Reason("lead_did_clock", {"clock": f"label:lead.clock:{facts['clock']}", "due_at": facts["due_at"]})
        )
    if kind is Step.EXPIRE and facts.get("because"):
        found.append(Reason("lead_did_expire", {"because": f"label:lead.expired_because:{facts['because']}"}))
    return found


# The road ahead from each state: the steps that are still to come, with the clock that limits each.
_AHEAD: dict[State, list[tuple[Step, Clock | None]]] = {
    State.WAITING: [(Step.ACCEPT, Clock.ACCEPT), (Step.CONTACT, None), (Step.OFFER, None)],
    State.ACCEPTED: [(Step.CONTACT, Clock.CONTACT), (Step.OFFER, Clock.DECISION)],
    State.UNREACHED: [(Step.CHOOSE_HOURS, Clock.CALL_BACK), (Step.CONTACT, None), (Step.OFFER, Clock.DECISION)],
    State.CONTACTED: [(Step.OFFER, Clock.DECISION)],
    State.VISITED: [(Step.OFFER, Clock.DECISION)],
    State.PAPERS: [(Step.SEND_PAPERS, Clock.PAPERS), (Step.OFFER, None)],
    State.REVIEW: [(Step.OFFER, Clock.DECISION)],
    State.SECOND_LOOK: [(Step.OFFER, Clock.SECOND_LOOK)],
    State.OFFERED: [(Step.ACCEPT_OFFER, Clock.OWNER), (Step.REPORT_CONTRACT, None), (Step.REPORT_PAYOUT, None)],
    State.TAKEN: [(Step.REPORT_CONTRACT, Clock.SIGN), (Step.REPORT_PAYOUT, None)],
    State.SIGNED: [(Step.REPORT_PAYOUT, Clock.PAY)],
}


def _coming(lead: Lead) -> list[Moment]:
    state = State(lead.state)
    due = {item.clock: item.due_at for item in running_clocks(lead) if item.paused_at is None}
    ahead = list(_AHEAD.get(state, []))
    if state is State.CONTACTED and lead.visit_agreed and Clock.VISIT in due:
        ahead.insert(0, (Step.VISIT, Clock.VISIT))
    found = []
    for place, (step, limit) in enumerate(ahead):
        owners = step in _OWNERS_STEPS
        tone = ("now you" if owners else "now") if place == 0 else "next"
        found.append(
            Moment(step=f"next_{step}", at=None, tone=tone, by_owner=owners, due_at=due.get(limit) if limit else None)
        )
    return found


# After a no ---------------------------------------------------------------------------------------------------------


def others_of_need(lead: Lead) -> list[Line]:
    """The other live leads of the same need, for the page of one that ended."""
    leads = db.session.scalars(
        sa.select(Lead)
        .where(Lead.need_id == lead.need_id, Lead.id != lead.id, Lead.state.in_([str(state) for state in LIVE]))
        .options(*_for_pages())
        .order_by(Lead.id)
    ).unique()
    return [line_of(other) for other in leads]


def tried_institutions(need_id: int) -> set[int]:
    """Institutions that have or had a lead of this need: what to try next is somebody else."""
    return set(
        db.session.scalars(
            sa.select(Lead.institution_id).where(Lead.need_id == need_id, Lead.sent_at.is_not(None)).distinct()
        )
    )


def businesses_of(person_id: int) -> list[Business]:
    """The businesses for which a person may act with checked papers."""
    return list(
        db.session.scalars(
            sa.select(Business)
            .join(BusinessMember, BusinessMember.business_id == Business.id)
            .where(BusinessMember.person_id == person_id, BusinessMember.standing.in_(PROVEN))
            .order_by(Business.id)
        )
    )
