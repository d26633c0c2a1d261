"""Changes of administrative divisions: what each kind does to the table, and why one cannot be. Plain.

A change is announced by the State Council or a province and published by the Ministry of Civil Affairs; codes follow
GB/T 2260. Whether an operator typed it rightly is for a second one to say (``services``); here stands only what is
possible at all: a code is six digits and lies under one that stands, what is to end stands, and so on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

from matchmaker.reference.regions import CITY, COUNTY, PROVINCE, CarvedOut, Divisions, Gone, Region
from matchmaker.refusal import Refused

RENAMED, MERGED, DIVIDED, RECODED, NEW, CHECKED = "renamed", "merged", "divided", "recoded", "new", "checked"
KINDS = (RENAMED, MERGED, DIVIDED, RECODED, NEW, CHECKED)
"""checked: somebody went through the ministry's table as of a day, and nothing else has changed."""
NAME_LONGEST = 20
MOST_RELATED = 30
_CODE = re.compile(r"[1-9]\d{5}")


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``code``: the division concerned ("" for new and checked). ``related``: heirs, or the divisions that
    a new one was carved out of."""

    kind: str
    in_force_on: date
    code: str = ""
    new_code: str = ""
    name: str = ""
    related: tuple[str, ...] = ()


NEEDED: Mapping[str, frozenset[str]] = {
    RENAMED: frozenset({"old_code", "name"}),
    MERGED: frozenset({"old_code", "related"}),
    DIVIDED: frozenset({"old_code", "related"}),
    RECODED: frozenset({"old_code", "new_code", "name"}),
    NEW: frozenset({"new_code", "name"}),
    CHECKED: frozenset(),
}
"""Kind → the fields that it cannot do without."""
ALLOWED: Mapping[str, frozenset[str]] = {**NEEDED, NEW: NEEDED[NEW] | {"related"}}
FIELDS = ("old_code", "new_code", "name", "related")


def read_change(kind: str, in_force_on: date, *, code: str, new_code: str, name: str, related: str) -> Change:
    """A change from what was typed; ``related`` holds codes apart by blanks, commas or lines.

    Raises Refused at the field: ``region_kind_missing``, ``region_field_missing``, ``region_field_idle`` (a field that
    this kind does not have), ``region_code_unread``, ``region_name_unread``, ``region_heir_one``, ``region_heirs_few``.
    """
    if kind not in KINDS:
        raise Refused("region_kind_missing", field="kind", status=422)
    typed = {"old_code": _plain(code), "new_code": _plain(new_code), "name": _plain(name), "related": _plain(related)}
    for field in FIELDS:
        if field in NEEDED[kind] and not typed[field]:
            raise Refused("region_field_missing", field=field, status=422)
        if typed[field] and field not in ALLOWED[kind]:
            raise Refused("region_field_idle", field=field, status=422)
    codes = tuple(dict.fromkeys(re.split(r"[\s,，、;；]+", typed["related"]))) if typed["related"] else ()
    for field, one in (
        ("old_code", typed["old_code"]),
        ("new_code", typed["new_code"]),
        *(("related", one) for one in codes),
    ):
        if one and not _CODE.fullmatch(one):
            raise Refused("region_code_unread", field=field, status=422, typed=one[:20])
    if typed["name"] and not re.fullmatch(rf"[\u3400-\u9fff]{{2,{NAME_LONGEST}}}", typed["name"]):
        raise Refused("region_name_unread", field="name", status=422, longest=NAME_LONGEST)
    if kind == MERGED and len(codes) != 1:
        raise Refused("region_heir_one", field="related", status=422)
    if kind == DIVIDED and not 2 <= len(codes) <= MOST_RELATED:
        raise Refused("region_heirs_few", field="related", status=422, most=MOST_RELATED)
    return Change(kind, in_force_on, typed["old_code"], typed["new_code"], typed["name"], codes)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text or "").strip()


def after(divisions: Divisions, change: Change) -> Divisions:
    """The divisions after one change.

    Raises Refused at the field: ``region_not_there`` (what is to change or an heir does not stand),
    ``region_code_taken``, ``region_no_parent``, ``region_has_parts`` (divisions stand below it: they go first),
    ``region_name_taken`` (a sister has the name), ``region_name_same``, ``region_own_heir``, ``region_other_province``.
    """
    return _STEPS[change.kind](divisions, change)


def after_all(divisions: Divisions, changes: Iterable[Change]) -> Divisions:
    """The divisions after changes in the order in which they are given."""
    return reduce(after, changes, divisions)


def parent_code_of(code: str, divisions: Divisions) -> str | None:
    """The division that a code lies under by its digits; "" for a province, None where none stands."""
    if code.endswith("0000"):
        return ""
    above = [code[:2] + "0000"] if code.endswith("00") else [code[:4] + "00", code[:2] + "0000"]
    return next((one for one in above if one in divisions.standing), None)


def _standing(divisions: Divisions, code: str, field: str) -> Region:
    region = divisions.standing.get(code)
    if region is None:
        raise Refused("region_not_there", field=field, code_typed=code)
    return region


def _with_names(standing: dict[str, Region], code: str) -> None:
    """Write the full names of a division and all below it anew (a city that is its province is said once)."""
    region = standing[code]
    above = standing.get(region.parent_code)
    before = "" if above is None else above.full_name.removesuffix(region.name if above.name == region.name else "")
    standing[code] = replace(region, full_name=before + region.name)
    for below in [one.code for one in standing.values() if one.parent_code == code]:
        _with_names(standing, below)


def _named_once(divisions: Divisions, code: str, name: str, parent_code: str) -> None:
    for sister in divisions.by_parent.get(parent_code, ()):
        if sister.name == name and sister.code != code:
            raise Refused("region_name_taken", field="name", region=sister.full_name)


def _rename(divisions: Divisions, change: Change) -> Divisions:
    was = _standing(divisions, change.code, "old_code")
    if was.name == change.name:
        raise Refused("region_name_same", field="name")
    _named_once(divisions, was.code, change.name, was.parent_code)
    standing = dict(divisions.standing)
    standing[was.code] = replace(was, name=change.name, name_en="")
    _with_names(standing, was.code)
    renamed = {**divisions.renamed, was.code: (*divisions.renamed.get(was.code, ()), was)}
    return replace(divisions, standing=standing, renamed=renamed)


def _end(divisions: Divisions, change: Change) -> Divisions:
    was = _standing(divisions, change.code, "old_code")
    _without_parts(divisions, was)
    for heir in change.related:
        if heir == was.code:
            raise Refused("region_own_heir", field="related")
        _standing(divisions, heir, "related")
    if len({heir[:2] for heir in change.related}) > 1:
        raise Refused("region_other_province", field="related")
    standing = {code: region for code, region in divisions.standing.items() if code != was.code}
    gone = {**divisions.gone, was.code: Gone(was, change.related, change.in_force_on)}
    return replace(divisions, standing=standing, gone=gone)


def _without_parts(divisions: Divisions, region: Region) -> None:
    if parts := divisions.by_parent.get(region.code, ()):
        raise Refused("region_has_parts", field="old_code", n=len(parts), region=parts[0].full_name)


def _recode(divisions: Divisions, change: Change) -> Divisions:
    was = _standing(divisions, change.code, "old_code")
    _without_parts(divisions, was)
    without = {code: region for code, region in divisions.standing.items() if code != was.code}
    added = _added(replace(divisions, standing=without), change, was)
    return replace(added, gone={**added.gone, was.code: Gone(was, (change.new_code,), change.in_force_on)})


def _add(divisions: Divisions, change: Change) -> Divisions:
    for source in change.related:
        _standing(divisions, source, "related")
    added = _added(divisions, change, None)
    if not change.related:
        return added
    return replace(added, carved=(*added.carved, CarvedOut(change.new_code, change.related, change.in_force_on)))


def _added(divisions: Divisions, change: Change, was: Region | None) -> Divisions:
    """With a division under a code that does not stand; one that is no more may stand again (a change taken back)."""
    code = change.new_code
    if code in divisions.standing or (was is not None and code == was.code):
        holder = divisions.standing.get(code) or was
        raise Refused("region_code_taken", field="new_code", region=holder.full_name if holder else code)
    parent = parent_code_of(code, divisions)
    if parent is None:
        raise Refused("region_no_parent", field="new_code")
    _named_once(divisions, code, change.name, parent)
    level = PROVINCE if code.endswith("0000") else CITY if code.endswith("00") else COUNTY
    point = (was.latitude, was.longitude) if was is not None else (None, None)
    standing = {**divisions.standing, code: Region(code, change.name, level, parent, change.name, "", *point)}
    _with_names(standing, code)
    return replace(divisions, standing=standing, gone={key: one for key, one in divisions.gone.items() if key != code})


def _leave(divisions: Divisions, change: Change) -> Divisions:
    return divisions


_STEPS = {
    RENAMED: _rename,
    MERGED: _end,
    DIVIDED: _end,
    RECODED: _recode,
    NEW: _add,
    CHECKED: _leave,
}
