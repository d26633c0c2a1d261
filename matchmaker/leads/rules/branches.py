"""Which branch of an institution receives a lead: it serves the place, and may decide on the amount (12.1, 7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from matchmaker.reference import regions
from matchmaker.reference.regions import may_lie_in
from matchmaker.refusal import Reason


@dataclass(frozen=True)
class BranchFacts:
    """A branch as this rule needs it, its regions by the divisions that stand now. `decision_limit_yuan` None: no limit
    of its own."""

    id: int
    region_code: str
    latitude: float | None
    longitude: float | None
    service_radius_km: float | None
    service_regions: Sequence[str]
    decision_limit_yuan: Decimal | None
    is_full: bool = False
    """Its managers carry all they can (products.rules.capacity)."""


def distance_km(branch: BranchFacts, latitude: float | None, longitude: float | None) -> float | None:
    """How far the business is from the branch, where both points are known."""
    if None in (branch.latitude, branch.longitude, latitude, longitude):
        return None
    return regions.distance_km((branch.latitude or 0.0, branch.longitude or 0.0), (latitude or 0.0, longitude or 0.0))


def serves(branch: BranchFacts, region_code: str, latitude: float | None, longitude: float | None) -> bool:
    """Whether the branch may serve this place: by its regions or its radius; with neither, it serves everywhere."""
    if not branch.service_regions and branch.service_radius_km is None:
        return True
    if any(may_lie_in(region_code, wanted) for wanted in branch.service_regions):
        return True
    far = distance_km(branch, latitude, longitude)
    return branch.service_radius_km is not None and far is not None and far <= branch.service_radius_km


def branch_for(
    branches: Sequence[BranchFacts],
    *,
    region_code: str,
    latitude: float | None,
    longitude: float | None,
    amount_yuan: Decimal,
    preferred_id: int | None = None,
) -> int | Reason | None:
    """The id of the branch a lead goes to; None when the institution's desk keeps it; a Reason when none serves.

    Among the branches that serve the place and may decide on the amount: the product's own (`preferred_id`),
    else the nearest, else the one in the same county or city. When those that serve may not decide, the desk of
    the institution keeps the lead, which has no limit. An institution without branches works from its desk.
    A branch whose managers are full is passed over for another one; where all are full nothing is sent.
    Codes: `lead_outside_service_area`, `lead_full_branch`.
    """
    if not branches:
        return None
    serving = [branch for branch in branches if serves(branch, region_code, latitude, longitude)]
    if not serving:
        return Reason("lead_outside_service_area")
    able = [b for b in serving if b.decision_limit_yuan is None or b.decision_limit_yuan >= amount_yuan]
    if not able:
        return None
    able = [branch for branch in able if branch.id == preferred_id] or able
    able = [branch for branch in able if not branch.is_full]
    if not able:
        return Reason("lead_full_branch")

    def nearness(branch: BranchFacts) -> tuple[float, int, int]:
        far = distance_km(branch, latitude, longitude)
        shared = next((n for n in (6, 4, 2) if branch.region_code[:n] == region_code[:n]), 0)
        return (far if far is not None else 10_000.0, -shared, branch.id)

    return min(able, key=nearness).id
