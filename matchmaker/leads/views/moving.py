"""Going on elsewhere: the next best with one tap, taking back and sending on in one step, reserves, and enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker.leads.forms.owner import RepairForm
from matchmaker.leads.models import Lead, Reserve
from matchmaker.leads.queries import finding, reading
from matchmaker.leads.rules.repairs import RECIPES
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, moving, offering, repairing, reserving
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import load_lead, load_need
from matchmaker.matching.cards import payment, tenths_of
from matchmaker.matching.services import next_best
from matchmaker.needs.models import Need
from matchmaker.papers.models import FolderPaper
from matchmaker.web import WRITING, actor, back_to, once, requires, said


def most_live() -> int:
    """How many institutions may work on one need at once (setting)."""
    return int(current_app.config["SETTINGS"].live_leads_per_need)


def next_rows(lead: Lead) -> list[dict[str, Any]]:
    """The next best products of institutions that were not tried, as the stored list has them."""
    if not lead.need.is_live:
        return []
    waiting = {one.institution_id for one in finding.waiting_reserves(lead.need_id)}
    rows = next_best(lead.need, excluding_institutions=reading.tried_institutions(lead.need_id) | waiting)
    return [
        {
            "product_id": row.product_id,
            "name": row.product_version.name,
            "institution": row.product.institution.short_name,
            "cost_percent": row.cost_percent,
            "payment": payment(row.quote) if row.quote.get("regular_instalment_yuan") else None,
            "tenths": tenths_of(row),
            "n": row.chance_n,
            "may_send": moving.why_not_elsewhere(lead, row.product, actor(), most=most_live()) is None,
        }
        for row in rows
    ]


def ways_on(lead: Lead) -> dict[str, Any]:
    """What the page of a lead shows of going on: the next best, reserves, until when a repeated consent would run."""
    return {
        "next_rows": next_rows(lead),
        "reserves": finding.waiting_reserves(lead.need_id) if lead.need.is_live else [],
        "passed_on": finding.passed_on_to(lead.id),
        "card_agreed": finding.card_agreement_of(lead.need_id) if lead.state == State.RELEASED else None,
        "places_left": max(0, most_live() - len(finding.live_leads_of_need(lead.need_id))),
        "again_until": moving.again_until(lead),
        "missing_yuan": reading.missing_of(lead.need),
    }


def repairs_shown(lead: Lead, proofs: Sequence[FolderPaper], posted: RepairForm | None = None) -> dict[str, Any]:
    """What the page of a declined lead shows of repairs: recipes, what is done, one form for each code.

    `proofs`: papers of the folder that could prove one.
    """
    recipes = {code: RECIPES[code] for code in lead.decline_codes or [] if code in RECIPES}
    forms = {code: RepairForm.of(code, formdata=None) for code in recipes}
    if posted is not None and posted.code in forms:
        forms[posted.code] = posted
    for form in forms.values():
        form.offer_proofs(proofs)
    done = repairing.repairs_of(lead)
    return {
        "recipes": recipes,
        "repair_forms": forms,
        "repairs": done,
        "no_look_again": answering.why_no_second_look(lead, repaired=True, most=most_live()) if done else None,
        "look_again_until": repairing.look_again_until(lead),
    }


@bp.post("/leads/<int:lead_id>/move/<int:product_id>")
@requires("lead.move", load=load_lead)
@once
def move(lead: Lead, product_id: int) -> ResponseReturnValue:
    """One tap on one named institution: its receipt is written, it is sent; who still had the lead has lost it."""
    product = finding.product_by_id(product_id)
    if product is None:
        raise NotFound
    was_live = lead.is_live
    sent = moving.send_elsewhere(lead, product, by=actor(), most=most_live())
    name = product.institution.short_name
    if was_live:
        said(_("从%(old)s收回了，送给了%(name)s。", old=lead.institution.short_name, name=name))
    else:
        said(_("送给了%(name)s。", name=name))
    return back_to("leads.show", lead_id=sent.id)


def load_reserve(reserve_id: int) -> Reserve | None:
    """The reserve; its need is locked when the request writes."""
    return finding.reserve_by_id(reserve_id, lock=request.method in WRITING)


@bp.post("/reserves/<int:reserve_id>/take-back")
@requires("reserve.close", load=load_reserve)
def take_back_reserve(reserve: Reserve) -> ResponseReturnValue:
    """It will not get its turn."""
    reserving.take_back(reserve, by=actor())
    said(_("%(name)s不再是后备，没有送过。", name=reserve.institution.short_name))
    return back_to("leads.who_sees" if request.form.get("back") == "who_sees" else "leads.mine")


@bp.post("/reserves/<int:reserve_id>/send")
@requires("reserve.send", load=load_reserve)
@once
def send_reserve(reserve: Reserve) -> ResponseReturnValue:
    """Not waiting for its turn."""
    lead = reserving.send_now(reserve, by=actor(), most=most_live())
    said(_("送给了%(name)s。", name=reserve.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/needs/<int:need_id>/enough")
@requires("need.enough", load=load_need)
def enough(need: Need) -> ResponseReturnValue:
    """The part that came is enough."""
    offering.enough(need.id, by=actor())
    said(_("记下了，这笔需求办完了。"))
    return back_to("leads.mine")
