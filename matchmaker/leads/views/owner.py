"""The owner's list of leads and the page of one, with every answer given there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker import clock, formatting
from matchmaker.conversations.queries import unread_by_lead
from matchmaker.conversations.rules import Side as Writer
from matchmaker.formatting import moment
from matchmaker.leads import listings
from matchmaker.leads.forms.owner import GiveUpForm, HoursForm, RefuseOfferForm, WordsForm
from matchmaker.leads.forms.papers import GiveForm, PaperForm
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import calling, finding, looking, lowering, reading
from matchmaker.leads.rules import silence
from matchmaker.leads.rules.clocks import LIMITS, Clock
from matchmaker.leads.rules.reasons import CODES, RULES_BEHIND, tone
from matchmaker.leads.rules.seen import FIGURES_BEHIND, Figure, Seen, lacking
from matchmaker.leads.rules.states import Side, State
from matchmaker.leads.services import answering, offering, withdrawing
from matchmaker.leads.views import bp
from matchmaker.leads.views.institution import case_page
from matchmaker.leads.views.loading import acts_for, load_lead, load_offer
from matchmaker.leads.views.moving import most_live, repairs_shown, ways_on
from matchmaker.leads.views.proofs import proofs_to_choose
from matchmaker.leads.views.sheets import sheet_page
from matchmaker.listing import listed
from matchmaker.matching.services import verdicts_when_listed
from matchmaker.matching.telling import Judged, judged
from matchmaker.papers.queries import folder_of
from matchmaker.papers.rules import can_be_sent
from matchmaker.permissions import may
from matchmaker.reference.rules import office_hours
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, label, once, paginate_items, requires, said


@bp.get("/leads/")
@requires("lead.track")
@listed(listings.MINE)
def mine() -> ResponseReturnValue:
    """Every need with its institutions: who has the ball, until when."""
    progress = reading.progress_of(actor(), most=most_live())
    words = " ".join(request.args.get("q", "").split())[:40]
    return render_template(
        "leads/mine.html",
        progress=progress,
        closes=office_hours().closes,
        page=paginate_items([item for item in progress if item.holds(words)], per_page=5),
        words=words,
        form_key=uuid.uuid4().hex,
        waiting=sum(item.waiting_for_owner for item in progress),
        worked_on=len({line.lead.institution_id for item in progress for line in item.lines_of_institutions}),
    )


@bp.get("/leads/<int:lead_id>")
@requires("lead.see", load=load_lead)
def show(lead: Lead) -> ResponseReturnValue:
    """One lead: for its owner what happened and what to do, for the institution the case."""
    return owner_page(lead) if acts_for(lead) else case_page(lead)


def owner_page(lead: Lead, status: int = 200, **posted: Any) -> ResponseReturnValue:
    """The owner's page of one lead; `posted` is the form that was not in order."""
    if lead.state == State.DECLINED and not posted.get("plain"):
        return _declined_page(lead, status, **posted)
    forms: dict[str, Any] = {
        "give_up": GiveUpForm(formdata=None),
        "dispute": WordsForm(formdata=None),
        "paper": PaperForm(formdata=None),
        "give": GiveForm(formdata=None),
        "hours": HoursForm.for_now(formdata=None),
    } | posted
    return (
        render_template(
            "leads/show.html",
            lead=lead,
            **_papers_shown(lead),
            now=clock.now(),
            line=reading.line_of(lead),
            over=reading.is_over(lead, finding.leads_of_need(lead.need_id)),
            moments=reading.timeline(lead, reader=Side.OWNER),
            others=reading.others_of_need(lead),
            **ways_on(lead),
            calls=calling.call_log(lead, clock.now()),
            unread=unread_by_lead([lead.id], Writer.OWNER).get(lead.id, 0),
            said_today=silence.said_today([(step.step, step.at) for step in lead.steps], clock.now()),
            is_silent=silence.is_silent(lead.state, [(step.step, step.at) for step in lead.steps], clock.now()),
            no_second_look=answering.why_no_second_look(lead, repaired=False, most=most_live()),
            forms_=forms,
            form=next((form for form in posted.values() if getattr(form, "errors", None)), None),
        ),
        status,
    )


