"""The books of the town: what the services of `leads` and `needs` would write, kept as plain rows by the same rules.

Every function here has a service of the same name; tests/demo replays leads through those and compares the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Any

from matchmaker.clock import SHANGHAI, date_of
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import (
    LIMITS,
    ONLY_TELL,
    PAUSED_BY_PAPERS,
    PAYOUT_ANSWER_DAYS,
    WARN_AT,
    Clock,
    Running,
)
from matchmaker.leads.rules.consents import (
    ENDS_CONSENT,
    call_refusal,
    calls_left,
    facts_of_hours,
    may_call,
    slot_on,
)
from matchmaker.leads.rules.covering import acceptance_refusal, is_enough
from matchmaker.leads.rules.offering import Offered, fees_of_offer
from matchmaker.leads.rules.reasons import tried_enough
from matchmaker.leads.rules.seen import NOTHING_SEEN, Seen
from matchmaker.leads.rules.states import ENDED, LIVE, NOTE_READ_BY_BOTH, State, Step, state_after
from matchmaker.leads.rules.working import CHECKS_AT, CHECKS_BEFORE
from matchmaker.leads.services.counting import months_after
from matchmaker.matching.rules import Track
from matchmaker.needs.rules import NeedState, NeedStep
from matchmaker.needs.rules import state_after as need_after
from matchmaker.pricing.costsheet import cost_sheet
from matchmaker.pricing.quotes import Quote, nominal_rate_percent, quote
from matchmaker.products.rules.freshness import STALE_CODE
from matchmaker.products.rules.terms import Terms
from matchmaker.reference.rules import end_of_clock, moment_of_share
from matchmaker.refusal import Reason

Row = dict[str, Any]
LATE = "LATE"
NOT_REACHED = "X02"
_STANDS = ("confirmed", "undisputed")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A paper of the town: a picture of one pixel."""


@dataclass
class Tally:
    """The counts of one track record while they grow."""

    leads: int = 0
    answered: int = 0
    decided: int = 0
    stale: int = 0
    days: list[int] = field(default_factory=list)
    as_of_at: datetime | None = None
    shown: Track = field(default_factory=Track)  # as last counted


@dataclass
class Books:
    """All rows of needs, lists and leads, with the counters that services would recount."""

    needs: list[Row] = field(default_factory=list)
    need_versions: list[Row] = field(default_factory=list)
    lists: list[Row] = field(default_factory=list)
    shown: list[Row] = field(default_factory=list)
    turned_down: list[Row] = field(default_factory=list)
    in_view: list[Row] = field(default_factory=list)
    consents: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    clocks: list[Row] = field(default_factory=list)
    paper_requests: list[Row] = field(default_factory=list)
    papers: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    contents: list[Row] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    reserves: list[Row] = field(default_factory=list)
    offers: list[Row] = field(default_factory=list)
    payouts: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    credit_lines: list[Row] = field(default_factory=list)
    tallies: dict[tuple[int, int | None], Tally] = field(default_factory=dict)
    loads: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    live: dict[int, set[int]] = field(default_factory=dict)  # manager -> live leads
    calls: dict[tuple[int, int], list[datetime]] = field(default_factory=dict)  # business, institution -> calls
    need_ends: list[tuple[datetime, int, str]] = field(default_factory=list)  # when, need, expire or withdraw
    doubts: list[tuple[datetime, int]] = field(default_factory=list)  # when a decline said that a product is stopped
    of_need: dict[int, list[LeadBook]] = field(default_factory=dict)
    lines_of: dict[int, list[Row]] = field(default_factory=dict)  # business -> credit lines

    def tally(self, institution_id: int, product_id: int | None) -> Tally:
        return self.tallies.setdefault((institution_id, product_id), Tally())

    def recount(self, institution_id: int, product_id: int, at: datetime) -> None:
        """Make the counts of an institution and of a product what everybody reads."""
        for key in (None, product_id):
            tally = self.tally(institution_id, key)
            tally.as_of_at = at
            tally.shown = Track(
                tally.leads,
                tally.answered,
                tally.decided,
                len(tally.days),
                median_low(tally.days) if tally.days else None,
            )

    def tracks(self, institution_id: int, product_id: int | None) -> Track:
        """What became of the leads of an institution (or of one product), as last counted."""
        found = self.tallies.get((institution_id, product_id))
        return found.shown if found else Track()

    def recount_workload(self, person_id: int | None, at: datetime) -> None:
        if person_id is not None:
            self.loads[person_id] = (len(self.live.get(person_id, ())), at)

    def keep_document(self, filename: str, by: int, at: datetime, *, kind: str = "other", content: bytes = PIXEL,
                      deleted_at: datetime | None = None) -> int:  # fmt: skip
        """A document with its content, or with the day on which it was destroyed; answers its number."""
        number = len(self.documents) + 1
        self.documents.append(
            {
                "id": number, "kind": kind, "filename": filename, "media_type": "image/png", "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(), "uploaded_by_id": by, "uploaded_at": at,
                "deleted_at": deleted_at,
            }
        )  # fmt: skip
        if deleted_at is None:
            self.contents.append({"document_id": number, "content": content})
        return number

    def move_need(self, need: Row, step: NeedStep) -> None:
        """Let a need take a step by its own state table."""
        after = need_after(need["state"], step)
        assert after is not None, (need["state"], step)
        need["state"] = after.value
        if after is NeedState.WITHDRAWN:
            assert need["withdrawn_at"] is not None


