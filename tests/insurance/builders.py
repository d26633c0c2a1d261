"""Requests for cover in any state, made by the services themselves; inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.businesses.models import Business, YearlyFigures
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.rules.quoting import Quoted
from matchmaker.insurance.services import asking, working
from matchmaker.products.cover.models import Cover
from tests.builders import a_desk, an_owner
from tests.leads.builders import check_papers
from tests.needs.builders import a_shop
from tests.products.cover_builders import a_cover, an_insurer

PREMIUM = Decimal("6173.29")


@dataclass
class CoverCase:
    """A checked owner with a shop, an insurer with two people at its desk, one cover of theirs, a request perhaps."""

    owner: Person
    business: Business
    insurer: Institution
    desk: Person
    colleague: Person
    cover: Cover
    request: CoverRequest | None = None


def answers(**changes: str) -> dict[str, str]:
    """What the line of a shop package asks, answered."""
    return {
        "sum": "500000.00", "start_on": (clock.today() + timedelta(days=10)).isoformat(), "period": "year",
        "plan": "quarterly", "tenure": "rent", "area": "80", "fire_gear": "extinguishers", "fixtures_sum": "200000.00",
        "stock_sum": "50000.00", "insured_before": "no", "losses": "0", **changes,
    }  # fmt: skip


def typed(**changes: Any) -> dict[str, Any]:
    """The same as an owner types it into the form: sums in 万元."""
    return {
        "sum": "50", "start_on": (clock.today() + timedelta(days=10)).isoformat(), "period": "year", "plan": "quarterly",
        "tenure": "rent", "area": "80", "fire_gear": "extinguishers", "fixtures_sum": "20", "stock_sum": "5",
        "insured_before": "no", "losses": "0", "until": "60", "hours": ["morning"], **changes,
    }  # fmt: skip


def a_cover_case(*, of: str = "平岚财险", licensed: bool = False, **cover: Any) -> CoverCase:
    """Everything that is needed to ask."""
    owner = an_owner("周桂兰")
    business = a_shop(owner, name="桂兰砂锅馆", address="柳桥街 18 号")
    check_papers(business, owner)
    business.figures.append(
        YearlyFigures(
            year=clock.today().year - 1, employees=6, turnover_yuan=Decimal(920_000), assets_yuan=Decimal(200_000)
        )
    )
    insurer = an_insurer(of)
    listed = a_cover(insurer, licensed=licensed, **{"name": "平岚小店险", **cover})
    return CoverCase(owner, business, insurer, a_desk(insurer, "朱木槿"), a_desk(insurer, "叶知秋"), listed)


def a_request(case: CoverCase | None = None, *, hours: tuple[str, ...] = ("morning",), **changes: str) -> CoverCase:
    """Asked, waiting to be taken."""
    case = case or a_cover_case()
    version = case.cover.current_version
    assert version is not None
    case.request = asking.ask(
        version, case.business, answers=answers(**changes), hours=hours, days=60, by=case.owner
    )
    return case


def quoted(**changes: Any) -> Quoted:
    """A quote that may be given."""
    today = clock.today()
    return Quoted(
        **{
            "premium_yuan": PREMIUM, "plan": "quarterly", "sum_insured_yuan": Decimal(500_000), "period": "year",
            "starts_on": today + timedelta(days=10), "deductible": "每次 500 元", "exclusions": "自己故意造成的\n地震",
            "conditions": "装两个灭火器", "valid_until_on": today + timedelta(days=14), **changes,
        }  # type: ignore[arg-type]
    )  # fmt: skip


def to_state(state: str, case: CoverCase | None = None) -> CoverCase:
    """A request in `state`: waiting, accepted, quoted, taken, declined or refused."""
    case = a_request(case)
    request = case.request
    assert request is not None
    if state == "waiting":
        return case
    working.accept(request, by=case.desk)
    if state == "declined":
        working.decline(request, codes=["K05"], reason="店里没有灭火器，配上就能保", by=case.desk)
    elif state != "accepted":
        working.give_quote(request, quoted(), by=case.desk)
        if state == "taken":
            asking.accept_quote(request, by=case.owner)
        elif state == "refused":
            asking.refuse_quote(request, code="R01", by=case.owner)
    return case
