"""Lists: who is on them, at what price, in which order, why the others are not, and that they can be derived again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.businesses import queries as businesses
from matchmaker.businesses.models import YearlyFigures
from matchmaker.db import db, unit_of_work
from matchmaker.eligibility.bounds import Possible, Span
from matchmaker.eligibility.facts import Facts
from matchmaker.matching import cards, queries, services
from matchmaker.matching.models import MarketPlaces
from matchmaker.products.models import Product
from matchmaker.ranking.models import Shown, ShownList, TurnedDown
from matchmaker.ranking.rules import Similar
from matchmaker.refusal import Refused, plain
from tests.builders import a_branch, a_person, an_institution
from tests.needs.builders import a_need, a_shop
from tests.products.builders import a_product

from .builders import NOW, a_bank, a_known_need, a_market, a_record

PRODUCTS = ("hearth", "float", "guaranteed", "guarantee", "two_years", "older", "elsewhere", "mortgage")


@pytest.fixture
def town(town_app: Any, town_file: Any) -> Any:
    """The example market and need, at a fixed time, inside one unit of work (SQLite, built once)."""
    ids = town_file[1]
    with clock.frozen(NOW), town_app.app_context(), unit_of_work():
        market = {name: db.session.get_one(Product, ids[name]) for name in PRODUCTS}
        yield market, queries.need_for_matching(ids["need"])


@pytest.fixture
def town_anywhere(any_app: Any) -> Any:
    """The same on each engine in turn."""
    with clock.frozen(NOW), any_app.app_context(), unit_of_work():
        yield a_market(), a_known_need()


def names(stored: ShownList) -> list[str]:
    return [row.product_version.name for row in queries.shown_rows(stored.id)]


@pytest.mark.article("3.6", "B.2")
def test_every_published_product_is_on_the_list_or_turned_down(town_anywhere: Any) -> None:
    market, need = town_anywhere
    stored = services.make_list(need, by=need.business.members[0].person)
    assert set(names(stored)) == {"灶台贷", "小店周转金", "三合担保贷", "小微担保"}
    down = {
        row.product_version.name: [fail["rule"] for fail in row.failed] for row in queries.turned_down_rows(stored.id)
    }
    assert down == {
        "头回贷": ["term"],
        "青石经营贷": ["months_in_business"],
        "南埠小额贷": ["service_area"],
        "望山铺面贷": ["security"],
    }
    assert stored.counts["products"] == len(market)
    assert stored.counts["fitting"] == 4 and stored.counts["loans"] == 3


@pytest.mark.article("B.4", "3.6")
def test_a_turned_down_product_says_what_it_asks_what_i_have_and_whether_that_can_change(town: Any) -> None:
    market, need = town
    stored = services.make_list(need, by=None)
    [older] = [row for row in queries.turned_down_rows(stored.id) if row.product_id == market["older"].id]
    founded = need.business.founded_on
    assert older.failed == [
        {
            "rule": "months_in_business",
            "required": {"least_months": 24},
            "mine": {"open_months": 21},
            "changeable": {
                "kind": "with_time",
                "from_on": date(founded.year + 2, founded.month, founded.day).isoformat(),
            },
        }
    ]


@pytest.mark.article("8.2")
def test_the_price_counts_every_fee_and_takes_the_dearest_rate(town_anywhere: Any) -> None:
    _market, need = town_anywhere
    stored = services.make_list(need, by=None)
    rows = {row.product_version.name: row for row in queries.shown_rows(stored.id)}
    hearth, guaranteed = rows["灶台贷"], rows["三合担保贷"]
    assert hearth.cost_percent == Decimal("3.850000") or abs(hearth.cost_percent - Decimal("3.85")) < Decimal("0.001")
    assert (hearth.quote["each_yuan"], hearth.quote["interest_yuan"]) == ("25524.42", "6292.98")
    assert (guaranteed.quote["each_yuan"], guaranteed.quote["in_hand_yuan"]) == ("25469.65", "298500.00")
    assert guaranteed.cost_percent.quantize(Decimal("0.01")) == Decimal("4.38")
    assert guaranteed.quote["fees"][0]["total_yuan"] == "1500.00"


@pytest.mark.article("8.1")
def test_the_day_of_the_lpr_is_kept_with_the_list(town: Any) -> None:
    _, need = town
    stored = services.make_list(need, by=None)
    assert stored.lpr_on == date(2026, 9, 20)


@pytest.mark.article("B.2")
def test_a_stored_list_comes_out_the_same_when_derived_again(town: Any) -> None:
    market, need = town
    a_record(market["hearth"], leads=84, funded=50, median_days_to_money=6)
    a_record(market["float"], leads=40, funded=30, whole=True, answered_in_time=20)
    stored = services.make_list(need, by=None)
    db.session.expire_all()
    assert services.differences(stored) == []


@pytest.mark.article("B.2")
def test_it_can_be_derived_again_when_the_world_has_moved_on(town_anywhere: Any) -> None:
    market, need = town_anywhere
    record = a_record(market["hearth"], leads=84, funded=50)
    stored = services.make_list(need, by=None)
    record.leads, record.funded = 200, 1
    need.business.founded_on = date(2010, 1, 1)
    branch = db.session.scalars(
        sa.select(queries.Branch).where(queries.Branch.institution_id == market["hearth"].institution_id)
    ).one()
    branch.service_regions = ["330212"]
    db.session.flush()
    db.session.expire_all()
    assert services.differences(stored) == []
    assert names(services.make_list(need, by=None)) != names(stored)


@pytest.mark.article("B.2")
def test_a_forged_row_is_noticed(town: Any) -> None:
    _market, need = town
    stored = services.make_list(need, by=None)
    first = queries.shown_rows(stored.id)[0]
    first.score += 0.1
    db.session.flush()
    assert [str(one) for one in services.differences(stored)] == ["place 1: score"]


def test_a_list_of_other_rules_says_so(town: Any) -> None:
    _, need = town
    stored = services.make_list(need, by=None)
    stored.rules_version = "2020-01-01.1"
    with pytest.raises(Refused, match="list_by_other_rules"):
        services.derive_again(stored)


@pytest.mark.article("8.2", "B.2")
def test_changing_a_commission_changes_nothing(town_anywhere: Any) -> None:
    market, need = town_anywhere
    before = services.make_list(need, by=None)
    for place, product in enumerate(market.values()):
        product.commission_percent = Decimal(place * 10)
    db.session.flush()
    after = services.make_list(need, by=None)

    def rows(stored: ShownList) -> list[Any]:
        return [
            (
                row.place,
                row.product_id,
                row.score,
                row.chance,
                row.cost_percent,
                plain(row.reasons),
                plain(row.cautions),
                plain(row.features),
            )
            for row in queries.shown_rows(stored.id)
        ]

    assert rows(before) == rows(after)
    assert before.counts == after.counts


@pytest.mark.article("7.3", "12.1")
def test_fifteen_million_goes_to_a_branch_that_may_decide_on_it(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        big = {"amount_max_wan": "3000", "min_turnover_wan": "", "max_debt_ratio_percent": ""}
        small_bank, large_bank = an_institution("小行"), an_institution("大行", kind="STATE")
        a_branch(small_bank, decision_limit_yuan=Decimal(10_000_000))
        a_branch(large_bank, decision_limit_yuan=Decimal(10_000_000))
        a_branch(large_bank, decision_limit_yuan=None, service_regions=["33"])
        a_product(small_bank, name="小行大额贷", **big)
        a_product(large_bank, name="大行大额贷", **big)
        stored = services.make_list(a_known_need(amount_yuan=Decimal(15_000_000)), by=None)
        assert names(stored) == ["大行大额贷"]
        [down] = queries.turned_down_rows(stored.id)
        assert [(fail["rule"], fail["required"]) for fail in down.failed] == [
            ("decision_limit", {"decision_limit_yuan": "10000000.00"})
        ]


@pytest.mark.article("12.1")
def test_a_local_bank_without_declared_area_stays_in_its_prefecture(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        for kind in ("RURALC", "JOINT"):
            bank = an_institution(f"{kind}行", kind=kind, region_code="330200")
            a_branch(bank, region_code="330212", service_regions=[], latitude=None, longitude=None)
            a_product(bank, name=f"{kind}贷")
        stored = services.make_list(a_known_need(), by=None)
        assert names(stored) == ["JOINT贷"]


@pytest.mark.article("12.1")
def test_a_product_of_one_branch_is_offered_only_where_that_branch_serves(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        bank = a_bank("两支行银行")
        far = a_branch(bank, service_regions=["330212"])
        a_product(bank, name="总行贷")
        a_product(bank, name="远支行贷", branch_id=far.id)
        assert names(services.make_list(a_known_need(), by=None)) == ["总行贷"]


@pytest.mark.article("7.2")
def test_of_two_equal_loans_the_unsecured_one_stands_first(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        a_product(a_bank("甲银行"), name="抵押贷", securities=["MORT_COM"])
        a_product(a_bank("乙银行"), name="信用贷")
        stored = services.make_list(a_known_need(securities=["MORT_COM"]), by=None)
        assert names(stored) == ["信用贷", "抵押贷"]


def test_the_chance_is_counted_and_hidden_under_twenty_cases(town: Any) -> None:
    market, need = town
    a_record(market["hearth"], leads=84, funded=50)
    a_record(market["float"], leads=19, funded=19, whole=True)
    rows = {row.product_id: row for row in queries.shown_rows(services.make_list(need, by=None).id)}
    assert (rows[market["hearth"].id].chance, rows[market["hearth"].id].chance_n) == (round(50 / 84, 6), 84)
    assert (rows[market["float"].id].chance, rows[market["float"].id].chance_n) == (None, 19)


@pytest.mark.article("B.2")
def test_reasons_and_cautions_carry_their_numbers(town: Any) -> None:
    _market, need = town
    need.current.first_loan = "yes"
    stored = services.make_list(need, by=None)
    rows = {row.product_version.name: row for row in queries.shown_rows(stored.id)}
    assert [reason["code"] for reason in rows["灶台贷"].reasons][:2] == ["rank_first_loan", "rank_cheapest"]
    assert [reason["code"] for reason in rows["小店周转金"].reasons][:2] == ["rank_first_loan", "rank_fastest"]
    cautions = {caution["code"]: caution["facts"] for caution in rows["小店周转金"].cautions}
    assert cautions["care_all_at_end"] == {"end_months": 12, "end_yuan": "300000.00"}
    cautions = {caution["code"]: caution["facts"] for caution in rows["灶台贷"].cautions}
    assert cautions["care_heavy_payment"] == {"monthly_yuan": "25524.42", "share_percent": "33"}
    assert "care_guarantee_only" in [caution["code"] for caution in rows["小微担保"].cautions]


def test_a_guarantee_stands_after_the_loans(town: Any) -> None:
    _, need = town
    assert names(services.make_list(need, by=None))[-1] == "小微担保"


def test_what_would_help_and_near_misses_are_counted(town: Any) -> None:
    market, need = town
    counts = services.make_list(need, by=None).counts
    assert {miss["rule"]: miss["product_ids"] for miss in counts["near"]} == {
        "term": [market["two_years"].id],
        "months_in_business": [market["older"].id],
        "service_area": [market["elsewhere"].id],
        "security": [market["mortgage"].id],
    }
    helps = {help["code"]: help for help in counts["helps"]}
    assert helps["help_wait"]["opened"] == [market["older"].id]
    assert helps["help_security"]["facts"]["securities"] == ["MORT_COM"]
    assert "help_term_months" not in helps  # 24 months would open one loan and close two


def test_a_product_that_is_not_in_force_is_not_matched(town: Any) -> None:
    market, need = town
    market["hearth"].state = "suspended"
    db.session.flush()
    assert "灶台贷" not in names(services.make_list(need, by=None))
    with clock.frozen("2027-06-01T10:00:00+08:00"):
        assert names(services.make_list(need, by=None)) == []  # every listing has ended by then


def test_a_need_that_is_over_gets_no_list(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work(), pytest.raises(Refused, match="need_not_live"):
        services.make_list(a_known_need(state="withdrawn"), by=None)


def test_an_empty_market_gives_an_empty_list(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        stored = services.make_list(a_known_need(), by=None)
        assert (
            stored.counts["products"],
            stored.counts["fitting"],
            stored.counts["near"],
            stored.counts["helps"],
        ) == (0, 0, [], [])
        assert services.differences(stored) == []


def test_only_fifty_are_kept_in_full_and_the_rest_can_still_be_derived(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "TOP_STORED", 2)
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        a_market()
        stored = services.make_list(a_known_need(), by=None)
        assert len(names(stored)) == 2 and len(stored.counts["rest"]) == 2 and stored.counts["fitting"] == 4
        db.session.expire_all()
        assert services.differences(stored) == []


def test_branches_are_noted_once_for_each_state(town_anywhere: Any) -> None:
    market, need = town_anywhere
    services.make_list(need, by=None)
    services.make_list(need, by=None)
    assert db.session.scalar(sa.select(sa.func.count(MarketPlaces.id))) == 1
    a_branch(market["hearth"].institution)
    services.make_list(need, by=None)
    assert db.session.scalar(sa.select(sa.func.count(MarketPlaces.id))) == 2


def test_facts_of_a_bare_business_stay_unknown_and_its_county_stands_in(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        need = a_need(a_shop(address=""), securities=None)
        facts = queries.facts_of(need)
        assert (
            facts.turnover_yuan,
            facts.debt_ratio_percent,
            facts.tax_grade,
            facts.securities,
            facts.first_loan,
        ) == (None,) * 5
        assert facts.exact_place is False and facts.latitude is not None
        need.business.collateral = ["MORT_RES"]
        assert queries.facts_of(need).securities == frozenset({"MORT_RES"})


# ---- before sign-up, and after a no ----------------------------------------------------------------------------------


@pytest.mark.article("3.6", "7.1")
def test_check_answers_with_kinds_prices_days_and_obstacles_and_writes_nothing(town_anywhere: Any) -> None:
    _market, _need = town_anywhere
    rows = (ShownList, Shown, TurnedDown, MarketPlaces)
    before = [db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in rows]
    found = services.check(
        Facts(
            kind="sole_proprietor",
            industry_code=Possible(("61", "62")),
            region_code="330106",
            months_in_business=Span(12, 35),
            turnover_yuan=Span(Decimal(300_000), Decimal(1_000_000)),
            amount_yuan=Decimal(300_000),
            term_months=12,
            securities=frozenset(),
        )
    )
    assert not db.session.new and not db.session.dirty
    assert [db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in rows] == before
    assert (found.checked, found.fitting) == (8, 5)  # 24 months are not refused to "1 to 3 years"
    assert {kind.kind: kind.count for kind in found.by_kind} == {
        "unsecured": 2,
        "guaranteed": 1,
        "revolving": 1,
        "guarantee": 1,
    }
    assert found.low_percent is not None and found.low_percent.quantize(Decimal("0.01")) == Decimal("3.85")
    assert found.high_percent is not None and found.high_percent.quantize(Decimal("0.01")) == Decimal("4.38")
    assert {obstacle.rule for obstacle in found.obstacles} == {"term", "service_area", "security"}
    assert all(obstacle.alone == 1 for obstacle in found.obstacles)
    assert "months_in_business" in found.unsure and "tax_grade" in found.unsure
    assert found.lpr_on == date(2026, 9, 20)


def test_check_with_no_answer_at_all_refuses_nothing(town: Any) -> None:
    found = services.check(Facts())
    assert found.fitting == found.checked == 8
    assert found.obstacles == ()


def test_check_in_an_empty_market(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        found = services.check(Facts(amount_yuan=Decimal(1)))
        assert (found.checked, found.fitting, found.by_kind, found.low_percent, found.usual_low_days) == (
            0,
            0,
            (),
            None,
            None,
        )


@pytest.mark.article("B.4")
def test_after_a_no_the_next_best_is_of_another_institution(town: Any) -> None:
    _market, need = town
    services.make_list(need, by=None)
    first = services.next_best(need)[0]
    others = services.next_best(need, excluding_institutions={first.product.institution_id})
    assert first.product_id not in [row.product_id for row in others]
    assert all(row.product.kind == "credit" for row in others)
    assert services.next_best(a_need()) == []


# ---- does it still stand? --------------------------------------------------------------------------------------------


def test_a_list_is_stale_after_news_only(town: Any) -> None:
    market, need = town
    assert services.why_stale(need, None, clock.now()).code == "list_never_made"  # type: ignore[union-attr]
    stored = services.make_list(need, by=None)
    assert services.why_stale(need, stored, clock.now()) is None
    later = clock.now() + timedelta(days=services.STALE_AFTER_DAYS)
    assert services.why_stale(need, stored, later).code == "list_old"  # type: ignore[union-attr]
    with clock.frozen("2026-09-24T09:00:00+08:00"):
        a_product(market["hearth"].institution, name="新产品")
        assert services.why_stale(need, stored, clock.now()).code == "list_market_changed"  # type: ignore[union-attr]
    need.current_number += 1
    assert services.why_stale(need, stored, clock.now()).code == "list_need_changed"  # type: ignore[union-attr]


def test_a_list_is_stale_when_its_owner_has_told_more(town: Any) -> None:
    _, need = town
    stored = services.make_list(need, by=None)
    need.business.figures[0].turnover_yuan = Decimal(10_000)
    assert services.why_stale(need, stored, clock.now()).code == "list_business_changed"  # type: ignore[union-attr]
    again = services.make_list(need, by=None)
    assert again.counts["fitting"] < stored.counts["fitting"]
    assert services.why_stale(need, again, clock.now()) is None


def test_a_list_is_stale_when_an_institution_or_its_area_has_gone(town: Any) -> None:
    market, need = town
    stored = services.make_list(need, by=None)
    institution = market["hearth"].institution
    institution.status = "suspended"
    db.session.flush()
    assert services.why_stale(need, stored, clock.now()).code == "list_products_changed"  # type: ignore[union-attr]
    institution.status = "admitted"
    institution.branches[0].service_regions = ["3302"]
    db.session.flush()
    assert services.why_stale(need, stored, clock.now()).code == "list_branches_changed"  # type: ignore[union-attr]


def test_figures_of_the_running_year_are_no_years_turnover(town: Any) -> None:
    _, need = town
    known = queries.facts_of(need)
    need.business.figures.append(
        YearlyFigures(year=clock.today().year, employees=4, turnover_yuan=Decimal(90_000_000))
    )
    db.session.flush()
    assert queries.facts_of(need) == known
    next_year = date(clock.today().year + 1, 1, 1)
    assert queries.facts_of(need, on=next_year).turnover_yuan == 90_000_000
    assert businesses.facts_of(need.business).turnover_yuan == known.turnover_yuan, "as the owner's own page says"


def test_tenths_on_the_card_and_in_its_reasons_are_the_same() -> None:
    for funded in range(21):
        row = SimpleNamespace(chance=funded / 20, chance_n=20)
        assert cards.tenths_of(row) == Similar(20, funded).tenths  # type: ignore[arg-type]


def test_the_deed_is_on_the_trail(town: Any) -> None:
    from matchmaker.audit.models import AuditRow

    _, need = town
    person = a_person()
    services.make_list(need, by=person)
    [row] = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "need.match"))
    assert (row.by_id, row.object_id, row.facts["fitting"]) == (person.id, need.id, 4)
