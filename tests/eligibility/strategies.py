"""Random products and owners: every rule, every form of a restriction, known, half known and unknown facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from matchmaker.eligibility.bounds import Place, Possible, Span
from matchmaker.eligibility.facts import Facts, Terms

regions = st.sampled_from(["330106", "330109", "330212", "310101", "110105"])
region_prefixes = st.lists(st.sampled_from(["33", "3301", "330106", "31", "11"]), max_size=3, unique=True).map(tuple)
trades = st.sampled_from(["6210", "6220", "1311", "5211", "7040"])
trade_prefixes = st.lists(st.sampled_from(["6", "62", "6210", "13", "52", "70"]), max_size=3, unique=True).map(tuple)
codes = st.sampled_from(["CREDIT", "MORT_RES", "MORT_COM", "PLEDGE_AR", "SURETY_GOV"])
money = st.integers(0, 3000).map(lambda wan: Decimal(wan * 10_000))
days = st.dates(date(2015, 1, 1), date(2030, 12, 31))


def maybe(strategy: Any) -> Any:
    return st.none() | strategy


@st.composite
def spans(draw: Any, numbers: Any) -> Any:
    low, high = sorted([draw(numbers), draw(numbers)])
    return Span(draw(st.sampled_from([low, None])), draw(st.sampled_from([high, None])))


places = st.lists(
    st.builds(
        Place, regions=region_prefixes, latitude=st.just(30.0), longitude=st.floats(118, 122),
        radius_km=maybe(st.floats(1, 200)), decides_up_to_yuan=maybe(money), home_region=maybe(regions),
    ),
    max_size=3,
).map(tuple)  # fmt: skip

all_terms = st.builds(
    Terms, key=st.integers(1, 10_000), amount_min_yuan=maybe(money), amount_max_yuan=maybe(money),
    term_min_months=maybe(st.integers(1, 60)), term_max_months=maybe(st.integers(1, 60)), regions=region_prefixes,
    places=places, industries_allow=trade_prefixes, industries_deny=trade_prefixes,
    applicant_kinds=st.lists(st.sampled_from(["enterprise", "sole_proprietor", "INDIV"]), max_size=2).map(tuple),
    min_months_in_business=maybe(st.integers(0, 60)), min_turnover_yuan=maybe(money),
    tax_grades=st.lists(st.sampled_from("ABMCD"), max_size=3, unique=True).map(tuple),
    max_debt_ratio_percent=maybe(st.integers(0, 100).map(Decimal)),
    securities=st.lists(codes, max_size=3, unique=True).map(tuple),
    purposes=st.lists(st.sampled_from(["WC", "EQUIP", "PROHIBIT_SEC"]), max_size=2, unique=True).map(tuple),
    first_time_only=st.booleans(), repayments=st.lists(st.sampled_from(["EQ_INST", "BULLET"]), max_size=2).map(tuple),
    valid_from_on=maybe(days), valid_until_on=maybe(days),
)  # fmt: skip

all_facts = st.builds(
    Facts, kind=maybe(st.sampled_from(["enterprise", "sole_proprietor", "cooperative"])),
    entity_code=maybe(st.sampled_from(["INDIV", "CO_LTD"])),
    industry_code=maybe(trades | st.lists(st.sampled_from(["61", "62", "52"]), min_size=1, max_size=2).map(
        lambda found: Possible(tuple(found)))),
    region_code=maybe(regions), latitude=maybe(st.floats(29, 31)), longitude=maybe(st.floats(118, 122)),
    exact_place=st.booleans(), founded_on=maybe(days),
    months_in_business=maybe(st.integers(0, 60) | spans(st.integers(0, 60))),
    turnover_yuan=maybe(money | spans(money)), tax_grade=maybe(st.sampled_from("ABMCD")),
    debt_ratio_percent=maybe(st.integers(0, 120).map(Decimal)), amount_yuan=maybe(money | spans(money)),
    term_months=maybe(st.integers(1, 60) | spans(st.integers(1, 60))),
    purpose=maybe(st.sampled_from(["WC", "EQUIP", "PROHIBIT_SEC"])), securities=maybe(st.frozensets(codes, max_size=2)),
    repayment=maybe(st.sampled_from(["EQ_INST", "REVOLVE"])), first_loan=maybe(st.booleans()),
)  # fmt: skip
