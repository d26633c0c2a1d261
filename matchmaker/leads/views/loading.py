"""Finding what an address names; for a deed the lead is locked before anybody asks whether it may be done."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from matchmaker.leads.models import Lead, LeadPaper, Offer
from matchmaker.leads.queries import finding
from matchmaker.needs.models import Need
from matchmaker.needs.queries import need_by_id
from matchmaker.permissions import helps_act
from matchmaker.web import WRITING, actor


def load_lead(lead_id: int) -> Lead | None:
    """The lead; locked when the request writes."""
    return finding.lead_by_id(lead_id, lock=request.method in WRITING)


def load_need(need_id: int) -> Need | None:
    return need_by_id(need_id)


@dataclass(frozen=True)
class OfOffer:
    """An offer with its lead; asks as the lead does when permissions are asked."""

    lead: Lead
    offer: Offer

    @property
    def id(self) -> int:
        return self.offer.id

    def __getattr__(self, name: str) -> object:
        return getattr(self.lead, name)


def load_offer(lead_id: int, number: int) -> OfOffer | None:
    """The offer of that number, with its lead."""
    lead = load_lead(lead_id)
    offer = finding.offer_of(lead_id, number) if lead is not None else None
    return OfOffer(lead, offer) if lead is not None and offer is not None else None


@dataclass(frozen=True)
class OfPaper:
    """A paper with its lead; asks as the lead does when permissions are asked."""

    lead: Lead
    paper: LeadPaper

    @property
    def id(self) -> int:
        return self.paper.id

    def __getattr__(self, name: str) -> object:
        return getattr(self.lead, name)


def load_paper(lead_id: int, paper_id: int) -> OfPaper | None:
    """The paper of that lead."""
    lead = load_lead(lead_id)
    paper = finding.paper_of(lead_id, paper_id) if lead is not None else None
    return OfPaper(lead, paper) if lead is not None and paper is not None else None


def acts_for(lead: Lead) -> bool:
    """Whether the reader stands on the owner's side of this lead."""
    person = actor()
    return (
        any(member.person_id == person.id and member.standing in finding.MAY_ACT for member in lead.business.members)
        or helps_act(person, lead)
    ) or (lead.state == "draft" and lead.chosen_by_id == person.id)
