"""Who is full fits, stands after those that can answer, is marked, and the list is derived again with what was seen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Branch, Person
from matchmaker.accounts.services.loads import recount_slots
from matchmaker.db import db, unit_of_work
from matchmaker.matching import queries, services
from matchmaker.matching.rules import full_for, kept_capacity, plain_capacity
from matchmaker.products.models import Product, ProductIntake
from matchmaker.products.rules.capacity import Intake, Load
from matchmaker.products.rules.typed import SaidCapacity
from matchmaker.products.services import say_capacity
from matchmaker.ranking.models import Shown, ShownList
from matchmaker.ranking.rules import Offer, Ranked, Similar, exchanged, in_order, slot_price
from matchmaker.ranking.services import rederive
from tests.builders import a_desk, a_manager, sign_in
from tests.products.builders import a_product

from .builders import NOW
from .test_views import make_list, page


@pytest.fixture(autouse=True)
def at_a_fixed_time() -> Any:
    with clock.frozen(NOW, everywhere=True):
        yield


@pytest.fixture
def app(town_app: Any) -> Any:
    return town_app


def said(product_id: int, **limits: Any) -> None:
    values = {"leads_per_week": None, "funds_left_yuan": None, "full_until_on": None, **limits}
    product = db.session.get_one(Product, product_id)
    row = db.session.scalar(sa.select(ProductIntake).where(ProductIntake.product_id == product_id))
    by = a_desk(product.institution)
    say_capacity(product, SaidCapacity(**values), seen=row.said_number if row else 0, by=by)


def listed(town: dict[str, int]) -> tuple[ShownList, list[int]]:
    make_list(town["need"])
    stored = queries.latest_list(town["need"])
    assert stored is not None
    return stored, [row.product_id for row in queries.shown_rows(stored.id)]


@pytest.mark.article("B.2")
def test_a_full_product_stands_after_those_that_can_answer_and_the_list_is_derived_again_to_the_bit(
    app: Any, town_file: Any
) -> None:
    town = town_file[1]
    with app.app_context():
        with unit_of_work():
            before, order = listed(town)
            assert "full" not in before.counts
        first, *others = order
        kinds = {row.product_id: row.product.kind for row in queries.shown_rows(before.id)}
        db.session.rollback()
        with unit_of_work():
            said(first, full_until_on=clock.today())
            assert services.why_stale(_need(town), before, clock.now()).code == "list_capacity_changed"  # type: ignore[union-attr]
        with unit_of_work():
            stored, after = listed(town)
            loans = [key for key in after if kinds[key] == "credit"]
            assert loans[-1] == first and [key for key in after if key != first] == others
            assert stored.counts["full"] == [first]
            assert stored.counts["fitting"] == before.counts["fitting"], "it fits as before"
            assert services.why_stale(_need(town), stored, clock.now()) is None
            assert services.differences(stored) == [] and rederive(stored.id) == []
        with unit_of_work():
            said(first, leads_per_week=3)
            assert services.differences(db.session.get_one(ShownList, stored.id)) == [], "by what was seen then"
            assert services.differences(db.session.get_one(ShownList, before.id)) == []
            features = db.session.scalar(
                sa.select(Shown.features).where(Shown.list_id == stored.id, Shown.product_id == first)
            )
            assert features["full"] is True and features["intake"][4] == "2026-09-23"


def _need(town: dict[str, int]) -> Any:
    return queries.need_for_matching(town["need"])


def test_full_managers_count_where_they_would_serve_this_business(app: Any, town_file: Any) -> None:
    town = town_file[1]
    with app.app_context(), unit_of_work():
        product = db.session.get_one(Product, town["hearth"])
        branch = db.session.scalars(sa.select(Branch).where(Branch.institution_id == product.institution_id)).one()
        a_manager(branch, capacity_leads=0)
        recount_slots(branch.id)
        db.session.flush()
        facts = queries.facts_of(_need(town))
        seen = {one.product_id: one for one in services.market_seen(clock.today()).offered}
        full = full_for(seen[town["hearth"]], facts, clock.today())
        assert full is not None and full.code == "full_branch"
        elsewhere = facts.changed(region_code="330212", latitude=29.8, longitude=121.5)
        assert full_for(seen[town["hearth"]], elsewhere, clock.today()) is None, "it does not serve there at all"
        kept = plain_capacity(seen[town["hearth"]])
        assert kept_capacity(kept) == (Intake(), (Load(0, 0, 0),))


@pytest.mark.article("12.2", "B.2")
def test_the_last_places_of_a_manager_cost_points_which_the_list_keeps_and_derives_again(
    app: Any, town_file: Any
) -> None:
    town = town_file[1]
    with app.app_context():
        with unit_of_work():
            before, _ = listed(town)
            branch = db.session.scalars(
                sa.select(Branch).where(Branch.institution_id == db.session.get_one(Product, town["hearth"]).institution_id)
            ).one()
            a_manager(branch, capacity_leads=3)
            recount_slots(branch.id)
        with unit_of_work():
            stored, _ = listed(town)
            was, now = (
                {row.product_id: row for row in queries.shown_rows(one.id)}[town["hearth"]] for one in (before, stored)
            )
            assert "slots_left" not in was.features and now.features["slots_left"] == 3
            assert now.score == pytest.approx(was.score - slot_price(3))
            assert now.features["model_chance"] == was.features["model_chance"], "what is said of the chance stays"
            assert services.differences(stored) == [] and rederive(stored.id) == []
        with unit_of_work():
            a_manager(branch, capacity_leads=100)
            recount_slots(branch.id)
            assert services.differences(db.session.get_one(ShownList, stored.id)) == [], "by what was seen then"


def test_the_card_says_from_when_it_takes_again_and_offers_no_button(app: Any, client: Any, town_file: Any) -> None:
    town = town_file[1]
    with app.app_context(), unit_of_work():
        _, order = listed(town)
        said(order[0], leads_per_week=1)
        row = db.session.scalars(sa.select(ProductIntake)).one()
        row.week_leads, row.week_on = 1, clock.today().replace(day=21)
        owner = db.session.get_one(Person, town["owner"])
    sign_in(client, owner)
    text = page(client.get(f"/needs/{town['need']}/matches?all")).replace("\u00a0", " ")
    assert text.count("本周已满，9 月 28 日起可接") == 1
    assert "有机构满了，或者又能接了" in text, "the list can be made anew"
    assert "列单子的时候它还接，现在送不过去" in text and "排在能接的后面" not in text, "it stands first in this list"
    visit = "最晚周四（9 月 24 日）有人答复，最早周一（9 月 28 日）可上门"  # the 25th is a holiday
    assert text.count(visit) == len(order) - 1
    assert text.count("选这家") == len(order) - 1, "nothing is offered that cannot be sent"


def test_no_exchange_moves_a_full_one_before_one_that_can_answer() -> None:
    def ranked(number: int, full: bool) -> Ranked:
        return Ranked(Offer(number, number, full=full), 50.0, 0.5, Similar())

    order = in_order([ranked(1, True), ranked(2, False), ranked(3, False)])
    assert [at.offer.product_id for at in order] == [2, 3, 1]
    for seed in range(200):
        drawn = exchanged(order, f"seed{seed}")
        assert drawn[-1].offer.product_id == 1 and drawn[-1].propensity == 1.0


def test_what_a_list_keeps_of_capacity_reads_back_as_it_was(app: Any, town_file: Any) -> None:
    with app.app_context(), unit_of_work():
        said(town_file[1]["hearth"], leads_per_week=4, funds_left_yuan=Decimal("123456.78"), full_until_on=clock.today())
        db.session.flush()
        (one,) = [x for x in services.market_seen(clock.today()).offered if x.product_id == town_file[1]["hearth"]]
        assert kept_capacity(plain_capacity(one)) == (one.intake, one.loads)


@pytest.mark.article("8.4")
def test_a_concession_is_in_the_cost_where_it_is_proven_and_the_list_goes_stale_when_it_ends(
    app: Any, client: Any, town_file: Any
) -> None:
    town = town_file[1]
    with app.app_context():
        with unit_of_work():
            bank = db.session.get_one(Product, town["hearth"]).institution
            same = {"promised_days": "5"}
            cut = {
                "concession__1__change": "rate_cut", "concession__1__cut_bp": "50", "concession__1__from_on": "2026-09-01",
                "concession__1__until_on": "2026-09-30",
            }  # fmt: skip
            plain = a_product(bank, name="平价贷", **same)
            given = a_product(bank, name="个体让利贷", **same, **cut, concession__1__whom="sole_proprietor")
            other = a_product(bank, name="甲级让利贷", **same, **cut, concession__1__whom="tax_a")
            ids = plain.id, given.id, other.id
            owner = db.session.get_one(Person, town["owner"])
        with unit_of_work():
            stored, _ = listed(town)
            rows = {row.product_id: row for row in queries.shown_rows(stored.id)}
            rates = [Decimal(rows[key].quote["rate_percent"]) for key in ids]
            assert rates[0] == rates[2] and rates[0] - rates[1] == Decimal("0.5"), "the grade is M: not proven"
            assert "concessions" not in rows[ids[2]].quote
            assert rows[ids[1]].cost_percent < rows[ids[0]].cost_percent  # type: ignore[operator]
            assert services.differences(stored) == [] and stored.counts["concessions_on"] == "2026-10-01"
            sheet = services.sheet_of(stored, rows[ids[1]])
            assert sheet is not None and sheet.quote.rate_percent == rates[1]
        sign_in(client, owner)
        text = page(client.get(f"/needs/{town['need']}/matches/products/{ids[1]}")).replace("\u00a0", " ")
        assert "个体工商户，利率减 50 个基点，到 9 月 30 日" in text
        assert "让利" not in page(client.get(f"/needs/{town['need']}/matches/products/{ids[2]}")).replace("让利贷", "")
        with clock.frozen("2026-10-01T09:00:00+08:00", everywhere=True), unit_of_work():
            late = services.why_stale(_need(town), queries.latest_list(town["need"]), clock.now())
            assert late is not None and late.code == "list_concessions_changed"
