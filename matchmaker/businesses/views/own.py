"""One's businesses, and one of them: what is known, what is missing and why it matters."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from matchmaker import clock
from matchmaker.businesses import queries, rules
from matchmaker.businesses.models import Business
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_business
from matchmaker.reference import industries, regions
from matchmaker.reference.rules import priority_sectors
from matchmaker.web import actor, back_to, requires


@bp.get("/businesses")
@requires("business.list")
def mine() -> ResponseReturnValue:
    """The one business, or a list when there are several."""
    found, helped = queries.businesses_of(actor().id), queries.helped_businesses(actor().id)
    if len(found) == 1 and not helped:
        return back_to("businesses.show", business_id=found[0].id)
    return render_template("businesses/mine.html", businesses=found, helped=helped, me=actor())


@bp.get("/businesses/<int:business_id>")
@requires("business.see", load=load_business)
def show(business: Business) -> ResponseReturnValue:
    """What is known, what is missing and why it matters, what an institution will look at twice."""
    facts = queries.plain_facts(business)
    if queries.member_of(business, actor().id) is None:
        return _helped_page(business, facts)
    return render_template(
        "businesses/show.html",
        business=business,
        facts=facts,
        industry=industries.get(business.industry_code),
        region=regions.full_name(business.region_code),
        divided=len(regions.heirs_of(business.region_code)) > 1,
        size=facts.size_class(),
        sectors=priority_sectors(business.industry_code),
        warnings=rules.warnings(facts),
        missing=rules.missing(facts, [member.standing for member in business.members]),
        asked_year=rules.figures_year(clock.today()),
        me=queries.member_of(business, actor().id),
    )


def _helped_page(business: Business, facts: rules.BusinessFacts) -> ResponseReturnValue:
    """The business as its helper sees it: no papers, nobody else's names, and what the mandate lets them do."""
    return render_template(
        "businesses/helped.html",
        business=business,
        facts=facts,
        industry=industries.get(business.industry_code),
        region=regions.full_name(business.region_code),
        size=facts.size_class(),
        mandate=queries.mandate_of(business.id, actor().id),
        asked_year=rules.figures_year(clock.today()),
    )
