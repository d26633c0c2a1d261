"""Writes of cards and hands: open, raise, take back, choose, close. The need is locked first, whoever comes."""

from __future__ import annotations

from datetime import datetime, time

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.approaches import queries
from matchmaker.approaches.models import Hand, SealedCard
from matchmaker.approaches.rules import (
    LONGEST_WORDS,
    Closed,
    HandStanding,
    card_ends_at,
    choice_refusal,
    hand_refusal,
    has_room,
    is_shown,
)
from matchmaker.audit.services import record
from matchmaker.conversations.queries import is_blocked
from matchmaker.db import db
from matchmaker.eligibility.rules import failed_rules
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.covering import is_covered
from matchmaker.leads.rules.states import MOST_LIVE_LEADS
from matchmaker.leads.services import moving
from matchmaker.leads.services.choosing import branch_of, is_offered, why_full_now
from matchmaker.leads.services.stepping import Actor
from matchmaker.leads.services.telling import tell_people
from matchmaker.matching import queries as matching
from matchmaker.matching.sealing import sealed
from matchmaker.matching.services import make_list
from matchmaker.needs.models import Need
from matchmaker.products.models import Product
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Reason, Refused

HANDS_A_DAY = 20


def open_card(late: Lead) -> SealedCard | None:
    """After a release: show a sealed card of the need, where its owner agreed to it beforehand.

    Not where a reserve got the need, where accepted offers cover it, where a card is out already; and not where fewer
    than five businesses share even the widest description: then the owner is told that there is none.
    """
    need = finding.lock_need(late.need_id)
    now, agreement = clock.now(), finding.card_agreement_of(need.id)
    if not need.is_live or agreement is None or agreement.ends_at <= now or finding.was_passed_on(late.id):
        return None
    if queries.open_card_of(need.id) is not None:
        return None
    if is_covered(need.current.amount_yuan, finding.agreed_amounts(need)):
        return None
    today = clock.today()
    me = queries.asked_of(need, today)
    shown = sealed(me, lambda width: queries.count_sharing(me, width, today))
    if shown is None:
        _tell_owners(need.business_id, "approach_told_no_card", f"card:none:{late.id}", need.id)
        record("card.none", late, by=None)
        return None
    card = SealedCard(
        need_id=need.id,
        business_id=need.business_id,
        lead_id=late.id,
        agreement_id=agreement.id,
        region_code=shown.region_code,
        industry_code=shown.industry_code,
        size=shown.size,
        amount_above_yuan=shown.amount_yuan[0],
        amount_up_to_yuan=shown.amount_yuan[1],
        term_above_months=shown.term_months[0],
        term_up_to_months=shown.term_months[1],
        age_above_months=shown.age_months[0],
        age_up_to_months=shown.age_months[1],
        opened_at=now,
        ends_at=card_ends_at(now, agreement.ends_at),
    )
    db.session.add(card)
    db.session.flush()
    record("card.open", card, by=None, ends_at=card.ends_at)
    _tell_owners(need.business_id, "approach_told_card", f"card:{card.id}", need.id, ends_at=card.ends_at)
    return card


def raise_hand(
    card_id: int, product: Product, *, words: str, by: Person, most_a_day: int = HANDS_A_DAY
) -> Hand:
    """Raise an institution's hand for a card: one product that fits, one sentence. Nothing is opened by it.

    Raises Refused with a code of `rules.hand_refusal`, `approach_not_fitting` (the product cannot be had, or a rule
    turns the need away); at ``words`` `approach_words_missing`, `approach_words_too_long`, those of `refuse_promises`.
    """
    words = " ".join(words.split())
    if not words:
        raise Refused("approach_words_missing", "words", 422)
    if len(words) > LONGEST_WORDS:
        raise Refused("approach_words_too_long", "words", 422, most=LONGEST_WORDS)
    refuse_promises(words=words)
    card = _locked(card_id)
    no = why_no_hand(card, product, most_a_day=most_a_day)
    if no is not None or card is None:
        raise Refused(no.code, **no.facts) if no is not None else Refused("approach_card_over")
    hand = Hand(
        card=card, institution=product.institution, product=product, words=words, raised_by=by, raised_at=clock.now(),
    )  # fmt: skip
    db.session.add(hand)
    db.session.flush()
    record("hand.raise", hand, by=by, product_id=product.id)
    version = product.current_version
    _tell_owners(
        card.business_id,
        "approach_told_hand",
        f"hand:{hand.id}",
        card.need_id,
        institution=product.institution.short_name,
        product=version.name if version is not None else "",
    )
    return hand


def why_no_hand(card: SealedCard | None, product: Product, *, most_a_day: int = HANDS_A_DAY) -> Reason | None:
    """Why this product's institution cannot raise its hand for a card now, or None; no card is one that is over.

    The codes of `rules.hand_refusal`, and `approach_not_fitting`: the product cannot be had, or a rule turns it away.
    """
    if card is None:
        return Reason("approach_card_over")
    now, institution_id = clock.now(), product.institution_id
    no = hand_refusal(
        is_shown=queries.is_card_shown(card, now)
        and card.need.is_live
        and not is_blocked(card.business_id, institution_id),
        was_tried=queries.was_tried(card.need_id, institution_id),
        raised=bool(queries.hands_up(institution_id, [card.id])),
        today=queries.count_hands_since(institution_id, start_of_day(now)),
        most_a_day=most_a_day,
        has_room=has_room(*queries.capacity_of(institution_id)) and can_take(card.need, product),
    )
    if no is not None:
        return no
    return None if fits(card.need, product) else Reason("approach_not_fitting")


