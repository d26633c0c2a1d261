"""A sealed card of the town: a need whose owner agreed beforehand, lost by a late institution; two hands are up. And an
invitation to an owner of the cast."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.approaches import inviting, queries, services
from matchmaker.approaches.models import SealedCard
from matchmaker.approaches.rules import has_room
from matchmaker.db import db
from matchmaker.demo.drawing import at_local
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import agreeing
from matchmaker.matching import queries as matching
from matchmaker.needs.models import Need

LATE_SINCE_DAYS = 9
WORDS = ("本区有网点，三天内上门看店。", "先看收款流水，不用您跑。")
HANDS = 2


def show_a_card(anchor_on: date) -> SealedCard | None:
    """The newest late lead of the town that left its owner alone and of which enough others are like; None in a town
    so small that there is none."""
    for late in _left_alone(at_local(anchor_on - timedelta(days=LATE_SINCE_DAYS), 0)):
        owner = db.session.get_one(Person, late.chosen_by_id)
        with clock.frozen(late.sent_at or late.created_at):
            agreement = agreeing.agree_to_card(late.need, by=owner)
        with clock.frozen(late.ended_at or clock.now()):
            card = services.open_card(late)
        if card is not None:
            _raise_hands(card, card.opened_at + timedelta(minutes=20))
            return card
        db.session.delete(agreement)
        db.session.flush()
    return None


def invite_the_cast(owner_id: int) -> None:
    """Two institutions that do not know the owner let the platform invite them to the first products that fit."""
    need = db.session.scalars(
        sa.select(Need).where(Need.posted_by_id == owner_id, Need.state == "in_progress").order_by(Need.id.desc())
    ).first()
    stored = matching.latest_list(need.id) if need is not None else None
    if need is None or stored is None:
        return
    invited: set[int] = set()
    for row in matching.shown_rows(stored.id):
        product = row.product
        desk = finding.desk_of(product.institution_id)
        if len(invited) == HANDS or not desk or product.institution_id in invited or product.kind != "credit":
            continue
        if not queries.was_tried(need.id, product.institution_id):
            inviting.invite(product, need.id, by=db.session.get_one(Person, desk[0]))
            invited.add(product.institution_id)


def _left_alone(since: datetime) -> list[Lead]:
    """Leads that were released since then, of live needs on which nobody works and which nobody was sent afterwards."""
    later = aliased(Lead)
    return list(
        db.session.scalars(
            sa.select(Lead)
            .join(Need, Need.id == Lead.need_id)
            .where(Lead.state == str(State.RELEASED), Lead.ended_at >= since, Need.state == "open")
            .where(~sa.exists().where(later.need_id == Lead.need_id, later.sent_at > Lead.sent_at))
            .order_by(Lead.ended_at.desc(), Lead.id)
        )
    )


def _raise_hands(card: SealedCard, at: datetime) -> None:
    """The first institutions of the list whose managers have room, some minutes apart."""
    up: set[int] = set()
    stored = matching.latest_list(card.need_id)
    for product in [row.product for row in matching.shown_rows(stored.id)] if stored is not None else []:
        desk = finding.desk_of(product.institution_id)
        if len(up) == HANDS or not desk or product.institution_id in up | {card.lead.institution_id}:
            continue
        with clock.frozen(at + timedelta(minutes=25 * len(up))):
            if has_room(*queries.capacity_of(product.institution_id)) and services.fits(card.need, product):
                services.raise_hand(
                    card.id, product, words=WORDS[len(up)], by=db.session.get_one(Person, desk[0])
                )
                up.add(product.institution_id)
