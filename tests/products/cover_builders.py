"""Cover for tests, in one line each; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.db import db
from matchmaker.products.cover import services
from matchmaker.products.cover.models import Cover, CoverVersion
from matchmaker.products.cover.rules import FIELDS, STEPS
from tests.builders import a_desk, an_institution

Typed = dict[str, list[str]]


def an_insurer(short_name: str | None = None, *, kind: str = "INS_P") -> Institution:
    """An admitted insurer."""
    return an_institution(short_name, kind=kind)


def typed_cover(**changes: str | Sequence[str]) -> Typed:
    """What a desk types for a shop package, complete; `changes` replace or, with "", remove."""
    today = clock.today()
    typed: Typed = {
        "name": ["小店平安"],
        "summary": ["街边小店的装修、设备和存货"],
        "covers": ["火灾、爆炸烧坏的装修和设备\n水管爆裂泡坏的存货"],
        "exclusions": ["自己故意造成的\n地震\n露天堆放的货"],
        "deductible": ["每次 500 元"],
        "applicant_kinds": ["enterprise", "sole_proprietor"],
        "regions": [""],
        "industries_allow": [""],
        "industries_deny": [""],
        "sum_min_wan": ["5"],
        "sum_max_wan": ["200"],
        "periods": ["year"],
        "plans": ["once", "quarterly"],
        "documents": ["LICENCE", "LEASE"],
        "reason-LICENCE": ["核对投保的是谁"],
        "reason-LEASE": ["核对店在哪里"],
        "answer_days": ["3"],
        "acknowledge_days": ["1"],
        "decide_days": ["20"],
        "pay_days": ["7"],
        "small_claim_yuan": ["2000"],
        "small_claim_days": ["3"],
        "filing": ["filed"],
        "filing_number": ["C00001232612026010100001"],
        "filed_on": [(today - timedelta(days=90)).isoformat()],
        "valid_from_on": [today.isoformat()],
        "valid_until_on": [(today + timedelta(days=180)).isoformat()],
    }
    for field, value in changes.items():
        field = field.replace("__", "-")
        if value == "":
            typed.pop(field, None)
        else:
            typed[field] = [value] if isinstance(value, str) else list(value)
    return typed


def two_desks(insurer: Institution | None = None) -> tuple[Person, Person]:
    """Two people at the desk of one insurer, so that one may write and the other approve."""
    insurer = insurer or an_insurer()
    return a_desk(insurer, "朱木槿"), a_desk(insurer, "叶核定")


def a_cover_draft(
    desk: Person | None = None,
    typed: Mapping[str, Sequence[str]] | None = None,
    *,
    line: str = "PROP_SHOP",
    licensed: bool = False,
) -> CoverVersion:
    """A draft with all steps saved."""
    desk = db.session.get_one(Person, desk.id) if desk is not None else two_desks()[0]
    (institution_id,) = desk.desk_institution_ids
    typed = typed or typed_cover()
    cover = services.start_cover(institution_id=institution_id, line=line, name=typed["name"][0], by=desk)
    return fill(cover.versions[0], typed, by=desk, licensed=licensed)


def fill(
    version: CoverVersion, typed: Mapping[str, Sequence[str]], *, by: Person, licensed: bool = False
) -> CoverVersion:
    """Save every step."""
    for step in STEPS:
        part = {field: typed[field] for field in FIELDS[step] if field in typed}
        services.save_step(version, step, part, seen=version.row_version, licensed=licensed, by=by)
    return version


def a_cover(
    insurer: Institution | None = None,
    *,
    line: str = "PROP_SHOP",
    licensed: bool = False,
    **changes: str | Sequence[str],
) -> Cover:
    """A listed cover; `changes` as in `typed_cover`. `licensed`: written while the licence was on file."""
    writer, reviewer = two_desks(insurer)
    version = a_cover_draft(writer, typed_cover(**changes), line=line, licensed=licensed)
    services.submit_version(version, seen=version.row_version, licensed=licensed, by=writer)
    services.publish_version(version, seen=version.row_version, licensed=licensed, by=reviewer)
    return version.cover
