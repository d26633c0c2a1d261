"""The owner's pages: choose with a consent, follow, answer, and see who looked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock, formatting
from matchmaker.conversations.queries import unread_by_lead
from matchmaker.conversations.rules import Side as Writer
from matchmaker.documents.models import Document
from matchmaker.documents.passing import hand_out, photo_or_file, take_upload, taken
from matchmaker.formatting import moment
from matchmaker.leads import listings
from matchmaker.leads.forms import (
    ConsentForm,
    GiveForm,
    GiveUpForm,
    HoursForm,
    OutOfFolder,
    PaperForm,
    RefuseOfferForm,
    SecondLookForm,
    WordsForm,
)
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import calling, finding, looking, lowering, presenting, reading
from matchmaker.leads.rules import clocks, silence
from matchmaker.leads.rules.clocks import LIMITS, Clock
from matchmaker.leads.rules.consents import REQUIRED, Field
from matchmaker.leads.rules.reasons import CODES, RULES_BEHIND, tone
from matchmaker.leads.rules.reserves import MOST_RESERVES
from matchmaker.leads.rules.seen import FIGURES_BEHIND, Figure, Seen, lacking
from matchmaker.leads.rules.states import Side, State
from matchmaker.leads.services import agreeing, answering, choosing, giving, offering, repairing, reserving, withdrawing
from matchmaker.leads.views import bp
from matchmaker.leads.views.institution import case_page
from matchmaker.leads.views.loading import OfPaper, acts_for, load_lead, load_need, load_offer, load_paper
from matchmaker.leads.views.moving import most_live, repairs_shown, ways_on
from matchmaker.leads.views.sheets import sheet_page
from matchmaker.listing import listed
from matchmaker.matching.services import next_best, verdicts_when_listed
from matchmaker.matching.telling import Judged, judged
from matchmaker.needs.models import Need
from matchmaker.papers.giving import papers_ready
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.queries import folder_of
from matchmaker.papers.rules import can_be_sent, checklist
from matchmaker.papers.services import put_in_once
from matchmaker.permissions import may
from matchmaker.products.models import Product
from matchmaker.reference.rules import office_hours
from matchmaker.refusal import Refused
from matchmaker.web import (
    actor,
    back_to,
    before_transaction,
    computes,
    label,
    once,
    paginate_items,
    requires,
    said,
    undo_deed,
)

CANDIDATES = 5
"""How many of the next best are offered as reserves."""


# Choosing -----------------------------------------------------------------------------------------------------------


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


# Following ----------------------------------------------------------------------------------------------------------


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
        worked_on=sum(item.worked_on for item in progress),
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


# Answering ----------------------------------------------------------------------------------------------------------


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
    folder = folder_of(lead.business, actor()) if lead.is_live and may(actor(), "lead.give_papers", lead) else []
    today = clock.today()
    return {
        "given": given,
        "looks": looking.looks_at_papers(lead) if given else {},
        "to_give": [paper for paper in folder if paper.document_id not in have and can_be_sent(paper, today)],
    }


def _out_of_folder_or_new(lead: Lead, form: PaperForm, kind: str) -> FolderPaper:
    """The paper that was chosen from the folder, or the file that was sent, which goes into the folder first."""
    if form.chosen_id:
        (paper,) = papers_ready(lead, [form.chosen_id], field="folder_paper", by=actor())
        return paper
    return put_in_once(lead.business, taken(), kind=kind, by=actor())


def _file_unless_chosen() -> None:
    """A paper chosen from the folder needs no file."""
    if not request.form.get("folder_paper"):
        photo_or_file()


@bp.post("/leads/<int:lead_id>/papers")
@before_transaction(_file_unless_chosen)
@requires("lead.send_papers", load=load_lead)
def add_paper(lead: Lead) -> ResponseReturnValue:
    """One paper for one item of the list; nobody sees it before the list is sent."""
    form = PaperForm()
    if "resume" in request.form:
        return owner_page(lead)
    try:
        paper = _out_of_folder_or_new(lead, form, "OTHER")
        answering.add_paper(
            lead, item_number=form.about, document=paper.document, kind=paper.kind, by=actor()
        )
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.file.id = f"item-{form.about}-file"  # each item of the list has a field of its own
        form.photo.id = f"item-{form.about}-photo"
        form.folder_paper.id = f"item-{form.about}-folder"
        form.refuse(no)
        return owner_page(lead, 422, paper=form)
    said(_("放好了，也收进了资料夹。都放齐了，再点“都补齐了，送过去”。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/papers/give")
@requires("lead.give_papers", load=load_lead)
@once
def give_papers(lead: Lead) -> ResponseReturnValue:
    """Papers of the folder for this institution, at once; a tick for each."""
    form = GiveForm()
    if "resume" in request.form:
        return owner_page(lead)
    try:
        giving.give(lead, form.paper_ids, by=actor())
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.refuse(no)
        return owner_page(lead, 422, give=form)
    said(_("给了%(name)s。", name=lead.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/replace")
@before_transaction(_file_unless_chosen)
@requires("lead.give_papers", load=load_paper)
@once
def replace_paper(found: OfPaper) -> ResponseReturnValue:
    """Another paper in place of one that the institution wants replaced: chosen or new, sent at once."""
    lead, form = found.lead, PaperForm()
    if "resume" in request.form:
        return owner_page(lead)
    try:
        fresh = _out_of_folder_or_new(lead, form, found.paper.kind or "OTHER")
        giving.replace(lead, found.paper, fresh, field="file", by=actor())
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        for field in (form.file, form.photo, form.folder_paper):
            field.id = f"again-{found.id}-{field.id.split('_')[0]}"
        form.refuse(no)
        form.about_paper = found.id
        return owner_page(lead, 422, paper=form)
    said(_("换过去了，%(name)s看得到新的。原来那份留着，它也还看得到。", name=lead.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/back")
@requires("lead.take_back_paper", load=load_paper)
def take_back_paper(found: OfPaper) -> ResponseReturnValue:
    """Take this one paper back from the institution; what else it has stays."""
    until = giving.take_back(found.lead, found.paper, by=actor())
    said(_("收回了，它看不到这一份了。%(until)s 以前可以撤销。", until=moment(until)))
    return back_to("leads.show", lead_id=found.lead.id, _anchor="papers")


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/back/undo")
@requires("lead.take_back_paper", load=load_paper)
def undo_take_back_paper(found: OfPaper) -> ResponseReturnValue:
    """Undo that, within some minutes."""
    giving.undo_take_back(found.lead, found.paper, by=actor())
    said(_("撤销了，它又看得到这一份。"))
    return back_to("leads.show", lead_id=found.lead.id, _anchor="papers")


@bp.post("/leads/<int:lead_id>/papers/send")
@requires("lead.send_papers", load=load_lead)
def send_papers(lead: Lead) -> ResponseReturnValue:
    """The whole list at once; the institution's clocks go on."""
    answering.send_papers(lead, by=actor())
    said(_("送过去了，钟又开始走。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.get("/leads/<int:lead_id>/papers/<int:paper_id>")
@requires("lead.read_paper", load=load_paper)
def read_paper(found: OfPaper) -> ResponseReturnValue:
    """A paper of the case: for its owner, and for the institution while the consent is in force (observed)."""
    if not acts_for(found.lead):
        if found.paper.sent_at is None or found.paper.is_taken_back or not found.paper.document.is_clean:
            raise NotFound
        shown = presenting.present(
            found.lead, actor(), purpose="paper", only=frozenset({Field.DOCUMENTS, Field.NAME}), paper=found.paper
        )
        if shown.is_sealed:
            raise NotFound
    answer = hand_out(found.paper.document)
    if answer is None:
        raise NotFound
    return answer


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


# A second look ------------------------------------------------------------------------------------------------------


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


def proof_unless_chosen() -> None:
    """For ``before_transaction``: a file that proves something; out of the folder, or none, needs none."""
    upload = request.files.get("proof")
    if upload is not None and upload.filename and not request.form.get("proof_paper"):
        take_upload("proof")


def chosen_or_new_proof(lead: Lead, form: OutOfFolder) -> Document | None:
    """The proof that was chosen in the folder, or the file that was sent, which goes into the folder; None: neither."""
    if form.chosen_id:
        (paper,) = papers_ready(lead, [form.chosen_id], field="proof_paper", by=actor())
        return paper.document
    upload = request.files.get("proof")
    if upload is None or not upload.filename:
        return None
    return put_in_once(lead.business, taken(), kind="OTHER", by=actor()).document


def proofs_to_choose(lead: Lead) -> list[FolderPaper]:
    """The papers of the folder that could prove something today."""
    today = clock.today()
    return [paper for paper in folder_of(lead.business, actor()) if can_be_sent(paper, today)]


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
