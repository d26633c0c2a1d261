"""Pages of sealed cards (for desks and managers whose products fit, for the owner, for the operator) and of invitations
(rows without names for a product, the owner's list with the switches)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock, formatting
from matchmaker.approaches import inviting, listings, queries, rules, services
from matchmaker.approaches.forms import HandForm
from matchmaker.approaches.models import Hand
from matchmaker.approaches.queries import Offered
from matchmaker.approaches.rules import HandStanding
from matchmaker.businesses.models import Business
from matchmaker.businesses.queries import business_by_id
from matchmaker.leads.queries import finding
from matchmaker.leads.services import agreeing, moving
from matchmaker.leads.services.choosing import is_offered
from matchmaker.listing import listed
from matchmaker.matching import cards as match_cards
from matchmaker.matching.sealing import Band, number_of, sealed_number
from matchmaker.matching.services import standings
from matchmaker.needs.models import Need
from matchmaker.needs.queries import need_by_id
from matchmaker.products import queries as product_queries
from matchmaker.products.models import Product
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, once, paginate, paginate_items, requires, said, typed_words, whole

bp = Blueprint("approaches", __name__)


@bp.app_template_global()
def amount_band(band: Band) -> str:
    """A band of yuan in words."""
    low, high = band
    if low and high:
        return formatting.wan_range(low, high)
    if high:
        return str(_("%(amount)s以内", amount=formatting.wan(high)))
    return str(_("%(amount)s以上", amount=formatting.wan(low or 0)))


@bp.app_template_global()
def months_band(band: Band) -> str:
    """A band of months in words."""
    low, high = band
    if low and high:
        return formatting.months_range(low, high)
    if high:
        return str(_("%(months)s以内", months=formatting.months(high)))
    return str(_("%(months)s以上", months=formatting.months(low or 0)))


# For institutions ---------------------------------------------------------------------------------------------------


def _scope(institution_id: int) -> str:
    return f"card:{institution_id}"


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


@bp.app_template_global()
def card_token(card: Offered) -> str:
    """How the address of a card names it to one institution."""
    return sealed_number(card.number, _scope(card.institution_id), _secret())


def load_card(token: str) -> Offered | None:
    """The card of that address, as an institution of the reader's may see it."""
    person = actor()
    for institution_id in person.institution_ids if person is not None else ():
        number = number_of(token, _scope(institution_id), _secret())
        if number is not None:
            return queries.card_for(number, institution_id)
    return None


@bp.get("/cards")
@requires("card.list")
@listed(listings.CARDS)
def cards() -> ResponseReturnValue:
    """Needs without a name that a late institution lost and a product of ours fits, with the owner's agreement."""
    words = typed_words()
    chosen = request.args.get("product", "")
    product_id = whole(chosen)
    mine = sorted(actor().institution_ids)
    today = clock.today()
    return render_template(
        "approaches/cards.html",
        page=paginate_items(queries.cards_for(mine, words=words, product_id=product_id), 20),
        words=words,
        product_id=product_id,
        products=[product for number in mine for product in queries.products_offered(number, today)],
    )


@bp.get("/cards/<token>")
@requires("card.see", load=load_card)
def card(card: Offered) -> ResponseReturnValue:
    """One need without a name: what at least five share, which of our products fit, our hand."""
    return _card_page(card, HandForm.offering(_choices(card)))


def _choices(card: Offered) -> list[tuple[int, str]]:
    return [(product.id, product.current_version.name if product.current_version else "") for product in card.products]


def _card_page(card: Offered, form: HandForm, status: int = 200) -> ResponseReturnValue:
    room = rules.has_room(*queries.capacity_of(card.institution_id))
    return render_template("approaches/card.html", card=card, form=form, has_room=room), status


@bp.post("/cards/<token>")
@requires("card.see", load=load_card)
@once
def raise_hand(card: Offered, token: str = "") -> ResponseReturnValue:
    """Raise the institution's hand: one product, one sentence."""
    form = HandForm.offering(_choices(card))
    if not form.submitted():
        return _card_page(card, form, 422)
    product = next((one for one in card.products if one.id == form.product_id), None)
    if product is None:
        form.refuse(Refused("approach_product_missing", "product", 422))
        return _card_page(card, form, 422)
    try:
        services.raise_hand(
            card.number,
            product,
            words=form.words.data or "",
            by=actor(),
            most_a_day=current_app.config["SETTINGS"].hands_per_day,
        )
    except Refused as no:
        if no.status != 422:
            raise
        form.refuse(no)
        return _card_page(card, form, 422)
    said(_("举手了。店主看得到您的产品和这句话；选了您，会有一件新的线索。"))
    return back_to("approaches.cards")


