"""Products as the pages that every desk has see them (``desk_pages``)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from matchmaker import clock
from matchmaker.products import desk_pages, queries, services
from matchmaker.products.models import ProductVersion
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.terms import cautions_of
from matchmaker.products.rules.typed import STEPS
from matchmaker.products.views.browsing import rates_of


def to_read(version: ProductVersion) -> dict[str, Any]:
    """What the pages are given on which a version is read once more before it goes on."""
    today = clock.today()
    current = version.product.current_version
    problems = queries.problems_in(version, today)
    return {
        "version": version,
        "product": version.product,
        "problems": problems,
        "by_step": queries.problems_by_step(problems),
        "steps": STEPS,
        "cautions": cautions_of(version.terms),
        "changes": differences(current.terms, version.terms) if current is not None else None,
        "example": queries.example_cost(version.terms, today),
        "rates": rates_of(version),
        "lpr": queries.lpr_on(today),
        "names": queries.names_of({version.submitted_by_id}),
    }


SHELF = desk_pages.Shelf(
    pages="products",
    steps=STEPS,
    to_read=to_read,
    deeds={
        "save": services.save_step,
        "submit": services.submit_version,
        "publish": services.publish_version,
        "drop": services.drop_draft,
        "suspend": services.suspend_product,
        "stop": services.stop_product,
        "resume": services.resume_product,
    },
    words={
        "submit": _l("送审了。另一位同事核过才上架。"),
        "publish": _l("上架了。从现在起按这一版给客户看。"),
        "suspend": _l("暂停了，客户的清单里不再出现。"),
        "stop": _l("停办了，客户的清单里不再出现。"),
        "resume": _l("恢复了，客户又能看到了。"),
    },
)
