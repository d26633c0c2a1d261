"""Offers and money: an offer with its cost sheet, its answer, contract and pay-out as reported, and what stands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.businesses.mandates import why_beyond_mandate
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.leads.announcements import NeedIsFunded, OfferMade, PaidOut, PayoutReported
from matchmaker.leads.models import Lead, Offer, Payout
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import PAYOUT_ANSWER_DAYS, Clock
from matchmaker.leads.rules.covering import acceptance_refusal, is_enough
from matchmaker.leads.rules.offering import (
    LONGEST_CONDITIONS,
    Offered,
    contract_refusal,
    fees_of_offer,
    offer_refusals,
    owner_code_refusal,
    payout_refusal,
)
from matchmaker.leads.rules.reasons import OWNER_CODES
from matchmaker.leads.rules.states import State, Step
from matchmaker.leads.services import counting
from matchmaker.leads.services.stepping import Actor, start_clock, take
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.leads.services.working import refuse_same_person
from matchmaker.needs.services import money_has_come, work_has_ended
from matchmaker.pricing.costsheet import CostSheet, cost_sheet
from matchmaker.pricing.quotes import nominal_rate_percent, quote
from matchmaker.reference.queries import lpr_on
from matchmaker.reference.rules import end_of_clock
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.refusal import Reason, Refused


def price_offer(lead: Lead, offered: Offered) -> tuple[CostSheet, Decimal, Decimal | None, date | None]:
    """The cost sheet of what a person wrote, the yearly rate, and the LPR it rests on with its date.

    Raises Refused (422, at its field) when the offer does not keep what the product promised, or cannot be priced.
    """
    terms = lead.product_version.terms
    today = clock.today()
    for field, no in offer_refusals(offered, terms, today):
        raise Refused(no.code, field, 422, **no.facts)
    lpr_percent: Decimal | None = None
    lpr_day: date | None = None
    if terms.rate_base == "FIXED":
        rate = offered.rate_percent or Decimal(0)
    else:
        lpr = lpr_on(today)
        if lpr is None:
            raise Refused("lead_offer_lpr_missing", "spread_bp", 422)
        lpr_percent = lpr.lpr_1y_percent if terms.rate_base == "LPR1Y" else lpr.lpr_5y_percent
        lpr_day = lpr.published_on
        rate = nominal_rate_percent(
            str(terms.rate_base), offered.spread_bp, None, lpr.lpr_1y_percent, lpr.lpr_5y_percent
        )
    priced = quote(
        offered.amount_yuan, offered.term_months, rate, offered.repayment, fees_of_offer(terms, offered.fee_values)
    )
    if isinstance(priced, Reason):
        raise Refused("lead_offer_repayment", "repayment", 422)
    if priced.all_in_simple_percent is None:
        raise Refused("lead_offer_no_rate", None, 422)
    return cost_sheet(priced, lender=lead.institution.name), rate, lpr_percent, lpr_day


def make_offer(lead: Lead, *, offered: Offered, conditions: str = "", note: str = "", by: Person) -> Offer:
    """Make an offer: the cost sheet is computed now and kept as it was; the owner's clock runs until its last day.

    Raises Refused as `price_offer`; `lead_same_person_second_look` when the person who declined decides again.
    """
    refuse_same_person(lead, by)
    refuse_promises(conditions=conditions, note=note)
    sheet, rate, lpr_percent, lpr_day = price_offer(lead, offered)
    now = clock.now()
    terms = lead.product_version.terms
    take(lead, Step.OFFER, by=by, at=now, note=note, amount_yuan=offered.amount_yuan, term_months=offered.term_months)
    offer = Offer(
        lead_id=lead.id,
        number=len(lead.offers) + 1,
        amount_yuan=offered.amount_yuan,
        term_months=offered.term_months,
        rate_base=str(terms.rate_base),
        spread_bp=None if terms.rate_base == "FIXED" else offered.spread_bp,
        lpr_percent=lpr_percent,
        lpr_on=lpr_day,
        rate_percent=rate,
        repayment=offered.repayment,
        fees=[vars(fee) for fee in fees_of_offer(terms, offered.fee_values)],
        conditions=conditions.strip()[:LONGEST_CONDITIONS],
        cost_sheet=sheet.as_json(),
        valid_until_on=offered.valid_until_on,
        made_by_id=by.id,
        made_at=now,
    )
    lead.offers.append(offer)
    start_clock(lead, Clock.OWNER, now, due_at=clocks.end_of_day(offered.valid_until_on))
    db.session.flush()
    counting.note_outcome(lead, decided_at=now, funded=None, offered_at=now)
    counting.recount_track_record(lead)
    tell_owner(
        lead,
        "lead_told_offer",
        about=f"offer:{offer.number}",
        amount_yuan=offer.amount_yuan,
        cost_percent=sheet.quote.all_in_simple_percent,
        valid_until_on=offer.valid_until_on,
    )
    announce(OfferMade(lead.id, offer.id))
    return offer


def accept_offer(lead: Lead, *, number: int, by: Actor, days: int | None = None) -> None:
    """The owner takes the offer; it is no contract yet. `days`: working days for the contract, where they are set.

    The need is locked first, so that of two offers accepted at once the second is judged beside the first, loans beside
    loans and guarantees beside guarantees. Codes:
    `lead_offer_ended`, `lead_offer_answered`, `lead_offers_above_need`; for a helper those of
    `mandates.why_beyond_mandate`.
    """
    offer = _open_offer(lead, number)
    if finding.member_of(lead.business_id, by.id) is None:
        beyond = why_beyond_mandate(lead.business_id, by.id, offer.amount_yuan)
        if beyond is not None:
            raise Refused(beyond.code, **beyond.facts)
    need = finding.lock_need(lead.need_id)
    agreed = finding.agreed_amounts(need, kind=lead.product_version.product.kind, but=lead.id)
    no = acceptance_refusal(need.current.amount_yuan, agreed, offer.amount_yuan)
    if no is not None:
        raise Refused(no.code, **no.facts)
    now = clock.now()
    take(lead, Step.ACCEPT_OFFER, by=by, at=now, number=number)
    start_clock(lead, Clock.SIGN, now, days=days)
    offer.answer, offer.answered_at, offer.answered_by_id = "accepted", now, by.id
    counting.recount_intake(lead.product_version.product_id)
    tell_staff(lead, "lead_staff_accepted_offer", about=f"offer:{number}:accepted")


def refuse_offer(lead: Lead, *, number: int, code: str, note: str = "", by: Actor) -> None:
    """The owner turns the offer down with a reason code; the lead ends."""
    no = owner_code_refusal(code, list(OWNER_CODES))
    if no is not None:
        raise Refused(no.code, "code", 422)
    offer = _open_offer(lead, number)
    now = clock.now()
    offer.answer, offer.answered_at, offer.answered_by_id, offer.answer_code = "declined", now, by.id, code
    take(lead, Step.REFUSE_OFFER, by=by, at=now, code=code, note=note, number=number)
    counting.note_outcome(lead, decided_at=offer.made_at, funded=False, code=code)
    tell_staff(lead, "lead_staff_refused_offer", about=f"offer:{number}:refused", reason=f"label:lead.code:{code}")


def report_contract(
    lead: Lead, *, contract_number: str, signed_on: date, note: str = "", by: Actor, days: int | None = None
) -> None:
    """The institution reports that the contract is signed. The platform signs nothing, it records who reported what.

    `days`: working days for the pay-out, where they are set.
    """
    offer = accepted_offer(lead)
    if offer is None or offer.answered_at is None:
        raise Refused("lead_step_not_now", state=lead.state, step=str(Step.REPORT_CONTRACT))
    no = contract_refusal(signed_on, clock.date_of(offer.answered_at), clock.today())
    if no is not None:
        raise Refused(no.code, "signed_on", 422)
    take(lead, Step.REPORT_CONTRACT, by=by, note=note, contract_number=contract_number.strip(), signed_on=signed_on)
    start_clock(lead, Clock.PAY, lead.steps[-1].at, days=days)
    offer.contract_number, offer.contract_on = contract_number.strip(), signed_on
    tell_owner(lead, "lead_told_contract", about="contract")


def report_payout(
    lead: Lead, *, amount_yuan: Decimal, paid_on: date, reference: str, note: str = "", by: Actor
) -> Payout:
    """The institution reports money paid; the owner confirms or disputes it within ten working days.

    A new report after a dispute is allowed, a second one beside an open or standing one is not
    (`lead_payout_not_disputed`).
    """
    offer = accepted_offer(lead)
    if lead.payout is not None and lead.payout.standing != "disputed":
        raise Refused("lead_payout_not_disputed")
    if offer is None or offer.contract_on is None:
        raise Refused("lead_step_not_now", state=lead.state, step=str(Step.REPORT_PAYOUT))
    no = payout_refusal(amount_yuan, paid_on, offer.amount_yuan, offer.contract_on, clock.today())
    if no is not None:
        raise Refused(no[1].code, no[0], 422, **no[1].facts)
    now = clock.now()
    take(lead, Step.REPORT_PAYOUT, by=by, at=now, note=note, amount_yuan=amount_yuan, paid_on=paid_on)
    payout = Payout(
        lead_id=lead.id,
        amount_yuan=amount_yuan,
        paid_on=paid_on,
        reference=reference.strip(),
        reported_by_id=by.id,
        reported_at=now,
        due_at=end_of_clock(now, PAYOUT_ANSWER_DAYS, "working"),
        standing="reported",
    )
    lead.payouts.append(payout)
    db.session.flush()
    tell_owner(
        lead,
        "lead_told_payout",
        about=f"payout:{payout.id}",
        amount_yuan=amount_yuan,
        paid_on=paid_on,
        due_at=payout.due_at,
    )
    announce(PayoutReported(lead.id, payout.id))
    return payout


def confirm_payout(lead: Lead, *, by: Actor) -> Payout:
    """The owner has the money: from now on it feeds the record, the credit lines and the ranker."""
    payout = _open_payout(lead)
    take(lead, Step.CONFIRM_PAYOUT, by=by, amount_yuan=payout.amount_yuan)
    payout.standing, payout.answered_at, payout.answered_by_id = "confirmed", clock.now(), by.id
    _money_stands(lead, payout)
    tell_staff(lead, "lead_staff_payout_confirmed", about=f"payout:{payout.id}:confirmed")
    return payout


def dispute_payout(lead: Lead, *, words: str, by: Actor) -> Payout:
    """The owner says that the report is wrong: it feeds nothing, the institution has to look and report again."""
    payout = _open_payout(lead)
    if not words.strip():
        raise Refused("lead_dispute_needs_words", "words", 422)
    take(lead, Step.DISPUTE_PAYOUT, by=by, note=words.strip())
    payout.standing, payout.answered_at, payout.answered_by_id = "disputed", clock.now(), by.id
    payout.dispute_note = words.strip()
    tell_staff(lead, "lead_staff_payout_disputed", about=f"payout:{payout.id}:disputed")
    return payout


def settle_payout(lead: Lead, payout: Payout) -> None:
    """Nobody answered for ten working days: the pay-out counts as undisputed, and is marked so."""
    take(lead, Step.SETTLE_PAYOUT, by=None, amount_yuan=payout.amount_yuan)
    payout.standing, payout.answered_at = "undisputed", clock.now()
    _money_stands(lead, payout)
    tell_owner(lead, "lead_told_payout_settled", about=f"payout:{payout.id}:settled", amount_yuan=payout.amount_yuan)
    tell_staff(lead, "lead_staff_payout_settled", about=f"payout:{payout.id}:settled")


def accepted_offer(lead: Lead) -> Offer | None:
    """The offer that the owner accepted, if any."""
    return next((offer for offer in reversed(lead.offers) if offer.answer == "accepted"), None)


def _money_stands(lead: Lead, payout: Payout) -> None:
    offer = accepted_offer(lead)
    assert offer is not None
    decided_at = offer.made_at
    counting.note_outcome(lead, decided_at=decided_at, funded=True, payout=payout)
    counting.add_credit_line(lead, payout, offer)
    counting.recount_track_record(lead)
    need = finding.lock_need(lead.need_id)
    if need.state == "funded" or (need.is_live and is_enough(need.current.amount_yuan, finding.stood_amounts(need))):
        money_has_come(need)
    elif need.is_live and not finding.live_leads_of_need(need.id):
        work_has_ended(need)  # a part has come and nobody works on the rest: it is open again
    announce(PaidOut(lead.id, payout.id))


def enough(need_id: int, *, by: Actor) -> None:
    """The owner has enough with the part that came: the need is funded, and nobody is asked for the rest.

    Codes: `lead_nothing_came` (no money has come), `lead_still_worked_on` (an institution works on it).
    """
    need = finding.lock_need(need_id)
    if not finding.stood_amounts(need):
        raise Refused("lead_nothing_came")
    if finding.live_leads_of_need(need_id):
        raise Refused("lead_still_worked_on")
    money_has_come(need)
    record("need.enough", need, by=by)
    announce(NeedIsFunded(need_id))


def _open_offer(lead: Lead, number: int) -> Offer:
    offer = lead.offer
    if offer is None or offer.number != number:
        raise Refused("lead_offer_ended")
    if offer.answer is not None:
        raise Refused("lead_offer_answered")
    if lead.state == State.OFFERED and clock.now() >= clocks.end_of_day(offer.valid_until_on):
        raise Refused("lead_offer_ended")
    return offer


def _open_payout(lead: Lead) -> Payout:
    payout = lead.payout
    if payout is None or payout.standing != "reported":
        raise Refused("lead_payout_answered")
    return payout
