"""The zone as anybody reads it: lines with who lists them, one line in the neutral order of the day, one cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from matchmaker.accounts.models import Person
from matchmaker.businesses import queries as businesses
from matchmaker.businesses.mandates import helper_scope
from matchmaker.businesses.models import Business
from matchmaker.db import says
from matchmaker.eligibility.rules import Verdict, eligible
from matchmaker.products.cover import queries as shelf
from matchmaker.products.cover.models import CoverVersion
from matchmaker.products.cover.rules import verdicts
from matchmaker.reference import insurance_lines


@dataclass(frozen=True)
class Group:
    """A group of lines in the order of the official list: (line, how many insurers list something on it)."""

    code: str
    lines: tuple[tuple[insurance_lines.InsuranceLine, int], ...]

    @property
    def listed(self) -> tuple[tuple[insurance_lines.InsuranceLine, int], ...]:
        """The lines on which somebody lists something."""
        return tuple(row for row in self.lines if row[1])


def groups(on: date, *, q: str = "", only: Iterable[str] = ()) -> list[Group]:
    """The lines by group, in file order; `q` searches their names in both languages, `only` names lines.

    Groups without a line left are not named.
    """
    counted = shelf.insurers_by_line(on)
    wanted, words = set(only), q.strip().lower()[:40]
    found = []
    for code in insurance_lines.groups():
        lines = tuple(
            (line, counted.get(line.code, 0))
            for line in insurance_lines.in_group(code)
            if (not wanted or line.code in wanted) and (not words or _matches(line, words))
        )
        if lines:
            found.append(Group(code, lines))
    return found


def _matches(line: insurance_lines.InsuranceLine, words: str) -> bool:
    names = (line.name, line.name_en, line.group, line.note)
    return any(words in name.lower() for name in names)


def known_lines(codes: Iterable[str]) -> tuple[str, ...]:
    """Those of the codes that are lines, each once, in the order of the official list."""
    asked = set(codes)
    return tuple(line.code for line in insurance_lines.every() if line.code in asked)


def on_line(line: str, on: date, words: str = "") -> list[CoverVersion]:
    """What is listed on a line, insurers in the neutral order of the day; with these words in its name or insurer."""
    return [
        version
        for version in shelf.listed_on_line(line, on)
        if says(f"{version.name} {version.cover.institution.name}", words)
    ]


def some_on_line(line: str, cover_ids: Sequence[int], on: date) -> list[CoverVersion]:
    """Those of the covers that are listed on the line, in the neutral order of the day; for the compared ones."""
    return [version for version in on_line(line, on) if version.cover_id in set(cover_ids)]


def shown(cover_id: int, number: int | None, on: date) -> tuple[CoverVersion, bool] | None:
    """A cover's version that was listed once (the current one without a number), and whether it is listed that day."""
    cover = shelf.cover(cover_id)
    if cover is None or cover.current_version is None or cover.institution.status != "admitted":
        return None
    version = shelf.shown_version(cover_id, number if number is not None else cover.current_version.number)
    if version is None:
        return None
    listed = shelf.listed(cover_id, on)
    return version, listed is not None and listed.id == version.id


def businesses_of(person: Person | None) -> list[Business]:
    """The businesses for which somebody acts or helps to act, refused claims left out; none for a visitor."""
    if person is None:
        return []
    mine = [
        business
        for business in businesses.businesses_of(person.id)
        if any(member.person_id == person.id and member.standing != "rejected" for member in business.members)
    ]
    helped = [one for one in businesses.helped_businesses(person.id) if helper_scope(one.id, person.id) == "act"]
    return [*mine, *helped]


def verdicts_for(version: CoverVersion, business: Business, today: date) -> list[Verdict]:
    """What each rule of a cover says of a business."""
    return verdicts(version.terms, businesses.facts_of(business, today), today)


def fitting_on_line(line: str, business: Business, today: date) -> list[CoverVersion]:
    """What is listed on a line and takes this business, in the neutral order of the day."""
    facts = businesses.facts_of(business, today)
    return [version for version in on_line(line, today) if eligible(verdicts(version.terms, facts, today))]
