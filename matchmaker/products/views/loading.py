"""Finding what an address names, and the desk that somebody writes for."""

from __future__ import annotations

from matchmaker.accounts.models import Institution
from matchmaker.products import queries, services
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.states import EDITABLE_VERSION, kinds_offered
from matchmaker.web import actor


def load_product(product_id: int) -> Product | None:
    """The product of the address."""
    return queries.product(product_id)


def load_open_version(product_id: int) -> ProductVersion | None:
    """The version that is being written or reviewed."""
    return queries.open_version(product_id)


def load_editable_version(product_id: int) -> ProductVersion | None:
    """The version that may be written on now."""
    version = queries.open_version(product_id)
    return version if version is not None and version.state in EDITABLE_VERSION else None


def listing_desk() -> Institution | None:
    """The institution for which the signed-in person may list products here; None for insurers, funds, departments."""
    person = actor()
    desks = queries.desks_of(person.desk_institution_ids) if person is not None else []
    return next((institution for institution in desks if kinds_offered(institution.kind)), None)


def importing_desk() -> Institution | None:
    """The institution for which the signed-in person may read tables in: whoever lists loans, guarantees or cover."""
    person = actor()
    desks = queries.desks_of(person.desk_institution_ids) if person is not None else []
    return next((institution for institution in desks if services.offers_of(institution) is not None), None)
