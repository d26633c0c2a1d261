"""The products of the town obey the same rules as those of a desk, and no name or sentence is copied from reality."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from matchmaker.demo import products
from matchmaker.demo.institutions import BY_KEY, INSTITUTIONS
from matchmaker.products.rules.states import Kind, kinds_offered
from matchmaker.products.rules.terms import problems_of
from matchmaker.products.rules.typed import read_terms, typed_from

TODAY = date(2026, 9, 23)


def kind_of(shape: products.Shape) -> Kind:
    (kind,) = kinds_offered(BY_KEY[shape.of].kind)
    return kind


@pytest.mark.parametrize("shape", products.SHAPES, ids=lambda shape: shape.name)
def test_every_product_of_the_town_could_be_published_by_a_desk(shape: products.Shape) -> None:
    terms = products.terms_of(shape, kind=kind_of(shape), valid=(TODAY, TODAY + timedelta(days=200)))
    found = problems_of(terms, today=TODAY, lpr_1y_percent=Decimal("3.0"), lpr_5y_percent=Decimal("3.5"))
    assert [(problem.field, problem.reason.code) for problem in found] == []
    assert read_terms(typed_from(terms), terms.kind) == (terms, [])


def test_there_are_at_least_eighty_products_of_at_least_twelve_institutions() -> None:
    assert len(products.SHAPES) >= 80
    assert len({shape.name for shape in products.SHAPES}) == len(products.SHAPES)
    assert len(INSTITUTIONS) >= 12
    assert len({shape.of for shape in products.SHAPES}) >= 12
    assert sum(len(branch.managers) for one in INSTITUTIONS for branch in one.branches) >= 20
