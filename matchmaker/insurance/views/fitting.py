"""Whether a business is within the bounds of a cover, in words; where it is not, what would be another way."""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker import clock
from matchmaker.businesses.models import Business
from matchmaker.eligibility.bounds import Outcome
from matchmaker.insurance.queries import zone as reading
from matchmaker.matching.telling import Judged, judged
from matchmaker.products.cover.models import CoverVersion


@dataclass(frozen=True)
class Fit:
    """What each rule of a cover says of a business, and what is listed on the same line that would take it."""

    business: Business
    judged: list[Judged]
    instead: list[CoverVersion]

    @property
    def failed(self) -> list[Judged]:
        """The rules that leave the business out; what is only to be checked leaves nobody out."""
        return [one for one in self.judged if one.outcome == Outcome.FAIL]


def judged_of(version: CoverVersion, business: Business) -> list[Judged]:
    """What each rule of a cover says of a business."""
    return [judged(verdict) for verdict in reading.verdicts_for(version, business, clock.today())]


def fit_of(version: CoverVersion, business: Business) -> Fit:
    """The same with the way on: the covers of the line that would take this business, none where this one does."""
    fit = Fit(business, judged_of(version, business), [])
    if fit.failed:
        fit.instead.extend(reading.fitting_on_line(version.cover.line, business, clock.today()))
    return fit
