"""A sealed card of the town: a need whose owner agreed beforehand, lost by a late institution; two hands are up. And an
invitation to an owner of the cast. What the rules do not allow on the day of the anchor is left out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.approaches import inviting, queries, services
from matchmaker.approaches.models import SealedCard
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.demo.drawing import at_local
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.covering import is_covered
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import agreeing
from matchmaker.matching import queries as matching
from matchmaker.matching.sealing import sealed
from matchmaker.needs.models import Need
from matchmaker.products.models import Product

LATE_SINCE_DAYS = 9
WORDS = ("本区有网点，三天内上门看店。", "先看收款流水，不用您跑。")
HANDS = 2


def show_a_card(anchor_on: date) -> SealedCard | None:
    """The newest late lead of the town that left its owner alone and of which enough others are like; None, with a line
    in the audit, in a town so small that there is none."""
    for late in _left_alone(at_local(anchor_on - timedelta(days=LATE_SINCE_DAYS), 0)):
        ended_at = late.ended_at or clock.now()
        with clock.frozen(ended_at):
            if not _can_be_shown(late):
                continue
        with clock.frozen(late.sent_at or late.created_at):
            agreeing.agree_to_card(late.need, by=db.session.get_one(Person, late.chosen_by_id))
        with clock.frozen(ended_at):
            card = services.open_card(late)
        assert card is not None, "what could be shown is shown"
        _raise_hands(card, card.opened_at + timedelta(minutes=20))
        return card
    record("demo.left_out", None, by=None, scene="card", because="no_late_need_with_five_alike")
    return None


def invite_the_cast(owner_id: int) -> int:
    """Institutions that do not know the owner let the platform invite them to the first products that fit and have room;
    answers how many, at most `HANDS`."""
    need = db.session.scalars(
        sa.select(Need).where(Need.posted_by_id == owner_id, Need.state == "in_progress").order_by(Need.id.desc())
    ).first()
    invited: set[int] = set()
    for product in _on_the_list_of(need.id) if need is not None else []:
        desk = finding.desk_of(product.institution_id)
        if need is None or len(invited) == HANDS:
            break
        if not desk or product.institution_id in invited or product.kind != "credit":
            continue
        if queries.was_tried(need.id, product.institution_id) or inviting.why_not_invited(need, product) is not None:
            continue
        inviting.invite(product, need.id, by=db.session.get_one(Person, desk[0]))
        invited.add(product.institution_id)
    if not invited:
        record("demo.left_out", None, by=None, scene="invitation", because="no_product_with_room")
    return len(invited)


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


def _can_be_shown(late: Lead) -> bool:
    """Whether `services.open_card` would open a card for a need whose owner agreed to one, at the running time."""
    need, today = late.need, clock.today()
    if not need.is_live or need.expires_on < today or finding.was_passed_on(late.id):
        return False
    if finding.card_agreement_of(need.id) is not None or queries.open_card_of(need.id) is not None:
        return False
    if is_covered(need.current.amount_yuan, finding.agreed_amounts(need)):
        return False
    me = queries.asked_of(need, today)
    return sealed(me, lambda width: queries.count_sharing(me, width, today)) is not None


def _raise_hands(card: SealedCard, at: datetime) -> None:
    """The first institutions of the list that may raise their hand, some minutes apart; none where none may."""
    up: set[int] = set()
    for product in _on_the_list_of(card.need_id):
        desk = finding.desk_of(product.institution_id)
        if len(up) == HANDS:
            break
        if not desk or product.institution_id in up:
            continue
        with clock.frozen(at + timedelta(minutes=25 * len(up))):
            if services.why_no_hand(card, product) is None:
                by = db.session.get_one(Person, desk[0])
                services.raise_hand(card.id, product, words=WORDS[len(up)], by=by)
                up.add(product.institution_id)


def _on_the_list_of(need_id: int) -> list[Product]:
    """The products of the newest list of a need, in its order."""
    stored = matching.latest_list(need_id)
    return [row.product for row in matching.shown_rows(stored.id)] if stored is not None else []
