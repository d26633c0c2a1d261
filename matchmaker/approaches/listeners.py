"""What cards do upon news of earlier subjects: a lead released or sent, a need over or changed, an agreement ended."""

from __future__ import annotations

from matchmaker.accounts.announcements import InstitutionSuspended
from matchmaker.approaches import queries, services
from matchmaker.approaches.rules import Closed
from matchmaker.happened import on
from matchmaker.leads.announcements import CardAgreementEnded, LeadReleased, LeadSent
from matchmaker.leads.queries import finding
from matchmaker.needs.announcements import NeedChanged

_CAUSE = {"withdrawn": Closed.WITHDRAWN, "need_ended": Closed.NEED_ENDED, "expired": Closed.TIME}


@on(LeadReleased)
def show_card_of_released_need(event: LeadReleased) -> None:
    """An institution was late: where no reserve took the need and its owner agreed, fitting desks see a sealed card."""
    late = finding.lead_by_id(event.lead_id)
    if late is not None:
        services.open_card(late)


@on(LeadSent)
def close_card_of_sent_need(event: LeadSent) -> None:
    """The need has gone to somebody: nobody else is shown it."""
    services.close_card_of(event.need_id, Closed.SENT, sent=finding.lead_by_id(event.lead_id))


@on(CardAgreementEnded)
def close_card_without_agreement(event: CardAgreementEnded) -> None:
    """Without the owner's agreement there is no card, from the same instant."""
    services.close_card_of(event.need_id, _CAUSE[event.because])


@on(NeedChanged)
def show_card_of_changed_need(event: NeedChanged) -> None:
    """A card never shows what is asked for no more; hands were raised for something else."""
    card = queries.open_card_of(event.need_id)
    if card is not None:
        services.close_card_of(event.need_id, Closed.CHANGED)
        services.open_card(card.lead)


@on(InstitutionSuspended)
def take_down_hands_of_suspended_institution(event: InstitutionSuspended) -> None:
    """Nothing of a suspended institution is offered."""
    services.take_down_hands_of(event.institution_id)
