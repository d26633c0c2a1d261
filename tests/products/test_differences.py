"""Every field of a product and of a cover that changes between versions is told by its name, in both languages."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from flask import g, render_template_string

from matchmaker.products.cover import rules as cover_rules
from matchmaker.products.rules.concessions import Change, Concession, For
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.fees import FeeLine
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.terms import Paper, RateBase, RenewalKind, Terms

TOLD: dict[str, Any] = {
    "applicant_kinds": ("enterprise",), "purposes": ("WC",), "rate_base": RateBase.FIXED, "repayments": ("EQ_INST",),
    "securities": ("CREDIT",), "regions": ("3301",), "industries_allow": ("61",), "industries_deny": ("62",),
    "tax_grades": ("A", "B"), "renewal_kind": RenewalKind.NO, "documents": (Paper("LICENCE", "看执照"),),
    "concessions": (Concession(1, Change.RATE_CUT, For.FIRST_LOAN, 20, None, date(2026, 9, 1), date(2026, 12, 1)),),
    "fees": (FeeLine("MGMT", False),),
}  # fmt: skip


def value_of(kind: Any, name: str) -> Any:
    """Something that a field may hold, by its type; codes by name."""
    if name in TOLD:
        return TOLD[name]
    text = str(kind)
    if "bool" in text:
        return True
    if "date" in text:
        return date(2026, 9, 23)
    if "Decimal" in text:
        return Decimal(12)
    return 12 if "int" in text else "写了一句"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_of_a_product_that_changes_is_told(app: Any, language: str) -> None:
    bare = Terms(kind=Kind.CREDIT)
    with app.test_request_context():
        g.language = language
        for field in fields(Terms):
            if field.name == "kind":
                continue  # a product never changes its kind
            changed = replace(bare, **{field.name: value_of(field.type, field.name)})
            for before, after in ((bare, changed), (changed, bare)):
                (change,) = differences(before, after)
                told = render_template_string(
                    '{% from "products/_parts.html" import changes_list with context %}{{ changes_list([change]) }}',
                    change=change,
                )
                words = re.sub("<[^>]*>", "", told)
                assert len(words.strip()) > 6 and f"label:{field.name}" not in words, (field.name, words)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_field_of_a_cover_that_changes_is_told(app: Any, language: str) -> None:
    bare = cover_rules.Terms(line="EMPLOYER")
    of_cover = {
        "periods": (next(iter(cover_rules.Period)),), "plans": (next(iter(cover_rules.Plan)),),
        "filing": next(iter(cover_rules.Filing)),
    }  # fmt: skip
    with app.test_request_context():
        g.language = language
        for field in fields(cover_rules.Terms):
            if field.name == "line":
                continue  # nor a cover its line
            value = of_cover.get(field.name) or value_of(field.type, field.name)
            changed = replace(bare, **{field.name: value})
            for before, after in ((bare, changed), (changed, bare)):
                (change,) = cover_rules.differences(before, after, licensed=True)
                told = render_template_string(
                    '{% from "cover/_parts.html" import changes_list with context %}{{ changes_list([change]) }}',
                    change=change,
                    cover=SimpleNamespace(in_money=True),
                )
                assert len(re.sub("<[^>]*>", "", told).strip()) > 6, field.name
