"""Products for tests, in one line each; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.db import db
from matchmaker.products import services
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.fees import FEE_CODES
from matchmaker.products.rules.typed import FIELDS, STEPS
from tests.builders import a_branch, a_desk, an_institution

Typed = dict[str, list[str]]


def typed_product(**changes: str | Sequence[str]) -> Typed:
    """What a desk types for a small unsecured loan at LPR plus 85, complete; `changes` replace or, with "", remove."""
    today = clock.today()
    typed: Typed = {
        "name": ["灶台贷"],
        "summary": ["给街边餐饮小店备货周转，不用抵押"],
        "applicant_kinds": ["enterprise", "sole_proprietor"],
        "purposes": ["WC", "PURCHASE", "RENT", "DECOR"],
        "first_time_friendly": ["y"],
        "amount_min_wan": ["5"],
        "amount_max_wan": ["50"],
        "term_min_months": ["6"],
        "term_max_months": ["36"],
        "rate_base": ["LPR1Y"],
        "spread_min_bp": ["85"],
        "spread_max_bp": ["85"],
        "repayments": ["EQ_INST", "INT_M_BULLET"],
        "securities": ["CREDIT"],
        "regions": [""],
        "industries_allow": [""],
        "industries_deny": [""],
        "min_months_in_business": ["12"],
        "min_turnover_wan": ["30"],
        "least_tax_grade": ["M"],
        "max_debt_ratio_percent": ["70"],
        "renewal_kind": ["without_repaying"],
        "renewal_statement": ["到期前一个月申请，没有逾期就能续，不用先还本金"],
        "documents": ["LICENCE", "BANK_FLOW"],
        "reason-LICENCE": ["核对是谁在经营"],
        "reason-BANK_FLOW": ["看近一年进出账"],
        "promised_days": ["5"],
        "valid_from_on": [today.isoformat()],
        "valid_until_on": [(today + timedelta(days=180)).isoformat()],
    }
    typed |= {f"fee-{code}-answer": ["none"] for code in FEE_CODES}
    typed |= fee("LATE", value="50", way="percent_over_rate.on_event", payee="本行")
    for field, value in changes.items():
        field = field.replace("__", "-")
        if value == "":
            typed.pop(field, None)
        else:
            typed[field] = [value] if isinstance(value, str) else list(value)
    return typed


def fee(code: str, *, value: str, way: str, payee: str, payer: str = "borrower", optional: bool = False) -> Typed:
    """The typed fields of one charged fee."""
    return {
        f"fee-{code}-answer": ["charged"],
        f"fee-{code}-payer": [payer],
        f"fee-{code}-payee": [payee],
        f"fee-{code}-value": [value],
        f"fee-{code}-way": [way],
        **({f"fee-{code}-optional": ["y"]} if optional else {}),
    }


def two_desks(institution: Institution | None = None) -> tuple[Person, Person]:
    """Two people at the desk of one institution, so that one may submit and the other publish."""
    if institution is None:
        institution = an_institution()
        a_branch(institution)
    return a_desk(institution, "陈柜台"), a_desk(institution, "许复核")


def a_draft(
    desk: Person | None = None,
    typed: Mapping[str, Sequence[str]] | None = None,
    *,
    kind: str = "credit",
    branch_id: int | None = None,
) -> ProductVersion:
    """A draft with all steps saved."""
    desk = db.session.get_one(Person, desk.id) if desk is not None else two_desks()[0]
    (institution_id,) = desk.desk_institution_ids
    typed = typed or typed_product()
    product = services.start_product(
        institution_id=institution_id, kind=kind, name=typed["name"][0], branch_id=branch_id, by=desk
    )
    return fill(product.versions[0], typed, by=desk)


def fill(version: ProductVersion, typed: Mapping[str, Sequence[str]], *, by: Person) -> ProductVersion:
    """Save every step."""
    for step in STEPS:
        part = {field: typed[field] for field in FIELDS[step] if field in typed}
        services.save_step(version, step, part, seen=version.row_version, by=by)
    return version


def a_submitted_version(desk: Person | None = None, typed: Typed | None = None, **values: Any) -> ProductVersion:
    """A version that waits for the second person."""
    version = a_draft(desk, typed, **values)
    submitter = desk or db.session.get_one(Person, version.created_by_id)
    return services.submit_version(version, seen=version.row_version, by=submitter)


def a_product(
    institution: Institution | None = None,
    *,
    kind: str = "credit",
    branch_id: int | None = None,
    **changes: str | Sequence[str],
) -> Product:
    """A published product; `changes` as in `typed_product` (fee fields with two underscores: fee__GUAR__answer)."""
    writer, reviewer = two_desks(institution)
    typed = typed_product(**changes)
    if kind == "guarantee":
        typed |= fee("GUAR", value="1", way="percent_per_year.yearly", payee="本公司")
    version = a_submitted_version(writer, typed, kind=kind, branch_id=branch_id)
    services.publish_version(version, seen=version.row_version, by=reviewer)
    return version.product
