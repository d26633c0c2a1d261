"""A second look by somebody else of the institution."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.leads.forms.owner import SecondLookForm
from matchmaker.leads.models import Lead
from matchmaker.leads.rules import silence
from matchmaker.leads.rules.consents import REQUIRED
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, repairing
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import load_lead
from matchmaker.leads.views.moving import most_live
from matchmaker.leads.views.proofs import chosen_or_new_proof, proof_unless_chosen, proofs_to_choose
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, before_transaction, once, requires, said, undo_deed


def _second_look_form(lead: Lead) -> SecondLookForm:
    kept = {
        "fields": lead.consent.fields if lead.consent is not None else [],
        "hours": lead.consent.hours if lead.consent is not None else [],
    }
    return SecondLookForm.for_need(lead.need.current.wanted_by_on, kept)  # type: ignore[return-value]


def _second_look_page(lead: Lead, form: SecondLookForm, status: int = 200) -> ResponseReturnValue:
    form.offer_proofs(proofs_to_choose(lead))
    return render_template("leads/second_look.html", lead=lead, form=form, required=REQUIRED), status


@bp.get("/leads/<int:lead_id>/second-look")
@requires("lead.ask_second_look", load=load_lead)
def second_look(lead: Lead) -> ResponseReturnValue:
    """Open the data again, for somebody else of that institution; where that is past or not yet, the lead itself."""
    if lead.state not in (State.DECLINED, *silence.SILENT_STATES):
        return back_to("leads.show", lead_id=lead.id)
    return _second_look_page(lead, _second_look_form(lead))


@bp.post("/leads/<int:lead_id>/second-look/at-once")
@requires("lead.ask_second_look", load=load_lead)
@once
def ask_second_look_at_once(lead: Lead) -> ResponseReturnValue:
    """One tap: somebody else looks, with the same fields as before."""
    answering.ask_at_once(lead, by=actor(), most=most_live())
    said(_("请了另一位再看一遍。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/second-look")
@before_transaction(proof_unless_chosen)
@requires("lead.ask_second_look", load=load_lead)
@once
def ask_second_look(lead: Lead) -> ResponseReturnValue:
    """A new consent and a second look: once."""
    form = _second_look_form(lead)
    if not form.submitted():
        return _second_look_page(lead, form, 422)
    try:
        proof, repaired = chosen_or_new_proof(lead, form), form.repaired.data == "yes"
        laid = repairing.proofs_of(lead) if repaired else []
        answering.ask_second_look(
            lead,
            repaired=repaired,
            fields=form.all_fields,
            hours=form.hours.data or [],
            ends_at=form.ends_at,
            note=form.note,
            proofs=laid if proof is None else [*laid, proof],
            by=actor(),
            most=most_live(),
        )
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.refuse(no)
        return _second_look_page(lead, form, 422)
    said(_("请了另一位再看一遍。"))
    return back_to("leads.show", lead_id=lead.id)
