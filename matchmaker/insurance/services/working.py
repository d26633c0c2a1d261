"""What the desk of an insurer does with a request: take it up, take it over, quote, decline."""

from __future__ import annotations

from collections.abc import Sequence

from matchmaker import clock
from matchmaker.db import db
from matchmaker.insurance.models import CoverQuote, CoverRequest
from matchmaker.insurance.rules import clocks
from matchmaker.insurance.rules.quoting import Quoted, quote_refusals
from matchmaker.insurance.rules.reasons import decline_refusal
from matchmaker.insurance.rules.states import State, Step
from matchmaker.insurance.services.stepping import Actor, take
from matchmaker.insurance.services.telling import tell_insurer, tell_owner
from matchmaker.leads.rules.clocks import end_of_day
from matchmaker.refusal import Refused


def accept(request: CoverRequest, *, by: Actor) -> CoverRequest:
    """Take a request up: from now on one named person carries it, and the days that the cover promises run."""
    due_at = clocks.quote_due(clock.now(), request.cover_version.answer_days)
    take(request, Step.ACCEPT, by=by, due_at=due_at)
    db.session.refresh(request, ["handler"])
    tell_owner(request, "cover_told_accepted", about="accepted", due_at=due_at)
    return request


def take_over(request: CoverRequest, *, by: Actor) -> CoverRequest:
    """Carry what a colleague carried, or what nobody carries since somebody left; the clock runs on."""
    if request.handler_id == by.id:
        raise Refused("cover_yours_already")
    take(request, Step.TAKE_OVER, by=by)
    request.handler_id = by.id
    db.session.flush()
    db.session.refresh(request, ["handler"])
    return request


def give_quote(request: CoverRequest, quoted: Quoted, *, by: Actor) -> CoverQuote:
    """Quote to this owner alone. Raises Refused at the first field that cannot be, 403 where a colleague carries it."""
    if request.handler_id != by.id:
        raise Refused("cover_not_yours", status=403)
    refusals = quote_refusals(quoted, request.cover_version.terms, clock.today())
    if refusals:
        raise Refused(refusals[0][1].code, refusals[0][0], 422, **refusals[0][1].facts)
    take(request, Step.QUOTE, by=by, due_at=end_of_day(quoted.valid_until_on))
    quote = CoverQuote(
        request_id=request.id,
        premium_yuan=quoted.premium_yuan,
        plan=quoted.plan,
        sum_insured_yuan=quoted.sum_insured_yuan,
        period=quoted.period,
        starts_on=quoted.starts_on,
        deductible=quoted.deductible,
        exclusions=quoted.exclusions,
        conditions=quoted.conditions,
        papers_wanted=list(quoted.papers_wanted),
        valid_until_on=quoted.valid_until_on,
        made_by_id=by.id,
        made_at=clock.now(),
    )
    request.quotes.append(quote)
    db.session.flush()
    tell_owner(request, "cover_told_quote", about="quote", valid_until_on=quoted.valid_until_on)
    return quote


def decline(request: CoverRequest, *, codes: Sequence[str], reason: str, by: Actor) -> CoverRequest:
    """Do not quote, with codes and a sentence for the owner; the consent ends, the page shows the way on."""
    no = decline_refusal(codes, reason)
    if no is not None:
        raise Refused(no[1].code, no[0], 422, **no[1].facts)
    take(request, Step.DECLINE, by=by, code=codes[0], note=reason.strip(), codes=list(codes))
    tell_owner(
        request, "cover_told_declined", about="declined", reasons=[f"label:cover.decline_code:{code}" for code in codes]
    )
    return request


def hand_back(request: CoverRequest) -> None:
    """Whoever carried it has left the insurer: a colleague takes it over, the clock runs on."""
    if request.handler_id is None or request.state not in (State.ACCEPTED, State.QUOTED, State.TAKEN):
        return
    take(request, Step.HAND_BACK, by=None)
    request.handler_id = None
    db.session.flush()
    db.session.refresh(request, ["handler"])
    tell_insurer(request, "cover_staff_left", about=f"left:{request.row_version}")
