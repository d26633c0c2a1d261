"""The owner's agreement to a sealed card: given beforehand, taken back at once, ended with the need."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.leads.announcements import CardAgreementEnded
from matchmaker.leads.models import CardAgreement
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.agreements import AgreementOver, agreed_until, agreement_refusal
from matchmaker.leads.services.stepping import Actor
from matchmaker.needs.models import Need
from matchmaker.refusal import Refused


def agree_to_card(need: Need, *, by: Person) -> CardAgreement:
    """Let a sealed card be shown the next time an institution is late and no reserve takes this need.

    Raises Refused with a code of `rules.agreements.agreement_refusal`.
    """
    need = finding.lock_need(need.id)
    end_if_over(need.id)
    no = agreement_refusal(is_live=need.is_live, stands=finding.card_agreement_of(need.id) is not None)
    if no is not None:
        raise Refused(no.code, **no.facts)
    now = clock.now()
    agreement = CardAgreement(
        need_id=need.id,
        business_id=need.business_id,
        given_by_id=by.id,
        given_at=now,
        ends_at=agreed_until(clocks.end_of_day(need.expires_on), clocks.longest_consent(now)),
    )
    db.session.add(agreement)
    db.session.flush()
    record("card_agreement.give", agreement, by=by, need_id=need.id, ends_at=agreement.ends_at)
    return agreement


def withdraw_agreement(need: Need, *, by: Actor) -> None:
    """Take the agreement back: a card that is out is gone at once. Raises Refused("lead_card_not_agreed")."""
    finding.lock_need(need.id)
    if finding.card_agreement_of(need.id) is None:
        raise Refused("lead_card_not_agreed")
    end_agreement(need.id, AgreementOver.WITHDRAWN, by=by)


def end_agreement(need_id: int, because: AgreementOver, *, by: Actor | None = None) -> None:
    """End what stands, if anything does, and tell the later subjects so."""
    agreement = finding.card_agreement_of(need_id)
    if agreement is None:
        return
    agreement.ended_at, agreement.ended_because = clock.now(), str(because)
    db.session.flush()
    record("card_agreement.end", agreement, by=by, because=str(because))
    announce(CardAgreementEnded(need_id, agreement.id, str(because)))


def end_if_over(need_id: int) -> None:
    """End an agreement whose date has passed."""
    agreement = finding.card_agreement_of(need_id)
    if agreement is not None and agreement.ends_at <= clock.now():
        end_agreement(need_id, AgreementOver.EXPIRED)
