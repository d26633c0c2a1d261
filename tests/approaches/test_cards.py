"""Sealed cards: only with the owner's agreement, only where no reserve takes the need; hands; one tap; how each ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import ManagerProfile, Workload
from matchmaker.approaches import jobs, queries, services
from matchmaker.approaches.models import Hand, SealedCard
from matchmaker.conversations import services as conversations
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs as lead_jobs
from matchmaker.leads.models import CardAgreement, Consent, Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.services import agreeing, choosing, reserving
from matchmaker.matching.sealing import WIDTHS
from matchmaker.needs.services import change_need, withdraw_need
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.approaches.builders import Street, a_street, raised, release
from tests.leads.builders import FIELDS, HOURS, a_bank, match, send, until
from tests.needs.builders import a_need, a_shop

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    """The site in one transaction that is undone."""
    with app.app_context(), unit_of_work():
        yield app


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value.reason.code


def told(kind: str) -> list[int | None]:
    return list(db.session.scalars(sa.select(Message.person_id).where(Message.kind == kind).order_by(Message.id)))


def seen_by(street: Street, place: int = 0) -> list[int]:
    return [one.number for one in queries.cards_for([street.products[place].institution_id])]


# Opening ------------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4", "B.1")
def test_a_late_lead_with_an_agreement_and_no_reserve_is_shown_to_desks_whose_product_fits(site: Any) -> None:
    street = a_street()
    assert seen_by(street) == []
    card = release(street)
    assert card is not None and card.ends_at == clock.now() + timedelta(days=14)
    assert (card.region_code, card.industry_code, card.shown.amount_yuan) == ("330106", "62", (100_000, 300_000))
    assert seen_by(street) == seen_by(street, 1) == [card.id]
    assert queries.cards_for([street.case.institution.id]) == [], "the late one would know whose card it is"
    assert told("approach_told_card") == [street.case.owner.id]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 1, "a card is no consent"


@pytest.mark.article("B.1")
def test_without_an_agreement_there_is_no_card(site: Any) -> None:
    street = a_street(agrees=False)
    assert release(street) is None
    assert told("lead_told_released") == [street.case.owner.id], "the owner is shown the next three"


def test_a_reserve_takes_the_need_and_no_card_is_shown(site: Any) -> None:
    street = a_street()
    reserving.name_reserve(
        street.case.need, street.products[0], fields=FIELDS, hours=HOURS, ends_at=until(), by=street.case.owner
    )
    assert release(street) is None


@pytest.mark.article("B.1")
def test_fewer_than_five_alike_make_no_card_and_the_owner_is_told(site: Any) -> None:
    street = a_street(alike=3)
    assert release(street) is None
    assert told("approach_told_no_card") == [street.case.owner.id]


@pytest.mark.article("B.1")
def test_a_rare_one_is_told_more_widely_and_a_business_with_many_needs_counts_once(site: Any) -> None:
    street = a_street(alike=3)
    business = street.case.business
    a_need(business)
    a_need(business)
    today = clock.today()
    assert queries.count_sharing(queries.asked_of(street.case.need, today), WIDTHS[0], today) == 4
    a_need(amount_yuan=Decimal(60_000))  # of another band, until the bands are wide
    card = release(street)
    assert card is not None
    assert (card.region_code, card.shown.amount_yuan) == ("330100", (None, 300_000))


def test_the_count_in_the_database_is_that_of_the_rule(site: Any) -> None:
    """Over shops of several places, trades and bands: the query narrows, the rule decides; nobody is lost by it."""
    street = a_street(alike=2)
    for region, trade, amount, years in [
        ("330106", "6210", 300_000, 3), ("330102", "6220", 280_000, 3), ("330203", "6210", 300_000, 3),
        ("330106", "5211", 300_000, 3), ("330106", "6210", 900_000, 1), ("310101", "6210", 300_000, 3),
    ]:  # fmt: skip
        founded = clock.today() - timedelta(days=365 * years)
        a_need(a_shop(region_code=region, industry_code=trade, founded_on=founded), amount_yuan=Decimal(amount))
    needs = list(db.session.scalars(sa.select(type(street.case.need))))
    today = clock.today()
    for me in (queries.asked_of(need, today) for need in needs):
        for width in WIDTHS:
            alike = {n.business_id for n in needs if queries.asked_of(n, today).at(width) == me.at(width)}
            assert queries.count_sharing(me, width, today) == len(alike)


# The agreement ------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.1")
def test_the_agreement_is_its_own_consent_and_its_end_takes_the_card_away_at_once(site: Any) -> None:
    street = a_street()
    card = release(street)
    assert card is not None
    agreement = db.session.scalars(sa.select(CardAgreement)).one()
    assert (agreement.purpose, agreement.given_by_id) == ("sealed_card", street.case.owner.id)
    assert clock.now() < agreement.ends_at <= clock.now() + timedelta(days=90)
    assert refusal(lambda: agreeing.agree_to_card(street.case.need, by=street.case.owner)) == "lead_card_agreed"
    hand = raised(street)
    agreeing.withdraw_agreement(street.case.need, by=street.case.owner)
    assert seen_by(street) == [] and street.card is None
    assert (card.closed_because, hand.standing) == ("withdrawn", "over")
    assert refusal(lambda: agreeing.withdraw_agreement(street.case.need, by=street.case.owner)) == "lead_card_not_agreed"
    assert street.desks[0].id in told("approach_staff_over")
    words = db.session.scalars(sa.select(Message.facts).where(Message.kind == "approach_staff_over")).all()
    assert all(set(facts) == {"product"} for facts in words), "over, without whom and why"


def test_an_agreement_ends_with_its_need_and_with_its_date(site: Any) -> None:
    street = a_street()
    withdraw_need(street.case.need, by=street.case.owner)
    assert db.session.scalars(sa.select(CardAgreement)).one().ended_because == "need_ended"


# Hands --------------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4")
def test_a_hand_is_one_product_and_one_sentence_and_opens_nothing(site: Any) -> None:
    street = a_street()
    card = release(street)
    assert card is not None
    desk, product = street.desks[0], street.products[0]
    up = lambda words, **more: services.raise_hand(card.id, product, words=words, by=desk, **more)  # noqa: E731
    assert refusal(lambda: up("  ")) == "approach_words_missing"
    assert refusal(lambda: up("长" * 61)) == "approach_words_too_long"
    assert refusal(lambda: up("包过，秒批")).startswith("product_words")
    hand = up("本区有网点，\n三天内上门")
    assert hand.words == "本区有网点， 三天内上门"
    assert refusal(lambda: up("再来一次")) == "approach_hand_twice"
    assert told("approach_told_hand") == [street.case.owner.id]
    services.take_back(hand, by=desk)
    assert refusal(lambda: services.take_back(hand, by=desk)) == "approach_hand_over"
    assert refusal(lambda: up("再来一次", most_a_day=1)) == "approach_hands_used_up"
    assert up("再来一次").standing == "raised"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 1


@pytest.mark.article("B.1")
def test_a_blocked_institution_finds_no_card_of_that_owner(site: Any) -> None:
    street = a_street()
    card = release(street)
    assert card is not None
    conversations.block(card.business_id, street.products[0].institution_id, by=street.case.owner)
    assert queries.cards_for([street.products[0].institution_id]) == []
    assert len(queries.cards_for([street.products[1].institution_id])) == 1
    assert refusal(lambda: raised_on(card, street, 0)) == "approach_card_over"


def test_managers_whose_hands_are_full_and_products_that_do_not_fit_raise_none(site: Any) -> None:
    street = a_street()
    card = release(street)
    assert card is not None
    product = street.products[0]
    other = a_bank(9, amount_min_wan="100", amount_max_wan="500")[3]
    assert refusal(lambda: services.raise_hand(card.id, other, words="可以做", by=street.desks[0])) == "approach_not_fitting"
    assert queries.cards_for([other.institution_id]) == []
    assert refusal(
        lambda: services.raise_hand(card.id, street.case.product, words="可以做", by=street.case.desk)
    ) == "approach_card_over"  # fmt: skip
    manager = finding.carriers_of(product.institution_id)[0]
    db.session.add(Workload(person_id=manager.id, live_leads=30))
    db.session.flush()
    assert db.session.scalar(sa.select(ManagerProfile.capacity_leads).where(ManagerProfile.person_id == manager.id)) == 30
    assert refusal(lambda: raised(street)) == "approach_no_room"


# One tap ------------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4", "B.1")
def test_one_tap_writes_one_receipt_sends_and_tells_the_others_that_it_is_over(site: Any) -> None:
    street = a_street(banks=3)
    card = release(street)
    assert card is not None
    chosen, other = raised(street), raised(street, 1)
    down = raised(street, 2)
    services.take_back(down, by=street.desks[2])
    lead = services.choose_hand(chosen, by=street.case.owner)
    assert lead.institution_id == chosen.institution_id and lead.is_live
    assert lead.consent is not None and street.late.consent is not None
    assert (lead.consent.fields, lead.consent.given_by_id) == (street.late.consent.fields, street.case.owner.id)
    assert lead.need.state == "in_progress" and len(finding.live_leads_of_need(lead.need_id)) == 1
    assert (chosen.standing, chosen.lead_id, other.standing, down.standing) == ("chosen", lead.id, "over", "taken_back")
    assert card.closed_because == "sent" and seen_by(street, 2) == []
    assert told("approach_staff_over") and street.desks[0].id not in told("approach_staff_over")
    assert refusal(lambda: services.choose_hand(other, by=street.case.owner)) == "approach_card_over"
    assert refusal(lambda: raised_on(card, street, 1)) == "approach_card_over"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2


def raised_on(card: SealedCard, street: Street, place: int) -> Hand:
    return services.raise_hand(card.id, street.products[place], words="可以做", by=street.desks[place])


def test_a_tap_counts_among_the_three_live_leads(site: Any) -> None:
    street = a_street(banks=1)
    hand_of = street.products[0]
    release(street)
    hand = raised(street)
    assert refusal(lambda: services.choose_hand(hand, by=street.case.owner, most=0)) == "lead_three_live"
    assert hand.standing == "raised" and hand_of.institution_id == hand.institution_id


def test_a_need_that_was_sent_elsewhere_has_no_card(site: Any) -> None:
    street = a_street()
    card = release(street)
    hand = raised(street)
    choosing.send_lead(
        street.case.need, street.products[1], fields=FIELDS, hours=HOURS, ends_at=until(), by=street.case.owner
    )
    assert card is not None and card.closed_because == "sent" and hand.standing == "over"


def test_a_changed_need_has_a_new_card_and_no_hands(site: Any) -> None:
    street = a_street()
    card = release(street)
    assert card is not None
    hand = raised(street)
    wanted = replace(street.case.need.current.wanted, amount_yuan=Decimal(280_000))
    change_need(street.case.need, wanted, seen_number=1, days=60, by=street.case.owner)
    assert (card.closed_because, hand.standing) == ("changed", "over")
    assert street.card is not None and street.card.id != card.id


def test_a_suspended_institution_offers_nothing(site: Any) -> None:
    street = a_street()
    release(street)
    hand = raised(street)
    services.take_down_hands_of(hand.institution_id)
    assert hand.standing == "over"


# The clock ----------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.1")
def test_a_card_ends_by_itself_after_fourteen_days_and_the_job_says_so(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            street = a_street()
        with clock.frozen("2026-09-24T17:30:00+08:00") as due:
            lead_jobs.release_overdue_leads(due)
            with unit_of_work():
                hand_id = raised(street).id
        with clock.frozen(datetime.fromisoformat("2026-10-08T17:30:00+08:00")) as over:
            assert seen_by(street) == [], "no job has to run"
            with unit_of_work():
                hand = db.session.get_one(Hand, hand_id)
                assert refusal(lambda: services.choose_hand(hand, by=street.case.owner)) == "approach_card_over"
            assert jobs.end_cards(over) == 1 and jobs.end_cards(over) == 0
            db.session.expire_all()
            assert db.session.get_one(Hand, hand_id).standing == "over"
            assert db.session.scalars(sa.select(Lead.state)).all() == ["released"]
        with clock.frozen("2027-01-20T10:00:00+08:00") as later:
            assert lead_jobs.end_agreements(later) == 1
            assert db.session.scalars(sa.select(CardAgreement.ended_because)).all() == ["expired"]


def test_the_places_of_a_need_are_matched_anew_where_its_list_is_old(site: Any) -> None:
    """A product that came after the list can be sent with one tap all the same."""
    street = a_street(banks=1)
    card = release(street)
    assert card is not None
    new = a_bank(7)[3]
    assert finding.place_on_newest_list(street.case.need, new.id) is None
    hand = services.raise_hand(card.id, new, words="新上的产品", by=finding.carriers_of(new.institution_id)[0])
    assert finding.place_on_newest_list(street.case.need, hand.product_id) is not None
    match(street.case.need, new)
    assert send(street.case, new).is_live