class LeadBook:
    """One lead with its clocks: the plain twin of `leads.models.Lead` and of the services that move it."""

    def __init__(self, books: Books, need: Row, *, business: Row, institution: tuple[int, str], product_id: int,
                 version_id: int, terms: Terms, kind: str, branch_id: int | None, chosen_by_id: int, list_id: int,
                 place: int) -> None:  # fmt: skip
        self.books, self.need, self.terms, self.kind = books, need, terms, kind
        self.institution_id, self.institution_name = institution
        self.product_id = product_id
        self.clocks: list[Row] = []
        self.steps: list[Row] = []
        self.offers: list[Row] = []
        self.payouts: list[Row] = []
        self.consent: Row = {}
        self.request: Row | None = None
        self.papers: list[Row] = []
        self.outcome: Row = {}
        self.row: Row = {
            "id": len(books.leads) + 1, "need_id": need["id"], "need_number": need["current_number"],
            "business_id": business["id"], "institution_id": self.institution_id, "branch_id": branch_id,
            "product_version_id": version_id, "consent_id": None, "state": str(State.DRAFT), "manager_id": None,
            "chosen_by_id": chosen_by_id, "created_at": None, "sent_at": None, "accepted_at": None, "contacted_at": None,
            "visit_at": None, "visit_agreed": False, "pause_used_at": None, "decline_codes": None, "declined_by_id": None,
            "second_looks": 0, "second_look_not_by_id": None, "call_from_at": None, "call_until_at": None, "end_code": None, "ended_at": None, "shown_list_id": list_id, "shown_place": place,
        }  # fmt: skip
        books.leads.append(self.row)
        books.of_need.setdefault(need["id"], []).append(self)

    # What it is ------------------------------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def state(self) -> State:
        return State(self.row["state"])

    def is_in(self, *states: State) -> bool:
        """Whether it stands in one of these states now."""
        return self.state in states

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def manager_id(self) -> int:
        return int(self.row["manager_id"])

    @property
    def offer(self) -> Row:
        return self.offers[-1]

    @property
    def payout(self) -> Row:
        return self.payouts[-1]

    def open_clock(self, kind: Clock) -> Row | None:
        return next((row for row in self.clocks if row["kind"] == kind and row["stopped_at"] is None), None)

    def next_deadline(self) -> tuple[datetime, Row | None]:
        """When something happens by itself: a clock that runs out, or (None) the consent's end."""
        found: list[tuple[datetime, Row | None]] = [
            (row["due_at"], row) for row in self.clocks if row["stopped_at"] is None and row["paused_at"] is None
        ]
        if self.state not in (State.TAKEN, State.SIGNED) and self.is_live:
            found.append((self.consent["ends_at"], None))
        return min(found, key=lambda pair: pair[0], default=(datetime.max.replace(tzinfo=SHANGHAI), None))

    # The step itself (leads.services.stepping) -----------------------------------------------------------------------

    def take(self, step: Step, at: datetime, *, by: int | None, code: str | None = None, note: str | None = None,
             late_clock: Row | None = None, **facts: Any) -> None:  # fmt: skip
        """As `take`: state, clocks, consent and trace."""
        after = state_after(self.row["state"], step)
        assert not isinstance(after, Reason), (self.row["state"], step)
        before = self.state
        self._turn_clocks(step, at, late_clock)
        self.row["state"] = str(after)
        if after in ENDED and before not in ENDED:
            self.row["ended_at"], self.row["end_code"] = at, code
        row = {
            "lead_id": self.id, "number": len(self.steps) + 1, "step": str(step), "from_state": str(before),
            "to_state": str(after), "by_id": by, "at": at, "code": code, "note": note or None,
            "note_for_both": step in NOTE_READ_BY_BOTH, "facts": facts,
        }  # fmt: skip
        self.steps.append(row)
        self.books.steps.append(row)
        if after in ENDED and before not in ENDED:
            self._end(after, at)
        elif step is Step.WITHDRAW:
            self._end_consent("withdrawn", at)

    def start_clock(self, kind: Clock, at: datetime, *, due_at: datetime | None = None) -> Row:
        row = {
            "lead_id": self.id, "kind": str(kind), "days": LIMITS[kind].days, "started_at": at,
            "due_at": due_at or clocks.due_after(kind, at), "warned_at": None, "paused_at": None, "paused_seconds": 0,
            "stopped_at": None, "outcome": None,
        }  # fmt: skip
        self.clocks.append(row)
        self.books.clocks.append(row)
        return row

    def _turn_clocks(self, step: Step, at: datetime, late_clock: Row | None) -> None:
        for row in self.clocks:
            if row["stopped_at"] is None and step in LIMITS[Clock(row["kind"])].ends_with:
                missed = row["kind"] == Clock.VISIT and step is not Step.VISIT
                self._stop(row, at, "void" if missed else "kept" if at <= row["due_at"] else "late")
        if step is Step.ASK_PAPERS:
            for kind in PAUSED_BY_PAPERS:
                paused = self.open_clock(kind)
                if paused is not None:
                    paused["paused_at"] = at
        elif step in (Step.SEND_PAPERS, Step.LAPSE_PAPERS):
            self._resume(at)
        if late_clock is not None:
            self._stop(late_clock, at, "late")

    def _resume(self, at: datetime) -> None:
        until = min(at, self.request["due_at"]) if self.request is not None else at
        for row in self.clocks:
            if row["stopped_at"] is None and row["paused_at"] is not None:
                resumed_at = max(until, row["paused_at"])
                row["due_at"] = clocks.due_after_pause(row["due_at"], row["paused_at"], resumed_at)
                row["paused_seconds"] += int((resumed_at - row["paused_at"]).total_seconds())
                row["paused_at"] = None

    def _stop(self, row: Row, at: datetime, outcome: str) -> None:
        row["stopped_at"], row["outcome"], row["paused_at"] = at, outcome, None
        if row["kind"] == Clock.ACCEPT and outcome == "kept":
            for key in (None, self.product_id):
                self.books.tally(self.institution_id, key).answered += 1

    def _end_consent(self, because: str, at: datetime) -> None:
        if self.consent.get("ended_at") is None:
            self.consent["ended_at"], self.consent["ended_because"] = at, because

    def _end(self, after: State, at: datetime) -> None:
        for row in self.clocks:
            if row["stopped_at"] is None:
                self._stop(row, at, "void")
        self._end_consent(str(ENDS_CONSENT[after]), at)
        manager = self.row["manager_id"]
        if manager is not None:
            self.books.live.setdefault(manager, set()).discard(self.id)
        self.books.recount_workload(manager, at)
        if after is not State.PAID_OUT and not any(other.is_live for other in self.books.of_need[self.need["id"]]):
            self.books.move_need(self.need, NeedStep.ALL_ENDED)

    def _recount(self, at: datetime) -> None:
        self.books.recount(self.institution_id, self.product_id, at)

    def _decided_first_time(self) -> None:
        if sum(row["step"] in (Step.OFFER, Step.DECLINE) for row in self.steps) == 1:
            for key in (None, self.product_id):
                self.books.tally(self.institution_id, key).decided += 1

    def _note_outcome(self, at: datetime, *, decided_at: datetime | None, funded: bool | None, code: str | None = None,
                      amount: Decimal | None = None, offered_at: datetime | None = None) -> None:  # fmt: skip
        self.outcome |= {
            "decided_at": decided_at, "offered_at": self.outcome["offered_at"] or offered_at, "known_at": None if funded is None else at, "funded": funded,
            "reason_code": code, "amount_yuan": amount,
        }  # fmt: skip

    # The owner -------------------------------------------------------------------------------------------------------

    def send(self, at: datetime, *, fields: Sequence[str], hours: Sequence[str], ends_at: datetime) -> None:
        by = self.row["chosen_by_id"]
        self.consent = {
            "id": len(self.books.consents) + 1, "need_id": self.need["id"], "business_id": self.row["business_id"],
            "institution_id": self.institution_id, "purpose": "decide_on_need", "fields": list(fields),
            "hours": facts_of_hours(hours), "given_by_id": by, "given_at": at, "ends_at": ends_at, "ended_at": None,
            "ended_because": None,
        }  # fmt: skip
        self.books.consents.append(self.consent)
        self.row |= {"consent_id": self.consent["id"], "created_at": at, "sent_at": at}
        self.start_clock(Clock.ACCEPT, at)
        self.take(Step.SEND, at, by=by, fields=list(fields), ends_at=ends_at, place=self.row["shown_place"])
        self.books.move_need(self.need, NeedStep.SEND)
        self.outcome = {
            "id": len(self.books.outcomes) + 1, "lead_id": self.id, "need_id": self.need["id"],
            "product_version_id": self.row["product_version_id"], "institution_id": self.institution_id,
            "shown_list_id": self.row["shown_list_id"], "place": self.row["shown_place"], "sent_at": at,
            "decided_at": None, "offered_at": None, "known_at": None, "funded": None, "amount_yuan": None,
            "reason_code": None, "source": "lead",
        }  # fmt: skip
        self.books.outcomes.append(self.outcome)
        for key in (None, self.product_id):
            self.books.tally(self.institution_id, key).leads += 1
        self._recount(at)

    def send_papers(self, at: datetime, *, note: str = "", content: bytes, keep: bool) -> None:
        assert self.request is not None
        by = self.row["chosen_by_id"]
        for item in self.request["items"]:
            document_id = self.books.keep_document(
                f"材料{item['number']}.png",
                by,
                at,
                content=content,
                deleted_at=None if keep else at + timedelta(days=60),
            )
            paper = {
                "lead_id": self.id, "request_id": self.request["id"], "item_number": item["number"],
                "document_id": document_id, "added_by_id": by, "added_at": at, "sent_at": at,
            }  # fmt: skip
            self.papers.append(paper)
            self.books.papers.append(paper)
        self.take(Step.SEND_PAPERS, at, by=by, note=note, count=len(self.request["items"]))
        self.request["answered_at"] = at

    def give_up(self, at: datetime, *, code: str, note: str = "") -> None:
        by = self.row["chosen_by_id"]
        if self.state is State.OFFERED and self.offers and self.offer["answer"] is None:
            self.offer.update({"answer": "declined", "answered_at": at, "answered_by_id": by, "answer_code": code})
        self.take(Step.GIVE_UP, at, by=by, code=code, note=note)
        self._note_outcome(at, decided_at=at, funded=False, code=code)
        self._recount(at)

    def withdraw(self, at: datetime) -> None:
        signed = self.state is State.SIGNED
        self.take(Step.WITHDRAW, at, by=self.row["chosen_by_id"])
        if not signed:
            self._recount(at)

    def nobody_called(self, at: datetime) -> None:
        self.take(Step.NOBODY_CALLED, at, by=self.row["chosen_by_id"])

    def accept_offer(self, at: datetime) -> None:
        by = self.row["chosen_by_id"]
        self.take(Step.ACCEPT_OFFER, at, by=by, number=self.offer["number"])
        self.start_clock(Clock.SIGN, at)
        self.offer.update({"answer": "accepted", "answered_at": at, "answered_by_id": by})

    def refuse_offer(self, at: datetime, *, code: str, note: str = "") -> None:
        by = self.row["chosen_by_id"]
        self.offer.update({"answer": "declined", "answered_at": at, "answered_by_id": by, "answer_code": code})
        self.take(Step.REFUSE_OFFER, at, by=by, code=code, note=note, number=self.offer["number"])
        self._note_outcome(at, decided_at=self.offer["made_at"], funded=False, code=code)

    def confirm_payout(self, at: datetime) -> None:
        by = self.row["chosen_by_id"]
        self.take(Step.CONFIRM_PAYOUT, at, by=by, amount_yuan=self.payout["amount_yuan"])
        self.payout.update({"standing": "confirmed", "answered_at": at, "answered_by_id": by})
        self._money_stands(at)

    def dispute_payout(self, at: datetime, *, words: str) -> None:
        by = self.row["chosen_by_id"]
        self.take(Step.DISPUTE_PAYOUT, at, by=by, note=words)
        self.payout.update({"standing": "disputed", "answered_at": at, "answered_by_id": by, "dispute_note": words})

    # The institution -------------------------------------------------------------------------------------------------

    def accept(self, at: datetime, *, by: int) -> None:
        self.row |= {"accepted_at": at, "manager_id": by}
        self.take(Step.ACCEPT, at, by=by)
        self.start_clock(Clock.CONTACT, at)
        self.start_clock(Clock.DECISION, at)
        self.books.live.setdefault(by, set()).add(self.id)
        self.books.recount_workload(by, at)
        self._recount(at)

    def try_contact(self, at: datetime, *, channel: str = "call", note: str = "") -> None:
        if channel == "call":
            if call_refusal(self.consent["hours"], self._calls, at) is not None:
                return  # nobody calls beyond the budget
            self._calls.append(at)
        self.take(Step.TRY_CONTACT, at, by=self.manager_id, note=note, channel=channel)
        tries = [row["at"] for row in self.steps if row["step"] == Step.TRY_CONTACT]
        if self.state is State.ACCEPTED and self.row["call_from_at"] is None and tried_enough(tries):
            self.take(Step.TRIED_ENOUGH, at, by=self.manager_id, tries=len(tries))
            self.start_clock(Clock.CALL_BACK, at)

    def choose_hours(self, at: datetime, *, on: date, slot: str) -> None:
        """As `answering.choose_hours`, for a slot that the consent names already."""
        assert slot in self.consent["hours"]
        start, end = slot_on(on, slot)
        self.take(Step.CHOOSE_HOURS, at, by=self.row["chosen_by_id"], call_from_at=start, call_until_at=end)
        self.row |= {"call_from_at": start.astimezone(UTC), "call_until_at": end.astimezone(UTC)}
        self._calls.clear()  # the owner asks for a call: the count begins anew
        self.start_clock(Clock.CONTACT, at, due_at=max(end, clocks.end_of_day(on)))

    def contact(
        self, at: datetime, *, channel: str, note: str = "", message: str = "", visit_at: datetime | None = None
    ) -> None:
        first_at = self.row["contacted_at"] or at
        facts = self._call_facts(channel, at) | ({"message": message} if channel == "message" else {})
        self.take(
            Step.CONTACT, at, by=self.manager_id, note=note, channel=channel, visit_agreed=visit_at is not None,
            visit_at=visit_at, **facts,
        )  # fmt: skip
        self.row["contacted_at"] = first_at
        if visit_at is not None:
            self.row |= {"visit_agreed": True, "visit_at": visit_at}
            if self.open_clock(Clock.VISIT) is None:
                self.start_clock(Clock.VISIT, first_at)

    def visit(
        self, at: datetime, *, visited_at: datetime, note: str, place: str = "shop", premises: str = "seen"
    ) -> None:
        self.take(Step.VISIT, at, by=self.manager_id, note=note, visited_at=visited_at, place=place, premises=premises)

    def ask_papers(self, at: datetime, *, items: Sequence[Mapping[str, str]]) -> None:
        wanted = [{"number": n, "what": item["what"], "why": item["why"]} for n, item in enumerate(items, start=1)]
        self.take(Step.ASK_PAPERS, at, by=self.manager_id, note="", count=len(wanted))
        owners = self.start_clock(Clock.PAPERS, at)
        self.row["pause_used_at"] = at
        self.request = {
            "id": len(self.books.paper_requests) + 1, "lead_id": self.id, "items": wanted, "asked_by_id": self.manager_id,
            "asked_at": at, "due_at": owners["due_at"], "answered_at": None, "lapsed_at": None,
        }  # fmt: skip
        self.books.paper_requests.append(self.request)

    def start_review(self, at: datetime) -> None:
        self.take(Step.START_REVIEW, at, by=self.manager_id, note="")

    def record_checks(self, at: datetime, *, phase: str, results: Mapping[str, tuple[str, str]]) -> None:
        self.take(Step.RECORD_CHECKS, at, by=self.manager_id, phase=phase, items=sorted(results))
        for item in CHECKS_BEFORE if phase == "before" else CHECKS_AT:
            if item in results:
                self.books.checks.append(
                    {
                        "lead_id": self.id, "phase": phase, "item": item, "result": results[item][0],
                        "evidence": results[item][1], "by_id": self.manager_id, "at": at,
                    }
                )  # fmt: skip

    def decline(
        self, at: datetime, *, codes: Sequence[str], by: int, seen: Seen = NOTHING_SEEN, note: str = ""
    ) -> None:
        chosen = list(codes)
        self.row |= {"decline_codes": chosen, "declined_by_id": by}
        self.take(
            Step.DECLINE, at, by=by, code=chosen[0], note=note, codes=chosen, from_second_look=False, **seen.as_json()
        )
        self._decided_first_time()
        self._note_outcome(at, decided_at=at, funded=False, code=chosen[0])
        self._recount(at)
        if STALE_CODE in chosen:
            for key in (None, self.product_id):
                self.books.tally(self.institution_id, key).stale += 1
            self.books.doubts.append((at, self.product_id))

    def make_offer(
        self, at: datetime, *, offered: Offered, lpr: Any, prices: dict[Any, Quote], conditions: str = ""
    ) -> None:
        rate, lpr_percent, lpr_on = rate_of(self.terms, offered, lpr)
        fees = fees_of_offer(self.terms, offered.fee_values)
        key = (self.row["product_version_id"], offered.amount_yuan, offered.term_months, rate, offered.repayment)
        priced = prices.get(key)
        if priced is None:
            found = quote(offered.amount_yuan, offered.term_months, rate, offered.repayment, fees)
            assert isinstance(found, Quote)
            priced = prices[key] = found
        sheet = cost_sheet(priced, lender=self.institution_name)
        self.take(
            Step.OFFER,
            at,
            by=self.manager_id,
            note="",
            amount_yuan=offered.amount_yuan,
            term_months=offered.term_months,
        )
        offer = {
            "lead_id": self.id, "number": len(self.offers) + 1, "amount_yuan": offered.amount_yuan,
            "term_months": offered.term_months, "rate_base": str(self.terms.rate_base),
            "spread_bp": None if self.terms.rate_base == "FIXED" else offered.spread_bp, "lpr_percent": lpr_percent,
            "lpr_on": lpr_on, "rate_percent": rate, "repayment": offered.repayment, "fees": [vars(fee) for fee in fees],
            "conditions": conditions, "cost_sheet": sheet.as_json(), "valid_until_on": offered.valid_until_on,
            "made_by_id": self.manager_id, "made_at": at, "answered_at": None, "answered_by_id": None, "answer": None,
            "answer_code": None, "contract_number": None, "contract_on": None,
        }  # fmt: skip
        self.offers.append(offer)
        self.books.offers.append(offer)
        self.start_clock(Clock.OWNER, at, due_at=clocks.end_of_day(offered.valid_until_on))
        self._decided_first_time()
        self._note_outcome(at, decided_at=at, funded=None, offered_at=at)
        self._recount(at)

    def report_contract(self, at: datetime, *, contract_number: str) -> None:
        signed_on = date_of(at)
        self.take(
            Step.REPORT_CONTRACT, at, by=self.manager_id, note="", contract_number=contract_number, signed_on=signed_on
        )
        self.start_clock(Clock.PAY, at)
        self.offer.update({"contract_number": contract_number, "contract_on": signed_on})

    def report_payout(self, at: datetime, *, amount_yuan: Decimal, reference: str) -> None:
        paid_on = date_of(at)
        self.take(Step.REPORT_PAYOUT, at, by=self.manager_id, note="", amount_yuan=amount_yuan, paid_on=paid_on)
        payout = {
            "lead_id": self.id, "amount_yuan": amount_yuan, "paid_on": paid_on, "reference": reference,
            "reported_by_id": self.manager_id, "reported_at": at, "due_at": end_of_clock(at, PAYOUT_ANSWER_DAYS, "working"),
            "standing": "reported", "answered_at": None, "answered_by_id": None, "dispute_note": None,
        }  # fmt: skip
        self.payouts.append(payout)
        self.books.payouts.append(payout)

    # The clocks ------------------------------------------------------------------------------------------------------

    def pass_time(self, until: datetime) -> None:
        """Warn about every clock of which three quarters are used up by `until`, in order of time."""
        while self.is_live:
            soon = [(self._warns_at(row), row) for row in self.clocks
                    if row["stopped_at"] is None and row["paused_at"] is None and row["warned_at"] is None]  # fmt: skip
            at, row = min(soon, key=lambda pair: pair[0], default=(None, None))
            if at is None or row is None or at >= until:
                return
            self.take(Step.WARN, at, by=None, clock=row["kind"], due_at=row["due_at"])
            row["warned_at"] = at

    def _warns_at(self, row: Row) -> datetime:
        limit = LIMITS[Clock(row["kind"])]
        if limit.kind == "working":
            at = moment_of_share(row["started_at"], row["due_at"], WARN_AT, "working")
        else:
            pause = timedelta(seconds=row["paused_seconds"])
            at = row["started_at"] + pause + (row["due_at"] - row["started_at"] - pause) * WARN_AT
        minute = at.replace(second=0, microsecond=0)
        return minute if minute == at else minute + timedelta(minutes=1)

    def run_out(self, at: datetime, row: Row | None) -> None:
        """What happens by itself when a clock or the consent has run out."""
        if row is None:
            self._expire(at, "consent")
        elif row["kind"] == Clock.PAPERS:
            self.take(Step.LAPSE_PAPERS, at, by=None, late_clock=row)
            assert self.request is not None
            self.request["lapsed_at"] = at
        elif row["kind"] == Clock.CALL_BACK:
            self.row |= {"decline_codes": [NOT_REACHED], "declined_by_id": None}
            self.take(Step.LAPSE_HOURS, at, by=None, code=NOT_REACHED, late_clock=row, codes=[NOT_REACHED])
            self._note_outcome(at, decided_at=at, funded=False, code=NOT_REACHED)
            self._recount(at)
        elif row["kind"] in ONLY_TELL:
            self.take(Step.OVERDUE, at, by=None, late_clock=row, clock=row["kind"], due_at=row["due_at"])
        elif row["kind"] == Clock.OWNER:
            self._expire(at, "offer")
        else:
            self.take(Step.RELEASE, at, by=None, late_clock=row, clock=row["kind"], due_at=row["due_at"])
            self._note_outcome(at, decided_at=at, funded=False, code=LATE)
            self._recount(at)

    def _expire(self, at: datetime, because: str) -> None:
        self.take(Step.EXPIRE, at, by=None, because=because)
        self._recount(at)

    def settle_payout(self, at: datetime) -> None:
        self.take(Step.SETTLE_PAYOUT, at, by=None, amount_yuan=self.payout["amount_yuan"])
        self.payout.update({"standing": "undisputed", "answered_at": at})
        self._money_stands(at)

    def _money_stands(self, at: datetime) -> None:
        offer, payout = self.offer, self.payout
        self._note_outcome(at, decided_at=offer["made_at"], funded=True, amount=payout["amount_yuan"])
        line = {
            "business_id": self.row["business_id"], "institution_name": self.institution_name,
            "institution_id": self.institution_id, "kind": "guarantee" if self.kind == "guarantee" else "loan",
            "amount_yuan": payout["amount_yuan"], "balance_yuan": payout["amount_yuan"],
            "security_code": next(iter(self.terms.securities), "CREDIT"), "started_on": payout["paid_on"],
            "matures_on": months_after(payout["paid_on"], offer["term_months"]), "source": "paid_out",
            "as_of_on": payout["paid_on"],
        }  # fmt: skip
        self.books.credit_lines.append(line)
        self.books.lines_of.setdefault(self.row["business_id"], []).append(line)
        days = max(0, (payout["paid_on"] - date_of(self.row["sent_at"])).days)
        for key in (None, self.product_id):
            self.books.tally(self.institution_id, key).days.append(days)
        self._recount(at)
        state, asked = self.need["state"], self.books.need_versions[self.need["id"] - 1]["amount_yuan"]
        mine = self.books.of_need[self.need["id"]]
        stood = [row["amount_yuan"] for lead in mine for row in lead.payouts if row["standing"] in _STANDS]
        is_live = state in (NeedState.OPEN, NeedState.IN_PROGRESS)
        if state == NeedState.FUNDED or (is_live and is_enough(asked, stood)):
            self.books.move_need(self.need, NeedStep.FUND)
        elif is_live and not any(lead.is_live for lead in mine):
            self.books.move_need(self.need, NeedStep.ALL_ENDED)

    def may_accept_offer(self) -> bool:
        """Whether the offer fits beside those of the same need that were accepted (leads.rules.covering)."""
        asked = self.books.need_versions[self.need["id"] - 1]["amount_yuan"]
        agreed = []
        for lead in self.books.of_need[self.need["id"]]:
            if lead is self or lead.kind != self.kind:
                continue
            if lead.is_in(State.TAKEN, State.SIGNED):
                agreed.append(lead.offer["amount_yuan"])
            agreed += [row["amount_yuan"] for row in lead.payouts if row["standing"] != "disputed"]
        return acceptance_refusal(asked, agreed, self.offer["amount_yuan"]) is None

    # Calls -----------------------------------------------------------------------------------------------------------

    @property
    def _calls(self) -> list[datetime]:
        """When this institution called this business, over all its leads, since the owner last chose hours."""
        return self.books.calls.setdefault((self.row["business_id"], self.institution_id), [])

    def _call_facts(self, channel: str, at: datetime) -> dict[str, Any]:
        if channel != "call":
            return {}
        facts: dict[str, Any] = {}
        if not may_call(self.consent["hours"], at):
            facts["outside_hours"] = True
        if not calls_left(self._calls, at)[0]:
            facts["over_limit"] = True
        self._calls.append(at)
        return facts

    def running(self, row: Row) -> Running:
        """A clock as the rules take it."""
        return Running(
            Clock(row["kind"]), row["started_at"], row["due_at"], row["warned_at"], row["paused_at"], row["paused_seconds"],
            row["stopped_at"], row["days"],
        )  # fmt: skip


def rate_of(terms: Terms, offered: Offered, lpr: Any) -> tuple[Decimal, Decimal | None, date | None]:
    """The yearly rate of an offer, with the LPR it rests on and its date (leads.services.offering.price_offer)."""
    if terms.rate_base == "FIXED":
        return offered.rate_percent or Decimal(0), None, None
    percent = lpr.one_year_percent if terms.rate_base == "LPR1Y" else lpr.five_year_percent
    rate = nominal_rate_percent(
        str(terms.rate_base), offered.spread_bp, None, lpr.one_year_percent, lpr.five_year_percent
    )
    return rate, percent, lpr.published_on