def load_hand(hand_id: int) -> Hand | None:
    return queries.hand_by_id(hand_id)


@bp.post("/hands/<int:hand_id>/take-back")
@requires("hand.take_back", load=load_hand)
def take_back(hand: Hand) -> ResponseReturnValue:
    """The hand goes down; the owner does not see it any more."""
    services.take_back(hand, by=actor())
    said(_("手放下了，店主那里不再显示。"))
    return back_to("approaches.cards")


# For the owner ------------------------------------------------------------------------------------------------------


def load_need(need_id: int) -> Need | None:
    return need_by_id(need_id)


def most_live() -> int:
    """How many institutions may work on one need at once (setting)."""
    return int(current_app.config["SETTINGS"].live_leads_per_need)


@bp.get("/needs/<int:need_id>/hands")
@requires("need.agree_card", load=load_need)
def of_need(need: Need) -> ResponseReturnValue:
    """The owner's agreement to a sealed card, the card as desks see it, and who raised a hand, with cost and fit."""
    card = queries.open_card_of(need.id)
    shown = card if card is not None and queries.is_card_shown(card, clock.now()) else None
    hands = [hand for hand in shown.hands if hand.standing == HandStanding.RAISED] if shown else []
    stored, rows = queries.listed_for(need, [hand.product_id for hand in hands])
    facts: dict[str, Any] = stored.facts if stored is not None else {}
    lead = shown.lead if shown is not None else None
    return render_template(
        "approaches/of_need.html",
        need=need,
        agreement=finding.card_agreement_of(need.id),
        card=shown,
        lead=lead,
        promises={
            number: match_cards.promises_said(records)
            for number, records in product_queries.promises_of({hand.institution_id for hand in hands}).items()
        },
        standings=standings(stored, clock.today()) if stored is not None else {},
        full_said=match_cards.full_said,
        again_until=moving.again_until(lead) if lead is not None else None,
        hands=[
            {
                "hand": hand,
                "card": match_cards.card(rows[hand.product_id], facts) if hand.product_id in rows else None,
                "no": moving.why_not_elsewhere(lead, hand.product, actor(), most=most_live()) if lead else None,
            }
            for hand in hands
        ],
        form_key=uuid.uuid4().hex,
    )


@bp.post("/needs/<int:need_id>/card-agreement")
@requires("need.agree_card", load=load_need)
def agree(need: Need) -> ResponseReturnValue:
    """From the next late institution on, a sealed card may be shown where no reserve takes the need."""
    agreeing.agree_to_card(need, by=actor())
    said(_("记下了。以后有一家超时、又没有后备，合适的机构会看到一张不写名字的卡片。"))
    return back_to("approaches.of_need", need_id=need.id)


@bp.post("/needs/<int:need_id>/card-agreement/withdraw")
@requires("need.agree_card", load=load_need)
def withdraw_agreement(need: Need) -> ResponseReturnValue:
    """No card any more; one that is out is gone at once."""
    agreeing.withdraw_agreement(need, by=actor())
    said(_("收回了，不再放卡片；放出去的马上不见了。"))
    if request.form.get("back") == "who_sees":
        return back_to("leads.who_sees")
    return back_to("approaches.of_need", need_id=need.id)


