"""What happens to leads without a person: warnings, releases, lapsed papers, expired offers, settled pay-outs.

Each item is a unit of work of its own that looks again under a lock; running twice changes nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Lead, LeadClock, Payout, RelayNumber
from matchmaker.leads.queries import finding, relaying
from matchmaker.leads.relay import relay_in_use
from matchmaker.leads.rules.clocks import AGREED_LIVES_DAYS, LIMITS, ONLY_TELL, Clock
from matchmaker.leads.rules.consents import UNDO_FOR, in_force
from matchmaker.leads.rules.states import LIVE, State
from matchmaker.leads.services import agreeing, counting, ending, offering, promising, withdrawing
from matchmaker.leads.services import relaying as services_of_relay
from matchmaker.queue import LeaseLost

log = logging.getLogger(__name__)

_RELEASING = tuple(str(kind) for kind, limit in LIMITS.items() if limit.releases)
# A consent that runs out ends whatever still needs the customer's data; an agreement goes on without it.
_ENDS_WITH_CONSENT = tuple(state for state in LIVE if state not in (State.TAKEN, State.SIGNED))


def warn_leads(now: datetime) -> int:
    """Warn about every clock of which three quarters are used up; answers how many were warned about."""
    return _each_clock(finding.ids_of_unwarned_clocks(now), lambda lead, row: ending.warn(lead, row, at=now))


def release_overdue_leads(now: datetime) -> int:
    """Take back every lead whose institution let a clock run out; let papers and choices of hours lapse; tell who waits
    for a contract or for money.

    Answers how many there were of all four.
    """
    lapsed = _each_clock(
        finding.ids_of_due_clocks(now, [Clock.PAPERS]), lambda lead, row: ending.lapse_papers(lead, row, at=now)
    )
    lapsed += _each_clock(
        finding.ids_of_due_clocks(now, [Clock.CALL_BACK]), lambda lead, row: ending.lapse_hours(lead, row, at=now)
    )
    lapsed += _each_clock(
        finding.ids_of_due_clocks(now, ONLY_TELL), lambda lead, row: ending.tell_overdue(lead, row, at=now)
    )
    released = _each_clock(
        finding.ids_of_due_clocks(now, _RELEASING), lambda lead, row: ending.release(lead, row, at=now)
    )
    return lapsed + released


def keep_numbers(now: datetime) -> int:
    """Lend a number to who carries a lead, give back what its holder may not use any more; nothing without a relay.

    Answers how many were lent or given back. Each in a transaction of its own; asked again after a crash, the service
    knows the key and lends the same number.
    """
    relay = relay_in_use()
    if relay is None:
        return 0
    done = 0
    for number_id in relaying.ids_lent():
        with unit_of_work():
            done += services_of_relay.give_back(db.session.get_one(RelayNumber, number_id), relay, now)
    for lead_id in relaying.ids_without_number():
        with unit_of_work():
            lead = finding.lead_by_id(lead_id, lock=True)
            done += lead is not None and services_of_relay.lend(lead, relay, now) is not None
    return done


def expire_offers(now: datetime) -> int:
    """End leads whose offer, consent or agreement has run out; answers how many."""
    done = _each_clock(
        finding.ids_of_due_clocks(now, [Clock.OWNER]),
        lambda lead, row: lead.state == State.OFFERED and ending.expire(lead, at=now, because="offer"),
    )
    done += _each_lead(
        finding.ids_of_leads_past_consent(now, _ENDS_WITH_CONSENT),
        lambda lead: _consent_is_over(lead, now) and ending.expire(lead, at=now, because="consent"),
    )
    before = now - timedelta(days=AGREED_LIVES_DAYS)
    done += _each_lead(
        finding.ids_of_old_agreements(before),
        lambda lead: lead.state in (State.TAKEN, State.SIGNED) and ending.expire(lead, at=now, because="agreement"),
    )
    return done


def finish_withdrawals(now: datetime) -> int:
    """End for good every consent whose withdrawal can no longer be undone; answers how many."""
    return _each_lead(
        finding.ids_of_withdrawing_leads(now - UNDO_FOR), lambda lead: withdrawing.finish_withdrawal(lead, at=now)
    )


def end_agreements(now: datetime) -> int:
    """End every agreement to a sealed card whose date has passed; answers how many."""

    def end(need_id: int) -> bool:
        finding.lock_need(need_id)
        agreeing.end_if_over(need_id)
        return True

    return _each(finding.ids_of_needs_past_agreement(now), end)


def settle_payouts(now: datetime) -> int:
    """Count every reported pay-out that nobody answered for ten working days as undisputed; answers how many."""

    def settle(payout_id: int) -> bool:
        payout = db.session.get(Payout, payout_id)
        lead = finding.lead_by_id(payout.lead_id, lock=True) if payout is not None else None
        if payout is None or lead is None:
            return False
        db.session.refresh(payout)
        if payout.standing != "reported" or payout.due_at > now:
            return False
        offering.settle_payout(lead, payout)
        return True

    return _each(finding.ids_of_unanswered_payouts(now), settle)


def count_promises(now: datetime) -> int:
    """Count afresh how each institution kept what it promises, over twelve months; answers how many rows."""
    with unit_of_work():
        return promising.count_promises(now)


def count_capacity(now: datetime) -> int:
    """Count afresh what every branch and product can take, should anything have passed by; answers how many."""

    def branch(number: int) -> bool:
        counting.recount_branch(number)
        return True

    def intake(number: int) -> bool:
        counting.recount_intake(number)
        return True

    return _each(finding.ids_of_branches(), branch) + _each(finding.ids_of_intakes(), intake)


def _consent_is_over(lead: Lead, now: datetime) -> bool:
    consent = lead.consent
    return consent is not None and not in_force(consent.ends_at, consent.ended_at, now)


def _each_clock(ids: Iterable[int], deed: Callable[[Lead, LeadClock], bool]) -> int:
    def carry(clock_id: int) -> bool:
        row = db.session.get(LeadClock, clock_id)
        lead = finding.lead_by_id(row.lead_id, lock=True) if row is not None else None
        if row is None or lead is None:
            return False
        db.session.refresh(row)
        return row.stopped_at is None and deed(lead, row)

    return _each(ids, carry)


def _each_lead(ids: Iterable[int], deed: Callable[[Lead], bool]) -> int:
    def carry(lead_id: int) -> bool:
        lead = finding.lead_by_id(lead_id, lock=True)
        return lead is not None and deed(lead)

    return _each(ids, carry)


def _each(ids: Iterable[int], deed: Callable[[int], bool]) -> int:
    """Each item in a unit of work of its own. One that fails keeps no other; its error is raised at the end."""
    done = 0
    failed: Exception | None = None
    for number in ids:
        try:
            with unit_of_work():
                done += bool(deed(number))
        except LeaseLost:
            raise
        except Exception as problem:
            log.exception("one item of a lead job failed", extra={"item": number})
            failed = failed or problem
    if failed is not None:
        raise failed
    return done
