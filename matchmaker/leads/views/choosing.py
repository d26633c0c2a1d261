"""The owner chooses an institution: what it would see, the consent, sending, and a choice dropped before."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock
from matchmaker.leads.forms.owner import ConsentForm
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding, presenting, reading
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.consents import REQUIRED
from matchmaker.leads.rules.reserves import MOST_RESERVES
from matchmaker.leads.services import agreeing, choosing, giving, reserving
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import load_lead, load_need
from matchmaker.leads.views.moving import most_live
from matchmaker.matching.services import next_best
from matchmaker.needs.models import Need
from matchmaker.papers.queries import folder_of
from matchmaker.papers.rules import can_be_sent, checklist
from matchmaker.products.models import Product
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, computes, once, requires, said, undo_deed

CANDIDATES = 5
"""How many of the next best are offered as reserves."""


def _product(product_id: int) -> Product:
    product = finding.product_by_id(product_id)
    if product is None or product.current_version is None:
        raise NotFound
    return product


def _consent_form(need: Need, product: Product) -> ConsentForm:
    draft = finding.draft_of(need.id, product.institution_id)
    form = ConsentForm.for_need(need.current.wanted_by_on, draft.draft if draft is not None else None)
    waiting = finding.waiting_reserves(need.id)
    left_out = reading.tried_institutions(need.id) | {product.institution_id, *(one.institution_id for one in waiting)}
    form.offer_reserves(
        [
            (row.product_id, f"{row.product.institution.short_name}　{row.product_version.name}")
            for row in next_best(need, excluding_institutions=left_out, most=CANDIDATES)
        ],
        MOST_RESERVES - len(waiting),
    )
    form.asks_card = finding.card_agreement_of(need.id) is None
    kept = draft.draft if draft is not None and draft.draft is not None else {}
    today = clock.today()
    form.offer_papers(
        [paper.id for paper in folder_of(need.business, actor()) if can_be_sent(paper, today)], kept.get("papers", [])
    )
    return form


def _consent_page(need: Need, product: Product, form: ConsentForm, status: int = 200) -> ResponseReturnValue:
    no = choosing.why_not_sent(need, product, actor(), most=most_live())
    folder = folder_of(need.business, actor())
    assert product.current_version is not None
    items = checklist(product.current_version.documents, folder, clock.today())
    asked = {item.code for item in items}
    return (
        render_template(
            "leads/consent.html",
            items=items,
            ready=sum(bool(item.ready) for item in items),
            unasked=[paper for paper in folder if paper.kind not in asked and can_be_sent(paper, clock.today())],
            ticked=[paper for paper in folder if paper.id in form.paper_ids],
            need=need,
            product=product,
            version=product.current_version,
            form=form,
            required=REQUIRED,
            no=no,
            live=finding.live_leads_of_need(need.id) if no is not None and no.code == "lead_three_live" else [],
            shown=presenting.preview(need.business, need.current, actor(), form.all_fields, form.hours.data or []),
            accept_due_at=clocks.due_after(Clock.ACCEPT, clock.now()),
            draft=finding.draft_of(need.id, product.institution_id),
        ),
        status,
    )


@bp.get("/needs/<int:need_id>/send/<int:product_id>")
@requires("need.send", load=load_need)
def new_consent(need: Need, product_id: int) -> ResponseReturnValue:
    """Which fields, what for, until when, when to call; and exactly what will be seen."""
    product = _product(product_id)
    return _consent_page(need, product, _consent_form(need, product))


@bp.post("/needs/<int:need_id>/send/<int:product_id>/preview")
@computes
@requires("need.send", load=load_need)
def preview_consent(need: Need, product_id: int) -> ResponseReturnValue:
    """The same page with what was ticked, nothing sent: what it will see."""
    product = _product(product_id)
    form = _consent_form(need, product)
    return _consent_page(need, product, form, 200 if form.submitted() else 422)


@bp.post("/needs/<int:need_id>/send/<int:product_id>/keep")
@requires("need.send", load=load_need)
def keep_choice(need: Need, product_id: int) -> ResponseReturnValue:
    """Keep the choice for later; nobody is told."""
    product = _product(product_id)
    form = _consent_form(need, product)
    if not form.submitted():
        return _consent_page(need, product, form, 422)
    choosing.save_choice(
        need, product, fields=form.all_fields, hours=form.hours.data or [], until=str(form.until.data),
        papers=form.paper_ids, by=actor(),
    )  # fmt: skip
    said(_("存好了，没有送出去。"))
    return back_to("leads.mine")


@bp.post("/needs/<int:need_id>/send/<int:product_id>")
@requires("need.send", load=load_need)
@once
def send(need: Need, product_id: int) -> ResponseReturnValue:
    """Give the consent and send the lead: once, to this institution alone."""
    product = _product(product_id)
    form = _consent_form(need, product)
    if form.submitted():
        try:
            lead = choosing.send_lead(
                need,
                product,
                fields=form.all_fields,
                hours=form.hours.data or [],
                ends_at=form.ends_at,
                by=actor(),
                most=most_live(),
            )
            if form.paper_ids:
                giving.give(lead, form.paper_ids, tell=False, by=actor())
            for number in form.reserve_ids:
                reserving.name_reserve(
                    need,
                    _product(number),
                    fields=form.all_fields,
                    hours=form.hours.data or [],
                    ends_at=form.ends_at,
                    by=actor(),
                )
            if form.asks_card and form.card.data:
                agreeing.agree_to_card(need, by=actor())
        except Refused as no:
            undo_deed()  # what was sent before the refusal is none: the page asks anew whether it can be
            if no.status != 422:
                return _consent_page(need, product, form, no.status)
            form.refuse(no)
        else:
            said(_("送给了%(name)s。", name=product.institution.short_name))
            return back_to("leads.show", lead_id=lead.id)
    return _consent_page(need, product, form, 422)


@bp.post("/leads/<int:lead_id>/drop")
@requires("lead.drop", load=load_lead)
def drop(lead: Lead) -> ResponseReturnValue:
    """Throw a choice away that was not sent."""
    choosing.drop_choice(lead, by=actor())
    said(_("丢掉了，没有送出过。"))
    return back_to("leads.mine")