def fits(need: Need, product: Product) -> bool:
    """Whether a product can be had today and no rule turns this need away; its list shows it then, so that it can be
    sent with one tap."""
    today, version = clock.today(), product.current_version
    if version is None or not is_offered(product, today) or product.institution.status != "admitted":
        return False
    if failed_rules(matching.terms_of(version, matching.places_now()), matching.facts_of(need), today):
        return False
    if finding.place_on_newest_list(need, product.id) is None:
        make_list(need, by=None)
    return finding.place_on_newest_list(need, product.id) is not None


def can_take(need: Need, product: Product) -> bool:
    """Whether the product has room for this need now: its week, its money, the managers of the branch (8.4)."""
    amount = need.current.amount_yuan
    branch = branch_of(need.business, product, amount)
    return why_full_now(product, amount, branch_full=isinstance(branch, Reason)) is None


def take_back(hand: Hand, *, by: Actor) -> None:
    """The institution takes its hand down. Raises Refused("approach_hand_over") when it is not up any more."""
    finding.lock_need(hand.card.need_id)
    db.session.refresh(hand)
    if hand.standing != HandStanding.RAISED:
        raise Refused("approach_hand_over")
    _end(hand, HandStanding.TAKEN_BACK)
    record("hand.take_back", hand, by=by)


def choose_hand(hand: Hand, *, by: Person, most: int = MOST_LIVE_LEADS) -> Lead:
    """One tap of the owner: this institution gets a receipt as the late one had, and the need. The card is over.

    Raises Refused with a code of `rules.choice_refusal` or of `moving.send_elsewhere`; then nothing has changed.
    """
    card = _locked(hand.card_id)
    db.session.refresh(hand)
    shown = card is not None and queries.is_card_shown(card, clock.now())
    no = choice_refusal(is_shown=shown, standing=hand.standing)
    if no is not None or card is None:
        raise Refused(no.code, **no.facts) if no is not None else Refused("approach_card_over")
    lead = moving.send_elsewhere(card.lead, hand.product, by=by, most=most)
    record("hand.choose", hand, by=by, lead_id=lead.id)
    return lead


def close_card_of(need_id: int, because: Closed, *, sent: Lead | None = None, by: Actor | None = None) -> None:
    """Take the card of a need away, if one is out: the institution that was sent the need is chosen, every other hand
    is over and is told so, without whom and why."""
    card = queries.open_card_of(need_id)
    if card is None:
        return
    card.closed_at, card.closed_because = clock.now(), str(because)
    for hand in card.hands:
        if hand.standing != HandStanding.RAISED:
            continue
        if sent is not None and hand.institution_id == sent.institution_id:
            hand.lead_id = sent.id
            _end(hand, HandStanding.CHOSEN)
        else:
            _end(hand, HandStanding.OVER)
            _tell_over(hand)
    db.session.flush()
    record("card.close", card, by=by, because=str(because))


def expire_card(need_id: int, *, at: datetime) -> bool:
    """Close a card whose days are over. Answers whether it did."""
    finding.lock_need(need_id)
    card = queries.open_card_of(need_id)
    if card is None or is_shown(card.closed_at, card.ends_at, at):
        return False
    close_card_of(need_id, Closed.TIME)
    return True


def take_down_hands_of(institution_id: int) -> None:
    """A suspended institution offers nobody anything any more."""
    for number in queries.ids_of_hands_up(institution_id):
        hand = queries.hand_by_id(number)
        if hand is not None:
            _end(hand, HandStanding.OVER)


def start_of_day(now: datetime) -> datetime:
    """The midnight in Shanghai before an instant."""
    return datetime.combine(now.astimezone(SHANGHAI).date(), time(0), SHANGHAI)


def _locked(card_id: int) -> SealedCard | None:
    """The card as it stands once its need is locked."""
    card = db.session.get(SealedCard, card_id)
    if card is None:
        return None
    finding.lock_need(card.need_id)
    db.session.refresh(card)
    db.session.refresh(card.agreement)
    return card


def _end(hand: Hand, standing: HandStanding) -> None:
    hand.standing, hand.closed_at = str(standing), clock.now()
    db.session.flush()


def _tell_owners(business_id: int, kind: str, key: str, need_id: int, **facts: object) -> None:
    tell_people(finding.owners_of(business_id), kind, key=key, link=f"/needs/{need_id}/hands", **facts)


def _tell_over(hand: Hand) -> None:
    """Who raised it, where they still work there, and the desk."""
    people = set(finding.desk_of(hand.institution_id))
    if queries.works_there(hand.raised_by, hand.institution_id):
        people.add(hand.raised_by_id)
    version = hand.product.current_version
    tell_people(
        sorted(people),
        "approach_staff_over",
        key=f"hand:{hand.id}:over",
        link="/cards",
        product=version.name if version is not None else "",
    )
