"""Who may look and who has looked: consents with their receipts, the log of every look, its download."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from matchmaker.formatting import moment
from matchmaker.leads import listings
from matchmaker.leads.models import Consent
from matchmaker.leads.queries import finding, looking, reading
from matchmaker.leads.queries.looking import Narrowed
from matchmaker.leads.rules.consents import Field
from matchmaker.leads.views import bp
from matchmaker.listing import listed
from matchmaker.web import actor, paginate, requires, typed_words, whole

PERIODS = (7, 30, 90, 365)


def _narrowed() -> Narrowed:
    """What the address asks for; anything that cannot be read asks for nothing."""
    days = whole(request.args.get("days"))
    return Narrowed(
        institution_id=whole(request.args.get("institution")),
        business_id=whole(request.args.get("business")),
        purpose=request.args.get("purpose", "")[:40],
        days=days if days in PERIODS else None,
    )


def _asked() -> dict[str, Any]:
    """The filters as they stand in the address, for links that keep them."""
    return {
        name: request.args[name]
        for name in ("institution", "business", "purpose", "days")
        if request.args.get(name)
    }


@bp.get("/leads/who-sees")
@requires("lead.track")
@listed(listings.LOOKS)
def who_sees() -> ResponseReturnValue:
    """Consents that stand, and every look: by whom, what for, when, which fields."""
    person, wanted = actor(), _narrowed()
    page = paginate(looking.looks_at_mine(person.id, wanted), per_page=30)
    businesses = reading.businesses_of(person.id)
    open_ones = looking.receipts_of(person.id, open_=True)
    return render_template(
        "leads/who_sees.html",
        open_ones=open_ones,
        looking_now=len({one.institution.id for one in open_ones if one.in_force}),
        waiting=looking.waiting_reserves_of(person.id),
        agreements=finding.card_agreements_of_person(person.id),
        page=page,
        looks=[looking.look_of(row) for row in page.items],
        lately=looking.looks_since(person.id),
        wanted=wanted,
        asked=_asked(),
        institutions=looking.who_could_look(person.id),
        purposes=looking.purposes_seen(person.id),
        businesses={business.id: business.name for business in businesses},
        periods=PERIODS,
    )


@bp.get("/leads/receipts")
@requires("lead.track")
@listed(listings.RECEIPTS)
def receipts() -> ResponseReturnValue:
    """Every consent ever given, as receipts."""
    person = actor()
    standing = request.args.get("standing", "")
    institution_id = whole(request.args.get("institution"))
    words = typed_words()
    page = paginate(
        looking.consents_of(
            person.id,
            open_={"open": True, "ended": False}.get(standing),
            institution_id=institution_id,
            words=words,
        )
    )
    return render_template(
        "leads/receipts.html",
        page=page,
        receipts=looking.receipts(page.items),
        standing=standing if standing in ("open", "ended") else "",
        institution_id=institution_id,
        words=words,
        institutions=looking.who_could_look(person.id),
    )


@bp.get("/leads/receipts/<int:consent_id>")
@requires("consent.see", load=looking.consent_by_id)
def receipt(consent: Consent) -> ResponseReturnValue:
    """One receipt: who gave whom what, for which purpose, until when, how it ended, and what was read under it."""
    (found,) = looking.receipts([consent])
    return render_template(
        "leads/receipt.html",
        receipt=found,
        consent=consent,
        looks=looking.looks_under(consent),
        kept_sealed=[field for field in Field if str(field) not in consent.fields],
        until=moment(consent.can_be_undone_until) if consent.can_be_undone_until else None,
    )
