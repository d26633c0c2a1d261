"""What can be found of products: what is listed for everybody, and the own institution's with their drafts."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker import clock
from matchmaker.products import queries
from matchmaker.products.models import Product, ProductImport, ProductVersion
from matchmaker.searching import Findable, Hit
from matchmaker.web import label


def _listed(found: Sequence[ProductVersion]) -> list[Hit]:
    return [
        Hit(
            one.name,
            url_for("products.show", product_id=one.product_id),
            one.product.institution.short_name,
            label("product.kind", one.product.kind),
        )
        for one in found
    ]


def _own(found: Sequence[Product]) -> list[Hit]:
    return [
        Hit(
            (one.current_version or one.versions[-1]).name,
            url_for("products.look_after", product_id=one.id),
            one.institution.short_name,
            label("product.state", one.state),
        )
        for one in found
    ]


def _imports(found: Sequence[ProductImport]) -> list[Hit]:
    return [Hit(one.filename, url_for("products.imported", import_id=one.id)) for one in found]


def _tables(person: Any, words: str) -> Any:
    ids = person.desk_institution_ids
    return queries.imports_of(ids, words) if ids else None


FINDABLE = (
    Findable(
        "products",
        _l("有哪些产品"),
        None,
        lambda person, words: queries.published_products(clock.today(), q=words),
        _listed,
        lambda person, words: url_for("products.browse", q=words),
    ),
    Findable(
        "our-products",
        _l("我们的产品"),
        "product.list",
        lambda person, words: queries.products_of(person.institution_ids, q=words, today=clock.today()),
        _own,
        lambda person, words: url_for("products.mine", q=words),
    ),
    Findable(
        "imports",
        _l("读进来的表"),
        "product.import",
        _tables,
        _imports,
        lambda person, words: url_for("products.imports", q=words),
    ),
)