def _written_and_mine(lead: Lead) -> dict[str, list[Judged]]:
    """For each reason of a decline: what the product wrote it asks for, and what the owner had when it was chosen."""
    said = {one.rule: one for one in verdicts_when_listed(lead.shown_list_id, lead.product_version.product_id)}
    return {
        code: [judged(said[rule]) for rule in RULES_BEHIND.get(code, ()) if rule in said]
        for code in lead.decline_codes or []
    }


@dataclass(frozen=True)
class Looked:
    """One figure that an institution saw, in words, and how far it is from what the product wrote."""

    name: str
    value: str
    lacking: str | None


def _in_words(name: str, value: Figure) -> str:
    if name == "tax_grade":
        return label("lead.grade", value)
    if name == "tax_owed_yuan":
        return formatting.yuan2(value)
    if name.endswith("_months"):
        return formatting.months(value)
    return formatting.percent2(value) if name.endswith("_percent") else formatting.wan(value)


def _looked_at(lead: Lead, seen: Seen) -> dict[str, list[Looked]]:
    """For each reason of a decline: what the institution saw."""
    said = {one.rule: one for one in verdicts_when_listed(lead.shown_list_id, lead.product_version.product_id)}
    found: dict[str, list[Looked]] = {}
    for code in lead.decline_codes or []:
        required: dict[str, Any] = {}
        for rule in RULES_BEHIND.get(code, ()):
            required |= dict(said[rule].required) if rule in said else {}
        found[code] = []
        for name, value in seen.of(code).items():
            missing = lacking(name, value, required)
            words = None if missing is None else _in_words(name, missing)
            found[code].append(Looked(label("lead.figure", name), _in_words(name, value), words))
    return found


def _declined_page(lead: Lead, status: int = 200, **posted: Any) -> ResponseReturnValue:
    codes = [CODES[code] for code in lead.decline_codes or []]
    seen = lowering.seen_at_decline(lead)
    return (
        render_template(
            "leads/declined.html",
            lead=lead,
            line=reading.line_of(lead),
            codes=codes,
            unread=unread_by_lead([lead.id], Writer.OWNER).get(lead.id, 0),
            written=_written_and_mine(lead),
            looked=_looked_at(lead, seen),
            unseen=seen.unseen,
            figures_behind=FIGURES_BEHIND,
            said_enough_yuan=seen.enough_yuan,
            ways_down=lowering.ways_down(lead, seen),
            tone=tone,
            repairable=sum(1 for code in codes if code.way == "repair"),
            moments=reading.timeline(lead, reader=Side.OWNER),
            others=reading.others_of_need(lead),
            **ways_on(lead),
            in_time=all(
                row.outcome != "late" for row in lead.clocks if LIMITS[Clock(row.kind)].side is Side.INSTITUTION
            ),
            no_second_look=answering.why_no_second_look(lead, repaired=False, most=most_live()),
            **repairs_shown(lead, proofs_to_choose(lead), posted.get("repair")),
            forms_={"correct": WordsForm(formdata=None)} | posted,
            form=next((form for form in posted.values() if getattr(form, "errors", None)), None),
        ),
        status,
    )


@bp.post("/leads/<int:lead_id>/withdraw")
@requires("lead.withdraw", load=load_lead)
def withdraw(lead: Lead) -> ResponseReturnValue:
    """Withdraw the consent: sealed at once; for some minutes it can be undone."""
    until = withdrawing.start_withdrawal(lead, by=actor())
    said(
        _(
            "收回了，%(name)s已经看不到您的资料。点错了？%(until)s 以前可以撤销。",
            name=lead.institution.short_name,
            until=moment(until),
        )
    )
    return _back(lead)


@bp.post("/leads/<int:lead_id>/withdraw/undo")
@requires("lead.withdraw", load=load_lead)
def undo_withdrawal(lead: Lead) -> ResponseReturnValue:
    """The withdrawal was a slip: the consent is as it was."""
    withdrawing.undo_withdrawal(lead, by=actor())
    said(_("撤销了，授权和原来一样。"))
    return _back(lead)


