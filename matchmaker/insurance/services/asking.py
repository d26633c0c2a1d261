"""The owner asks one insurer for a quote with a consent, answers the quote, takes the consent back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.businesses.mandates import helper_scope, why_beyond_mandate
from matchmaker.businesses.models import Business
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db
from matchmaker.insurance.models import CoverConsent, CoverRequest
from matchmaker.insurance.queries import requests, zone
from matchmaker.insurance.rules import clocks
from matchmaker.insurance.rules.questions import answer_refusals, questions_of
from matchmaker.insurance.rules.quoting import INSTALMENTS
from matchmaker.insurance.rules.reasons import OWNER_CODES
from matchmaker.insurance.rules.states import MOST_LIVE, State, Step, state_after
from matchmaker.insurance.services import giving
from matchmaker.insurance.services.stepping import Actor, take
from matchmaker.insurance.services.telling import tell_insurer, tell_owner
from matchmaker.leads.rules.consents import HOURS, facts_of_hours
from matchmaker.products.cover.models import CoverVersion
from matchmaker.products.cover.queries import listed
from matchmaker.refusal import Reason, Refused


def why_not_asked(version: CoverVersion, business: Business, person: Person) -> Reason | None:
    """Why this person cannot ask for this cover now, or None; asked by the page and again on sending.

    Codes: `cover_not_listed`, `cover_not_for_business`, `lead_member_not_checked`, `lead_contact_missing`,
    `cover_asked_already`, `cover_three_live`.
    """
    today = clock.today()
    now_listed = listed(version.cover_id, today)
    if now_listed is None or now_listed.id != version.id:
        return Reason("cover_not_listed")
    outside = next((one for one in zone.verdicts_for(version, business, today) if one.failed), None)
    if outside is not None:
        return Reason("cover_not_for_business", {"rule": f"label:match.rule:{outside.rule}"})
    member = requests.member_of(business.id, person.id)
    helps = helper_scope(business.id, person.id) == "act"
    if not helps and (member is None or member.standing not in PROVEN):
        return Reason("lead_member_not_checked", {"standing": member.standing if member is not None else "none"})
    if not person.phone:
        return Reason("lead_contact_missing")
    live = requests.live_on_line(business.id, version.cover.line)
    if any(request.cover_version.cover_id == version.cover_id for request in live):
        return Reason("cover_asked_already")
    if len(live) >= MOST_LIVE:
        return Reason("cover_three_live", {"live": len(live), "most": MOST_LIVE})
    return None


def ask(
    version: CoverVersion,
    business: Business,
    *,
    answers: Mapping[str, str],
    hours: Sequence[str],
    days: int,
    papers: Sequence[int] = (),
    by: Person,
) -> CoverRequest:
    """Give one insurer a consent and a request about one cover, as that cover stands now.

    `answers` as of `rules.questions.answer_refusals`, `days` one of `rules.clocks.ENDS_IN_DAYS`. The business is locked
    first, so that however many are sent at once at most three are live on a line. Raises Refused with a code of
    `why_not_asked`, of the answers at their fields, `lead_consent_hours_unknown`, `cover_choice_unknown`, of
    `giving.give`. `papers`: those of the folder that go with it.
    """
    requests.lock_business(business.id)
    no = why_not_asked(version, business, by)
    if no is not None:
        raise Refused(no.code, **no.facts)
    refusals = answer_refusals(answers, version.terms, clock.today())
    if refusals:
        raise Refused(refusals[0][1].code, refusals[0][0], 422, **refusals[0][1].facts)
    if any(slot not in HOURS for slot in hours):
        raise Refused("lead_consent_hours_unknown", "hours", 422, slot="")
    if days not in clocks.ENDS_IN_DAYS:
        raise Refused("cover_choice_unknown", "until", 422)
    now = clock.now()
    due_at = clocks.accept_due(now)
    consent = CoverConsent(
        business_id=business.id,
        institution_id=version.institution_id,
        fields=list(requests.CONSENT_FIELDS),
        hours=facts_of_hours(hours),
        given_by_id=by.id,
        given_at=now,
        ends_at=clocks.consent_end(now, days),
    )
    request = CoverRequest(
        business=business,
        institution=version.cover.institution,
        cover_version=version,
        consent=consent,
        state=str(State.WAITING),
        answers={question.code: answers[question.code] for question in questions_of(version.cover.line)},
        asked_by_id=by.id,
        asked_at=now,
        clock_started_at=now,
        due_at=due_at,
    )
    db.session.add(request)
    db.session.flush()
    take(request, Step.ASK, by=by)
    if papers:
        giving.give(request, papers, tell=False, by=by)
    tell_owner(request, "cover_told_sent", about="sent", ends_at=consent.ends_at, due_at=due_at)
    tell_insurer(request, "cover_staff_new", about="new", due_at=due_at)
    return request


def accept_quote(request: CoverRequest, *, by: Actor) -> CoverRequest:
    """The owner wants what was quoted. The insurer is told; contract and payment are with it, none of it here.

    A helper may say so up to the sum of their mandate, the premium of the whole period counted: raises Refused with a
    code of `mandates.why_beyond_mandate`.
    """
    quote = request.quote
    if quote is not None and quote.valid_until_on < clock.today():
        raise Refused("cover_quote_over", until_on=quote.valid_until_on)
    if request.consent.can_be_undone_until is not None:
        raise Refused("lead_withdrawing")
    if quote is not None and by.id not in requests.owners_of(request.business_id):
        if INSTALMENTS[quote.plan] is None:  # by shipment or day: nobody knows what it comes to
            raise Refused("cover_mandate_open_sum")
        beyond = why_beyond_mandate(request.business_id, by.id, quote.premium_yuan)
        if beyond is not None:
            raise Refused(beyond.code, **beyond.facts)
    take(request, Step.ACCEPT_QUOTE, by=by)
    _answered(request, "accepted", None, by)
    tell_insurer(request, "cover_staff_taken", about="taken")
    return request


def refuse_quote(request: CoverRequest, *, code: str, by: Actor) -> CoverRequest:
    """The owner does not want what was quoted, and says why by one code; the consent ends."""
    if code not in OWNER_CODES:
        raise Refused("lead_owner_code_unknown", "code", 422)
    take(request, Step.REFUSE_QUOTE, by=by, code=code)
    _answered(request, "refused", code, by)
    tell_insurer(request, "cover_staff_refused", about="refused", reason=f"label:cover.owner_code:{code}")
    return request


def _answered(request: CoverRequest, answer: str, code: str | None, by: Actor) -> None:
    quote = request.quote
    assert quote is not None
    with db.session.no_autoflush:
        quote.answer, quote.answer_code = answer, code
        quote.answered_at, quote.answered_by_id = clock.now(), by.id
    db.session.flush()


def withdraw(request: CoverRequest, *, by: Actor) -> CoverRequest:
    """Take the consent back: sealed from this instant, for good after five minutes, until then undone by one tap."""
    after = state_after(request.state, Step.WITHDRAW)
    if isinstance(after, Reason):
        raise Refused(after.code, **after.facts)
    consent = request.consent
    if consent.stopped_at is None:
        consent.withdrawing_at, consent.withdrawing_by_id = clock.now(), by.id
        db.session.flush()
        record("cover_request.start_withdrawal", request, by=by)
    return request


def undo_withdrawal(request: CoverRequest, *, by: Actor) -> CoverRequest:
    """Restore the consent as it was. Raises Refused `cover_undo_over` when the minutes are over."""
    until = request.consent.can_be_undone_until
    if until is None or clock.now() > until:
        raise Refused("cover_undo_over")
    request.consent.withdrawing_at = request.consent.withdrawing_by_id = None
    db.session.flush()
    record("cover_request.undo_withdrawal", request, by=by)
    return request
