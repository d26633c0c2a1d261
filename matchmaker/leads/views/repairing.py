"""Repairing what a decline named: done with its paper, and the same institution looks again."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.leads.forms.owner import RepairForm
from matchmaker.leads.models import Lead
from matchmaker.leads.services import repairing
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import load_lead
from matchmaker.leads.views.moving import most_live
from matchmaker.leads.views.owner import owner_page
from matchmaker.leads.views.proofs import chosen_or_new_proof, proof_unless_chosen
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, before_transaction, once, requires, said, undo_deed


@bp.post("/leads/<int:lead_id>/repairs/<code>")
@before_transaction(proof_unless_chosen)
@requires("lead.repair", load=load_lead)
def mark_repaired(lead: Lead, code: str) -> ResponseReturnValue:
    """One reason is repaired, with the paper that proves it (to be reached needs none, says the service)."""
    form = RepairForm.of(code)
    if "resume" in request.form:
        return owner_page(lead)
    try:
        repairing.mark_done(lead, code=code, proof=chosen_or_new_proof(lead, form), by=actor())
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.refuse(no)
        return owner_page(lead, 422, repair=form)
    said(_("记下了。没点“请它再看一遍”以前，机构看不到。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/second-look/repaired")
@requires("lead.ask_second_look", load=load_lead)
@once
def look_again(lead: Lead) -> ResponseReturnValue:
    """The same institution looks again, somebody else, with the proofs."""
    repairing.look_again(lead, by=actor(), most=most_live())
    said(_("请了另一位再看一遍，证明也送过去了。"))
    return back_to("leads.show", lead_id=lead.id)
