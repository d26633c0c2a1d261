"""The cost sheet of an offer, as a page and as a PDF; read by its owner and by who made it."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from matchmaker.formatting import language, yuan2
from matchmaker.leads import printing
from matchmaker.leads.forms.owner import RefuseOfferForm
from matchmaker.leads.queries import presenting
from matchmaker.leads.rules.consents import Field
from matchmaker.leads.rules.states import State
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import OfOffer, acts_for, load_offer
from matchmaker.matching.telling import fee_sum
from matchmaker.web import actor, requires


def _customer(found: OfOffer) -> str:
    """For whom the sheet is: the owner reads the name, the institution while the consent opens it."""
    if acts_for(found.lead):
        return found.lead.business.name
    shown = presenting.present(found.lead, actor(), purpose="cost_sheet", only=frozenset({Field.NAME}))
    return shown.name or ""


@bp.get("/leads/<int:lead_id>/offers/<int:number>")
@requires("lead.cost_sheet", load=load_offer)
def cost_sheet(found: OfOffer) -> ResponseReturnValue:
    """贷款明白纸."""
    return sheet_page(found, RefuseOfferForm(formdata=None))


def sheet_page(found: OfOffer, form: RefuseOfferForm) -> str:
    """The sheet with its two answers; `form` as it was posted where something is wrong with it."""
    lead, offer = found.lead, found.offer
    sheet = printing.read(offer.cost_sheet)
    return render_template(
        "leads/cost_sheet.html",
        lead=lead,
        offer=offer,
        sheet=sheet,
        guarantees=printing.guarantees(lead),
        before_signing=printing.before_signing(lead, sheet),
        number=printing.sheet_number(lead, offer),
        customer=_customer(found),
        item_name=printing.item_name,
        fee_sum=lambda value: fee_sum(value, yuan2),
        is_owner=acts_for(lead),
        may_answer=acts_for(lead)
        and lead.state == State.OFFERED
        and offer.answer is None
        and lead.offer is not None
        and lead.offer.number == offer.number,
        form=form,
    )


@bp.get("/leads/<int:lead_id>/offers/<int:number>/cost-sheet.pdf")
@requires("lead.cost_sheet", load=load_offer)
def cost_sheet_pdf(found: OfOffer) -> ResponseReturnValue:
    """The same, to print and keep; made once and kept in memory."""
    content = printing.pdf(found.lead, found.offer, customer=_customer(found), language=language())
    answer = Response(content, mimetype="application/pdf")
    name = printing.sheet_number(found.lead, found.offer)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer
