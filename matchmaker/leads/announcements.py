"""Plain facts about leads that later subjects listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LeadSent:
    """An owner gave one institution a consent and a lead."""

    lead_id: int
    need_id: int
    institution_id: int


@dataclass(frozen=True)
class LeadAccepted:
    """An institution took a lead up."""

    lead_id: int
    manager_id: int | None


@dataclass(frozen=True)
class OfferMade:
    """An institution offered money, with a cost sheet."""

    lead_id: int
    offer_id: int


@dataclass(frozen=True)
class LeadDeclined:
    """An institution declined, with these codes."""

    lead_id: int
    need_id: int
    codes: tuple[str, ...]


@dataclass(frozen=True)
class LeadReleased:
    """An institution let a clock run out; its consent ended and its place is free."""

    lead_id: int
    need_id: int
    institution_id: int
    clock: str


@dataclass(frozen=True)
class LeadEnded:
    """A lead ended for any cause (`state`): its place among the three is free."""

    lead_id: int
    need_id: int
    state: str


@dataclass(frozen=True)
class PayoutReported:
    """An institution says that it paid; the owner has not answered yet."""

    lead_id: int
    payout_id: int


@dataclass(frozen=True)
class PaidOut:
    """A reported pay-out stands: confirmed by the owner, or undisputed for ten working days."""

    lead_id: int
    payout_id: int


@dataclass(frozen=True)
class NeedIsFunded:
    """An owner says that the part which came is enough: nobody is asked for the rest."""

    need_id: int


@dataclass(frozen=True)
class CardAgreementEnded:
    """An owner's agreement to a sealed card holds no more: taken back, over, or its need is (`because`)."""

    need_id: int
    agreement_id: int
    because: str
