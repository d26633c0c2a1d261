"""The zone: lines, one line, one cover; prices and comparison only where the licence is on file."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker import clock
from matchmaker.businesses.models import Business
from matchmaker.formatting import unit_of_page
from matchmaker.insurance import listings
from matchmaker.insurance.queries import zone as reading
from matchmaker.insurance.views import bp, licensed
from matchmaker.insurance.views.fitting import fit_of, judged_of
from matchmaker.listing import listed
from matchmaker.products.cover.models import CoverVersion
from matchmaker.products.cover.rules import counted_in_money, indicative, split
from matchmaker.reference import insurance_lines
from matchmaker.reference.insurance_lines import InsuranceLine
from matchmaker.reference.rules.sums import UNITS, narrow, read_sum
from matchmaker.web import actor, paginate_items, public, row_ids, typed_words

COMPARED_AT_MOST = 4
BY_THE_DAY = "元/日"
"""The one base of money that is small: typed in yuan on every page."""


@bp.get("/cover")
@public
def zone() -> ResponseReturnValue:
    """The lines by group, with how many insurers list something; `line` narrows to those that meet a condition."""
    q = request.args.get("q", "")
    only = reading.known_lines(request.args.getlist("line"))
    return render_template(
        "insurance/zone.html",
        groups=reading.groups(clock.today(), q=q, only=only),
        q=q,
        only=only,
        licensed=licensed(),
    )


@bp.get("/cover/lines/<line>")
@public
@listed(listings.ON_LINE)
def one_line(line: str) -> ResponseReturnValue:
    """Who lists something on a line: in the neutral order of the day, for the business one acts for if there is one."""
    found = insurance_lines.get(line) or abort(404)
    today = clock.today()
    words = typed_words()
    page = paginate_items(reading.on_line(line, today, words), per_page=20)
    mine = reading.businesses_of(actor())
    business = _chosen(mine)
    return render_template(
        "insurance/line.html",
        line=found,
        page=page,
        words=words,
        businesses=mine,
        business=business,
        judged={version.id: judged_of(version, business) for version in page.items} if business else {},
        licensed=licensed(),
        most=COMPARED_AT_MOST,
        split=split,
    )


def _chosen(mine: list[Business]) -> Business | None:
    """The business that the address names, else the first."""
    text = request.args.get("business", "")
    named = next((business for business in mine if str(business.id) == text), None)
    return named or (mine[0] if mine else None)


@bp.get("/cover/<int:cover_id>")
@public
def show_cover(cover_id: int) -> ResponseReturnValue:
    """One cover in full, as its insurer approved it."""
    return _cover_page(cover_id, None)


@bp.get("/cover/<int:cover_id>/versions/<int:number>")
@public
def show_version(cover_id: int, number: int) -> ResponseReturnValue:
    """A version that was listed once, as it was: somebody may have asked for it."""
    return _cover_page(cover_id, number)


def _cover_page(cover_id: int, number: int | None) -> ResponseReturnValue:
    found = reading.shown(cover_id, number, clock.today())
    if found is None:
        abort(404)
    version, is_listed = found
    mine = reading.businesses_of(actor())
    business = _chosen(mine)
    fits = {one.id: fit_of(version, one) for one in mine}
    return render_template(
        "insurance/cover.html",
        version=version,
        cover=version.cover,
        insurer=version.cover.institution,
        is_listed=is_listed,
        is_current=version.cover.current_version_id == version.id,
        business=business,
        fit=fits[business.id] if business else None,
        takes_some=not mine or any(not fit.failed for fit in fits.values()),
        licensed=licensed(),
        names={},
        split=split,
    )


# Only with the licence ----------------------------------------------------------------------------------------------


@bp.get("/cover/lines/<line>/compare")
@public
def compare(line: str) -> ResponseReturnValue:
    """Up to four covers of a line side by side, with what a base would cost; no such page without the licence."""
    found = insurance_lines.get(line)
    if found is None or not licensed():
        abort(404)
    ids = row_ids(request.args.getlist("cover"))
    versions = reading.some_on_line(line, ids, clock.today())[:COMPARED_AT_MOST]
    typed = request.args.get("base", "")
    unit = _base_unit(found)
    base = read_base(typed, unit)
    return render_template(
        "insurance/compare.html",
        line=found,
        versions=versions,
        typed=typed,
        unreadable=bool(typed.strip()) and base is None,
        premiums=_premiums(versions, base),
        unit=unit,
        split=split,
    )


def _premiums(versions: list[CoverVersion], base: Decimal | None) -> dict[int, Any]:
    return {version.id: indicative(version.terms, base) if base is not None else None for version in versions}


def _base_unit(line: InsuranceLine) -> str | None:
    """What a bare number in the form counts, as the form carries it ("wan", "yuan"); None where no money is counted."""
    if not counted_in_money(line.code):
        return None
    if line.rating_unit == BY_THE_DAY:
        return "yuan"
    carried = request.args.get("amount_unit", "")
    return carried if carried in UNITS else unit_of_page()


def read_base(text: str, unit: str | None) -> Decimal | None:
    """A base above zero as it was typed, money (`unit` "wan" or "yuan") in full; None for anything else."""
    if unit is not None:
        value = read_sum(text, unit)
    else:
        typed = narrow(text).replace(",", "").replace(" ", "")
        value = Decimal(typed) if re.fullmatch(r"\d{1,9}(\.\d{1,4})?", typed, re.ASCII) else None
    return value if value is not None and value > 0 else None
