"""Concessions (8.4): what a desk may write, when one counts, what it does to the cost, how versions differ by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.db import unit_of_work
from matchmaker.eligibility.bounds import Possible
from matchmaker.eligibility.facts import Facts
from matchmaker.products.rules.concessions import (
    Change,
    Concession,
    For,
    cut_rate,
    faults_of,
    from_json,
    holding,
    next_change,
    proven,
    without_waived,
)
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.fees import FeeLine
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.typed import read_terms, typed_from
from tests.products.builders import a_product

TODAY = date(2026, 9, 23)
CUT = Concession(1, Change.RATE_CUT, For.FIRST_LOAN, 20, None, date(2026, 9, 1), date(2026, 12, 31))
WAIVER = Concession(2, Change.FEE_WAIVER, For.SOLE_PROPRIETOR, None, "APPRAISAL", date(2026, 9, 1), date(2026, 9, 30))


@pytest.mark.article("8.4")
def test_a_concession_counts_only_where_its_condition_is_proven_and_its_dates_run() -> None:
    first = Facts(first_loan=True, kind="sole_proprietor")
    assert holding([CUT, WAIVER], first, TODAY) == (CUT, WAIVER)
    assert holding([CUT, WAIVER], first, date(2026, 10, 1)) == (CUT,), "the waiver has ended"
    assert holding([CUT, WAIVER], first, date(2026, 8, 31)) == ()
    assert holding([CUT], Facts(first_loan=None), TODAY) == (), "not known proves nothing"
    larger = replace(CUT, slot=3, cut_bp=30, whom=For.EVERYONE)
    assert holding([CUT, larger], first, TODAY) == (larger,), "cuts do not add up"


@pytest.mark.parametrize(
    ("whom", "facts", "said"),
    [
        (For.EVERYONE, Facts(), True),
        (For.TAX_A, Facts(tax_grade="A"), True),
        (For.TAX_A, Facts(tax_grade="B"), False),
        (For.MANUFACTURING, Facts(industry_code="1411"), True),
        (For.MANUFACTURING, Facts(industry_code="4411"), False),
        (For.MANUFACTURING, Facts(industry_code=Possible(("1411", "1412"))), False),
        (None, Facts(), False),
    ],
)
def test_what_proves_a_condition(whom: For | None, facts: Facts, said: bool) -> None:
    assert proven(whom, facts) is said


def test_what_it_does_to_rate_and_fees() -> None:
    assert cut_rate(Decimal("3.85"), [CUT, WAIVER]) == Decimal("3.65")
    assert cut_rate(Decimal("0.1"), [CUT]) == 0
    kept = without_waived([FeeLine("APPRAISAL", True), FeeLine("MGMT", True)], [CUT, WAIVER])
    assert [line.code for line in kept] == ["MGMT"]
    assert next_change([CUT, WAIVER], TODAY) == date(2026, 10, 1)
    assert from_json(WAIVER.as_json()) == WAIVER


def test_what_keeps_one_from_being_published() -> None:
    whole = ["APPRAISAL"]
    assert faults_of(CUT, whole, Decimal("3.5")) == faults_of(WAIVER, whole, None) == []
    bare = Concession(1, Change.RATE_CUT)
    assert [part for part, _ in faults_of(bare, whole, None)] == ["whom", "from_on", "until_on", "cut_bp"]
    assert [r.code for _, r in faults_of(CUT, whole, Decimal("0.1"))] == ["product_concession_below_zero"]
    assert [r.code for _, r in faults_of(WAIVER, [], None)] == ["product_concession_no_such_fee"]
    over = replace(CUT, until_on=date(2026, 8, 1))
    assert [r.code for _, r in faults_of(over, whole, None)] == ["product_concession_dates"]


def typed(**changes: Any) -> dict[str, list[str]]:
    return {
        f"concession-1-{part}": [value]
        for part, value in {
            "change": "rate_cut", "whom": "first_loan", "cut_bp": "20", "fee": "MGMT", "from_on": "2026-09-01",
            "until_on": "2026-12-31", **changes,
        }.items()
    }  # fmt: skip


def test_what_is_typed_reads_back_and_differs_from_the_version_before() -> None:
    terms, wrong = read_terms(typed(), Kind.CREDIT)
    assert (terms.concessions, wrong) == ((CUT,), []), "a fee means nothing to a cut"
    again, _ = read_terms(typed_from(terms), Kind.CREDIT)
    assert again.concessions == terms.concessions
    later, _ = read_terms(typed(until_on="2027-01-31"), Kind.CREDIT)
    (change,) = differences(terms, later)
    assert change.field == "concessions" and change.added == later.concessions and change.removed == (CUT,)
    _, wrong = read_terms(typed(change="fee_waiver", fee="PREPAY"), Kind.CREDIT)
    assert [(one.field, one.reason.code) for one in wrong] == [("concession-1-fee", "product_choice_unknown")]


@pytest.mark.article("8.4")
def test_a_published_concession_is_read_by_anybody_and_an_ended_one_stays_readable(app: Any, client: Any) -> None:
    with clock.frozen("2026-09-23T10:00:00+08:00", everywhere=True):
        with app.app_context(), unit_of_work():
            product = a_product(
                name="让利贷", **{key.replace("-", "__"): value[0] for key, value in typed(until_on="2026-09-30").items()}
            )
            number = product.id
        page = client.get(f"/products/{number}").get_data(as_text=True).replace("\u00a0", " ")
        assert "头一回贷款的，利率减 20 个基点，2026-09-01 到 2026-09-30" in page and "已经到期" not in page
    with clock.frozen("2026-10-09T10:00:00+08:00", everywhere=True):
        assert "已经到期" in client.get(f"/products/{number}/versions/1").get_data(as_text=True)
