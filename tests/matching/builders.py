"""Markets and lists for tests, in one line each; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.businesses.models import Business, YearlyFigures
from matchmaker.db import db
from matchmaker.needs.models import Need
from matchmaker.products.models import Product, TrackRecord
from tests.builders import a_branch, an_institution
from tests.needs.builders import a_need, a_shop
from tests.products.builders import a_product, fee

NOW = "2026-09-23T10:24:00+08:00"


def a_known_shop(owner: Person | None = None, **values: Any) -> Business:
    """A noodle shop with figures, grade M and its own point, 21 months old: the example of the look."""
    values.setdefault("founded_on", clock.today() - timedelta(days=640))
    values.setdefault("latitude", 30.2600)
    values.setdefault("longitude", 120.1500)
    values.setdefault("tax_grade", "M")
    values.setdefault("address", "老街 1 号")
    turnover = values.pop("turnover_yuan", Decimal(920_000))
    shop = a_shop(owner, **values)
    shop.figures.append(
        YearlyFigures(
            year=clock.today().year - 1,
            employees=4,
            turnover_yuan=turnover,
            assets_yuan=Decimal(400_000),
            liabilities_yuan=Decimal(100_000),
        )
    )
    db.session.flush()
    return shop


def a_bank(name: str, **values: Any) -> Institution:
    """A bank with one branch that serves all of Hangzhou."""
    bank = an_institution(name, **values)
    a_branch(bank, f"{name}西湖支行")
    return bank


def a_market() -> dict[str, Product]:
    """Eight products of six institutions: four fit the example shop, each of the others fails one rule."""
    farmers, city, baihui, river = (
        a_bank("青檀农商银行", kind="RURALC"),
        a_bank("望山银行"),
        a_bank("百汇银行", kind="JOINT"),
        a_bank("江渚银行", kind="STATE"),
    )
    guarantors = a_bank("青檀担保", kind="GUARANTEE")
    south = an_institution("南埠村镇银行", kind="RURALX", region_code="330200")
    a_branch(south, "南埠支行", region_code="330212", service_regions=["330212"], latitude=29.8, longitude=121.5)
    return {
        "hearth": a_product(farmers, name="灶台贷", promised_days="5"),
        "float": a_product(
            city,
            name="小店周转金",
            spread_min_bp="135",
            spread_max_bp="135",
            amount_min_wan="1",
            amount_max_wan="30",
            term_min_months="6",
            term_max_months="12",
            repayments=["REVOLVE", "INT_M_BULLET"],
            revolving="y",
            promised_days="3",
        ),
        "guaranteed": a_product(
            baihui,
            name="三合担保贷",
            spread_min_bp="45",
            spread_max_bp="45",
            amount_min_wan="10",
            amount_max_wan="300",
            term_max_months="12",
            securities=["SURETY_GOV"],
            repayments=["EQ_INST"],
            promised_days="10",
            **{
                key.replace("-", "__"): value
                for key, value in fee("GUAR", value="0.5", way="percent_per_year.yearly", payee="青檀担保").items()
            },
        ),
        "guarantee": a_product(
            guarantors, kind="guarantee", name="小微担保", securities=["SURETY_GOV"], repayments=["EQ_INST"]
        ),
        "two_years": a_product(river, name="头回贷", spread_min_bp="95", spread_max_bp="95", term_min_months="24"),
        "older": a_product(baihui, name="青石经营贷", min_months_in_business="24"),
        "elsewhere": a_product(south, name="南埠小额贷"),
        "mortgage": a_product(city, name="望山铺面贷", securities=["MORT_COM"], least_tax_grade=""),
    }


def a_record(product: Product, *, leads: int, funded: int, whole: bool = False, **values: Any) -> TrackRecord:
    """What became of a product's leads (``whole``: of its institution's)."""
    row = TrackRecord(
        institution_id=product.institution_id,
        product_id=None if whole else product.id,
        as_of_at=clock.now(),
        leads=leads,
        answered_in_time=values.pop("answered_in_time", leads),
        decided=values.pop("decided", leads),
        funded=funded,
        median_days_to_money=values.pop("median_days_to_money", None),
    )
    db.session.add(row)
    db.session.flush()
    return row


def a_known_need(owner: Person | None = None, **wanted: Any) -> Need:
    """300,000 yuan for 12 months to buy stock, nothing to give as security, by the example shop."""
    return a_need(a_known_shop(owner), **wanted)