def _back(lead: Lead) -> ResponseReturnValue:
    if request.form.get("back") == "who_sees":
        return back_to("leads.who_sees")
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/give-up")
@requires("lead.give_up", load=load_lead)
def give_up(lead: Lead) -> ResponseReturnValue:
    """Not wanted any more, with a reason."""
    form = GiveUpForm()
    if not form.submitted():
        return owner_page(lead, 422, give_up=form)
    answering.give_up(lead, code=str(form.give_code.data), note=form.note, by=actor())
    said(_("记下了，授权也收回了。"))
    return back_to("leads.show", lead_id=lead.id)


def _papers_shown(lead: Lead) -> dict[str, Any]:
    """The papers of a lead with what was said of each, who opened it, and what the folder could add."""
    given = finding.papers_of(lead.id)
    have = {paper.document_id for paper in given if not paper.is_taken_back}
    open_ = lead.is_live and lead.consent is not None and lead.consent.ended_at is None
    folder = folder_of(lead.business, actor()) if open_ and may(actor(), "lead.give_papers", lead) else []
    today = clock.today()
    return {
        "given": given,
        "looks": looking.looks_at_papers(lead) if given else {},
        "to_give": [paper for paper in folder if paper.document_id not in have and can_be_sent(paper, today)],
    }


@bp.post("/leads/<int:lead_id>/offers/<int:number>/accept")
@requires("lead.answer_offer", load=load_lead)
def accept_offer(lead: Lead, number: int) -> ResponseReturnValue:
    """Take the offer; it is no contract yet."""
    offering.accept_offer(lead, number=number, by=actor(), days=current_app.config["SETTINGS"].contract_days)
    said(_("接受了。接下来%(name)s和您签合同；合同上的数要和明白纸一样。", name=lead.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/offers/<int:number>/refuse")
@requires("lead.answer_offer", load=load_lead)
def refuse_offer(lead: Lead, number: int) -> ResponseReturnValue:
    """Turn the offer down, with a reason."""
    form = RefuseOfferForm()
    if not form.submitted():
        found = load_offer(lead.id, number)
        return (sheet_page(found, form), 422) if found is not None else owner_page(lead, 422)
    offering.refuse_offer(lead, number=number, code=str(form.refuse_code.data), note=form.note, by=actor())
    said(_("记下了，授权也收回了。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/payout/confirm")
@requires("lead.answer_payout", load=load_lead)
def confirm_payout(lead: Lead) -> ResponseReturnValue:
    """The money has come."""
    offering.confirm_payout(lead, by=actor())
    said(_("确认了。祝生意好。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/payout/dispute")
@requires("lead.answer_payout", load=load_lead)
def dispute_payout(lead: Lead) -> ResponseReturnValue:
    """The report is wrong."""
    form = WordsForm()
    if not form.submitted():
        return owner_page(lead, 422, dispute=form)
    offering.dispute_payout(lead, words=form.text, by=actor())
    said(_("记下了，这笔放款先不算数，机构要去核对。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/correct")
@requires("lead.correct_reason", load=load_lead)
def correct_reason(lead: Lead) -> ResponseReturnValue:
    """A reason is wrong: the owner's words stand beside it."""
    form = WordsForm()
    if not form.submitted():
        return owner_page(lead, 422, correct=form)
    answering.correct_reason(lead, words=form.text, by=actor())
    said(_("记下了，机构会看到。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/nobody-called")
@requires("lead.nobody_called", load=load_lead)
@once
def nobody_called(lead: Lead) -> ResponseReturnValue:
    """Nobody called: on record, the desk is told."""
    answering.nobody_called(lead, by=actor())
    said(_("记下了，也告诉了%(name)s的负责人。钟照走。", name=lead.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/hours")
@requires("lead.choose_hours", load=load_lead)
def choose_hours(lead: Lead) -> ResponseReturnValue:
    """When to be called, after three tries in vain."""
    form = HoursForm.for_now()
    if form.submitted() and form.on is not None:
        try:
            answering.choose_hours(lead, on=form.on, slot=str(form.call_slot.data), by=actor())
        except Refused as no:
            if no.status != 422:
                raise
            form.refuse(no)
        else:
            said(_("记下了，告诉了%(name)s。请留意电话。", name=lead.institution.short_name))
            return back_to("leads.show", lead_id=lead.id)
    return owner_page(lead, 422, hours=form)