@bp.post("/hands/<int:hand_id>/choose")
@requires("hand.choose", load=load_hand)
@once
def choose(hand: Hand) -> ResponseReturnValue:
    """One tap on one named institution: its receipt is written and the need is sent to it."""
    lead = services.choose_hand(hand, by=actor(), most=most_live())
    said(_("送给了%(name)s。", name=hand.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


# Invitations --------------------------------------------------------------------------------------------------------


def load_product(product_id: int) -> Product | None:
    """A product that has been published."""
    product = finding.product_by_id(product_id)
    return product if product is not None and product.current_version is not None else None


def _row_scope(product_id: int) -> str:
    return f"row:{product_id}"


@bp.app_template_global()
def row_token(product_id: int, need_id: int) -> str:
    """How a row of one product's list is named in a form: by nothing that another list has too."""
    return sealed_number(need_id, _row_scope(product_id), _secret())


@bp.get("/desk/products/<int:product_id>/invite")
@requires("approach.send", load=load_product)
@listed(listings.TO_INVITE)
def to_invite(product: Product) -> ResponseReturnValue:
    """The needs that the product fits, without anybody's name, in the order of fit; each may be invited."""
    rows = queries.rows_of(product, clock.today())
    most = int(current_app.config["SETTINGS"].invitations_per_day)
    sent = queries.count_invitations_since(product.institution_id, services.start_of_day(clock.now()))
    size = request.args.get("size", "")
    size = size if size in SIZES else ""
    words = typed_words()
    return render_template(
        "approaches/to_invite.html",
        product=product,
        size=size,
        sizes=[cell.key for cell in rows.reach.by_size if cell.key],
        reach=rows.reach,
        words=words,
        page=paginate_items(rows.narrowed(size, words), 20),
        left=max(0, most - sent) if is_offered(product, clock.today()) else 0,
        is_offered=is_offered(product, clock.today()),
        most=most,
        form_key=uuid.uuid4().hex,
    )


@bp.post("/desk/products/<int:product_id>/invite")
@requires("approach.send", load=load_product)
@once
def invite(product: Product) -> ResponseReturnValue:
    """The platform writes to the owner in its own words; whether it is delivered is the owner's secret."""
    need_id = number_of(request.form.get("row", ""), _row_scope(product.id), _secret())
    if need_id is None:
        raise NotFound
    inviting.invite(
        product, need_id, by=actor(), most_a_day=int(current_app.config["SETTINGS"].invitations_per_day)
    )
    said(_("交给平台了。店主愿意，就会看您的产品；送不送由店主定。"))
    page = request.form.get("page", "")
    return back_to("approaches.to_invite", product_id=product.id, page=page if page.isdecimal() else None)


@bp.get("/invited")
@requires("approach.list")
@listed(listings.INVITED)
def invited() -> ResponseReturnValue:
    """Which institutions let the platform invite the owner to look at a product, and the switches."""
    words = " ".join(request.args.get("q", "").split())[:40]
    businesses = queries.businesses_of(actor().id)
    ids = [business.id for business in businesses]
    return render_template(
        "approaches/invited.html",
        page=paginate(queries.invitations_to(ids, words)),
        words=words,
        businesses=[(business, queries.switch_of(business.id, None)) for business in businesses],
        needs=[(need, queries.switch_of(need.business_id, need.id)) for need in queries.live_needs_of(ids)],
    )


def load_business(business_id: int) -> Business | None:
    return business_by_id(business_id)


@bp.post("/businesses/<int:business_id>/invitations/<way>")
@requires("approach.switch", load=load_business)
def switch_all(business: Business, way: str) -> ResponseReturnValue:
    """Off: no invitation to any need of this business is delivered; on: again."""
    return _switch(business, None, way)


@bp.post("/needs/<int:need_id>/invitations/<way>")
@requires("approach.switch", load=load_need)
def switch_need(need: Need, way: str) -> ResponseReturnValue:
    """The same for one need."""
    return _switch(need.business, need, way)


def _switch(business: Business, need: Need | None, way: str) -> ResponseReturnValue:
    if way == "off":
        inviting.switch_off(business, need, by=actor())
        said(_("关了，以后的邀请都不送到。机构不会知道。"))
    elif way == "on":
        inviting.switch_on(business, need, by=actor())
        said(_("打开了，以后的邀请会送到。"))
    else:
        raise NotFound
    return back_to("approaches.invited")


# For the operator ---------------------------------------------------------------------------------------------------


@bp.get("/cards/board")
@requires("card.board")
@listed(listings.BOARD)
def board() -> ResponseReturnValue:
    """Every card that is out, as desks see it, and how many hands are up; nothing can be sent from here."""
    size = request.args.get("size", "")
    size = size if size in SIZES else ""
    words = typed_words()
    page = paginate_items(queries.cards_now(size, words))
    return render_template("approaches/board.html", page=page, size=size, words=words, sizes=SIZES)


SIZES = ("micro", "small", "medium", "large")
