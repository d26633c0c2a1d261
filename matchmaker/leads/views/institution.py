"""The institution's pages: the queue with its actions, and the page of one case. What is shown comes from `present`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker import clock, formatting
from matchmaker.conversations.queries import unread_by_lead
from matchmaker.conversations.rules import Side as Writer
from matchmaker.leads import listings
from matchmaker.leads.forms.institution import (
    AgreeVisitForm,
    ChecksForm,
    ContactForm,
    ContractForm,
    DeclineForm,
    HandOverForm,
    OfferForm,
    PayoutForm,
    ReviewForm,
    VisitForm,
)
from matchmaker.leads.forms.papers import MarkForm, PapersForm
from matchmaker.leads.forms.typed import TypedForm
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import calling, finding, presenting, queueing, reading
from matchmaker.leads.rules.states import Side, State, Step, steps_from
from matchmaker.leads.rules.working import CHECKS_AT, CHECKS_BEFORE
from matchmaker.leads.services import giving, offering, working
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import OfPaper, load_lead, load_paper
from matchmaker.listing import listed
from matchmaker.matching import telling
from matchmaker.permissions import may
from matchmaker.reference import terms
from matchmaker.refusal import Refused
from matchmaker.web import (
    actor,
    back_to,
    computes,
    not_done,
    once,
    paginate,
    paginate_items,
    requires,
    row_id,
    said,
    typed_as_labelled,
    undo_deed,
)

PER_PAGE = 20


# The queue ----------------------------------------------------------------------------------------------------------


@bp.get("/leads/queue")
@requires("lead.queue")
@listed(listings.QUEUE)
def queue() -> ResponseReturnValue:
    """What to do first: one ordered list, the reason on each row, the chosen case beside it."""
    return queue_page()


def _chosen_lead() -> Lead | None:
    lead = finding.lead_by_id(row_id(request.args.get("lead")))
    return lead if lead is not None and may(actor(), "lead.see", lead) and _works_there(lead) else None


def _works_there(lead: Lead) -> bool:
    return lead.institution_id in actor().institution_ids and lead.sent_at is not None


def queue_page(
    chosen: Lead | None = None, status: int = 200, refused: Refused | None = None, **posted: Any
) -> ResponseReturnValue:
    """The list and, beside it, the case that is worked on; `posted` is the form that was not in order.

    `refused`: why the step was not taken. What was typed stays in its form; where that form is not open any more,
    because the case has moved on, it is written out.
    """
    person = actor()
    show = request.args.get("show", "all")
    show = show if show in queueing.SHOWS else "all"
    words = " ".join(request.args.get("q", "").split())[:40]
    whole = queueing.queue_of(person, show=show, words=words)
    if show in queueing.ENDED_SHOWS:
        page = paginate(queueing.ended_of(person, show, words), PER_PAGE)
        rows = queueing.done_rows(page.items, person)
    else:
        page = paginate_items(whole.rows, PER_PAGE)
        rows = queueing.rows_of(whole, page.items, person)
    chosen = chosen or _chosen_lead()
    case = _case(chosen, **posted) if chosen is not None else None
    return (
        render_template(
            "leads/queue.html",
            queue=whole,
            page=page,
            rows=rows,
            show=show,
            words=words,
            shows=queueing.SHOWS,
            unread=unread_by_lead([row.line.lead.id for row in rows], Writer.INSTITUTION),
            chosen=chosen,
            case=case,
            do=request.args.get("do", ""),
            form=_with_errors(posted),
            **_told(refused, case, posted),
        ),
        status,
    )


def _with_errors(posted: dict[str, Any]) -> Any:
    return next((form for form in posted.values() if getattr(form, "errors", None)), None)


def _told(refused: Refused | None, case: dict[str, Any] | None, posted: dict[str, Any]) -> dict[str, Any]:
    """What a page says of a refused step: the sentence, and what was typed where no form shows it any more."""
    if refused is None:
        return {}
    open_forms = {*case["forms"], *(["mark"] if case["mark_forms"] else [])} if case is not None else set()
    is_kept = any(name in open_forms for name in posted)
    return {"not_done": not_done(refused), "typed": [] if is_kept else typed_as_labelled()}


ROW_ACTIONS: dict[str, tuple[tuple[str, Any], ...]] = {
    "waiting": (("decline", _l("谢绝")), ("hand_over", _l("派给同事"))),
    "accepted": (("contact", _l("记下联系")),),
    "unreached": (("contact", _l("记下联系")),),
    "contacted": (("visit", _l("记下走访")), ("offer", _l("写报价")), ("ask_papers", _l("要材料"))),
    "visited": (("start_review", _l("送审")), ("offer", _l("写报价"))),
    "review": (("offer", _l("写报价")), ("decline", _l("谢绝"))),
    "second_look": (("offer", _l("写报价")), ("decline", _l("谢绝"))),
    "taken": (("contract", _l("报告已签约")),),
    "signed": (("payout", _l("报告已放款")),),
    "paid_out": (("payout", _l("重新报告放款")),),
}
"""The usual next steps of a row, by state; each opens its form in the case beside the list."""


@bp.context_processor
def _of_leads() -> dict[str, Any]:
    return {
        "row_actions": row_actions,
        "industry_name": telling.industry_name,
        "region_name": telling.region_name,
        "quality_name": lambda code: terms.label("quality", code, formatting.language()),
    }


def row_actions(row: queueing.Row) -> list[tuple[str, Any]]:
    """The steps offered on a row: those that its reader may take now."""
    possible = _open_forms(row.line.lead)
    return [(name, words) for name, words in ROW_ACTIONS.get(row.line.lead.state, ()) if name in possible]


# One case -----------------------------------------------------------------------------------------------------------

FORM_STEPS: dict[str, Step] = {
    "contact": Step.CONTACT,
    "agree_visit": Step.AGREE_VISIT,
    "visit": Step.VISIT,
    "ask_papers": Step.ASK_PAPERS,
    "start_review": Step.START_REVIEW,
    "checks": Step.RECORD_CHECKS,
    "offer": Step.OFFER,
    "decline": Step.DECLINE,
    "hand_over": Step.HAND_OVER,
    "contract": Step.REPORT_CONTRACT,
    "payout": Step.REPORT_PAYOUT,
}
PERMISSION_OF_FORM = {
    "decline": "lead.decline", "offer": "lead.offer", "hand_over": "lead.hand_over", "contract": "lead.report",
    "payout": "lead.report",
}  # fmt: skip


def _case(lead: Lead, **posted: Any) -> dict[str, Any]:
    """Everything the panel of a case shows: what is opened, what happened, the forms of the steps that are open."""
    shown = presenting.present(lead, actor())
    forms = {name: posted.get(name) or make(lead, **FRESH) for name, make in _open_forms(lead).items()}
    recorded = {(check.phase, check.item): check for check in lead.checks}
    return {
        "lead": lead,
        "line": reading.line_of(lead),
        "shown": shown,
        "moments": reading.timeline(lead, reader=Side.INSTITUTION, is_sealed=shown.is_sealed),
        "forms": forms,
        "posted": set(posted),
        "mark_forms": {
            paper.id: posted["mark"]
            if "mark" in posted and posted["mark"].paper_id == paper.id
            else MarkForm.of(paper.id, **FRESH)
            for paper in shown.papers
            if paper.replaced_by is None and not paper.is_taken_back
            if lead.is_live and may(actor(), "lead.mark_paper", lead)
        },
        "checks": [("before", item, recorded.get(("before", item))) for item in CHECKS_BEFORE]
        + [("at", item, recorded.get(("at", item))) for item in CHECKS_AT],
        "may_claim": lead.state == State.WAITING and may(actor(), "lead.accept", lead),
        "may_take": lead.state == State.SECOND_LOOK and lead.manager_id is None and _may_decide(lead),
        "is_mine": lead.manager_id == actor().id,
        "unread": unread_by_lead([lead.id], Writer.INSTITUTION).get(lead.id, 0),
        "calls": calling.call_log(lead, clock.now()),
        "offer": lead.offer,
        "accepted": offering.accepted_offer(lead),
        "debts_yuan": sum((line.balance_yuan for line in shown.lines), start=Decimal(0)),
        "preview": posted.get("preview"),
    }


def _open_forms(lead: Lead) -> dict[str, Callable[..., TypedForm]]:
    """The forms of the steps that can be taken now by the reader, in order, each made fresh."""
    possible = set(steps_from(lead.state, Side.INSTITUTION))
    found: dict[str, Callable[..., TypedForm]] = {}
    for name, step in FORM_STEPS.items():
        allowed = may(actor(), PERMISSION_OF_FORM.get(name, "lead.work_on"), lead)
        if step in possible and allowed and _makes_sense(lead, step):
            found[name] = MAKE[name]
    return found


def _makes_sense(lead: Lead, step: Step) -> bool:
    if step is Step.ASK_PAPERS:
        return lead.pause_used_at is None
    if step is Step.REPORT_PAYOUT:
        return lead.payout is None or lead.payout.standing == "disputed"
    if step is Step.RECORD_CHECKS:
        return lead.state not in (State.ACCEPTED, State.PAID_OUT)
    if step is Step.HAND_OVER:
        return lead.manager_id == actor().id or lead.institution_id in actor().desk_institution_ids
    if step in (Step.OFFER, Step.DECLINE) and lead.state == State.SECOND_LOOK:
        return _may_decide(lead)
    return True


def _may_decide(lead: Lead) -> bool:
    """A second look is somebody else's."""
    return bool(lead.second_look_not_by_id != actor().id)


def _hours(lead: Lead) -> list[str]:
    return list(lead.consent.hours) if lead.consent is not None else []


def _colleagues(lead: Lead) -> list[tuple[int, str]]:
    found = []
    for one in queueing.colleagues_for(lead):
        load = (
            _("%(name)s，手上 %(live)s 件，能接 %(most)s 件", name=one.person.name, live=one.live, most=one.most)
            if one.most is not None
            else _("%(name)s，手上 %(live)s 件", name=one.person.name, live=one.live)
        )
        found.append((one.person.id, load))
    return found


def _phase(lead: Lead) -> str:
    return "at" if lead.state in (State.TAKEN, State.SIGNED) else "before"


def _accepted_yuan(lead: Lead) -> Any:
    offer = offering.accepted_offer(lead)
    return offer.amount_yuan if offer is not None else None


MAKE: dict[str, Callable[..., TypedForm]] = {
    "contact": lambda lead, **how: ContactForm.for_hours(_hours(lead), **how),
    "agree_visit": lambda lead, **how: AgreeVisitForm(**how),
    "visit": lambda lead, **how: VisitForm(**how),
    "ask_papers": lambda lead, **how: PapersForm(**how),
    "start_review": lambda lead, **how: ReviewForm(**how),
    "checks": lambda lead, **how: ChecksForm.of_phase(_phase(lead), **how),
    "offer": lambda lead, **how: OfferForm.for_version(lead.product_version, finding.asked_version(lead), **how),
    "decline": lambda lead, **how: DeclineForm(**how),
    "hand_over": lambda lead, **how: HandOverForm.among(_colleagues(lead), **how),
    "contract": lambda lead, **how: ContractForm(**how),
    "payout": lambda lead, **how: PayoutForm.of_offer(_accepted_yuan(lead), **how),
}
FRESH: dict[str, Any] = {"formdata": None}
"""Makes a form that shows its defaults, whatever was posted."""


def case_page(lead: Lead, status: int = 200, refused: Refused | None = None, **posted: Any) -> ResponseReturnValue:
    """One case on a page of its own; `refused` as in `queue_page`."""
    case = _case(lead, **posted)
    return (
        render_template(
            "leads/case.html",
            case=case,
            lead=lead,
            do=request.args.get("do", ""),
            form=_with_errors(posted),
            **_told(refused, case, posted),
        ),
        status,
    )


def _again(lead: Lead, **posted: Any) -> ResponseReturnValue:
    """The page the form came from, with what is wrong."""
    page = queue_page if request.form.get("back") == "queue" else case_page
    return page(lead, 422, **posted)


def _refused(lead: Lead, no: Refused, **posted: Any) -> ResponseReturnValue:
    """The page the step came from, as it is now: why nothing was done, and what was typed."""
    undo_deed()
    if request.form.get("back") == "queue":
        return queue_page(lead if may(actor(), "lead.see", lead) else None, no.status, no, **posted)
    if not may(actor(), "lead.see", lead):
        raise no
    return case_page(lead, no.status, no, **posted)


def _done(lead: Lead, words: str) -> ResponseReturnValue:
    """Back to where the form stood."""
    said(words)
    if request.form.get("back") == "queue":
        args = {"lead": lead.id} if may(actor(), "lead.see", lead) else {}
        return back_to("leads.queue", **args)
    if not may(actor(), "lead.see", lead):
        return back_to("leads.queue")
    return back_to("leads.show", lead_id=lead.id)


def _carry(lead: Lead, name: str, deed: Callable[[Any], object], words: str) -> ResponseReturnValue:
    """Read the form of this name; do the deed; show again what is wrong, at its field."""
    form: Any = MAKE[name](lead)
    if form.submitted():
        try:
            deed(form)
        except Refused as no:
            if no.status != 422:
                return _refused(lead, no, **{name: form})
            form.refuse(no)
        else:
            return _done(lead, words)
    return _again(lead, **{name: form})


# Deeds --------------------------------------------------------------------------------------------------------------


@bp.post("/leads/<int:lead_id>/accept")
@requires("lead.accept", load=load_lead)
def accept(lead: Lead) -> ResponseReturnValue:
    """Claim it."""
    try:
        working.accept_lead(lead, by=actor())
    except Refused as no:
        return _refused(lead, no)
    due = next(row.due_at for row in lead.clocks if row.kind == "contact")
    return _done(lead, _("认领了。%(due)s 前要联系上客户。", due=formatting.moment(due)))


@bp.post("/leads/<int:lead_id>/take")
@requires("lead.hand_over", load=load_lead)
def take(lead: Lead) -> ResponseReturnValue:
    """Take up what nobody carries: a second look, or what a colleague left behind."""
    try:
        working.hand_over(lead, to=actor(), by=actor())
    except Refused as no:
        return _refused(lead, no)
    return _done(lead, _("转到您手上了。"))


@bp.post("/leads/<int:lead_id>/hand-over")
@requires("lead.hand_over", load=load_lead)
def hand_over(lead: Lead) -> ResponseReturnValue:
    """Give it to a colleague; nothing of it is lost."""

    def deed(form: HandOverForm) -> None:
        to = working.find_colleague(lead.institution_id, form.person_id)
        if to is None:
            raise Refused("lead_hand_over_to_whom", "to", 422)
        working.hand_over(lead, to=to, note=form.note, by=actor())

    return _carry(lead, "hand_over", deed, _("转过去了。"))


@bp.post("/leads/<int:lead_id>/contact")
@requires("lead.work_on", load=load_lead)
@once
def contact(lead: Lead) -> ResponseReturnValue:
    """Reached, or tried."""

    def deed(form: ContactForm) -> None:
        channel = str(form.channel.data or "")
        if form.reached.data == "no":
            working.try_contact(lead, channel=channel, note=form.note, by=actor())
        else:
            working.contact(
                lead,
                channel=channel,
                note=form.note,
                message=form.message.data or "",
                visit_agreed=bool(form.visit_agreed.data),
                visit_at=form.visit_at,
                by=actor(),
            )

    return _carry(lead, "contact", deed, _("记下了。"))


@bp.post("/leads/<int:lead_id>/agree-visit")
@requires("lead.work_on", load=load_lead)
@once
def agree_visit(lead: Lead) -> ResponseReturnValue:
    """A visit, or another time for it."""
    return _carry(
        lead,
        "agree_visit",
        lambda form: working.agree_visit(lead, visit_at=form.visit_at, note=form.note, by=actor()),
        _("约好了，也告诉了客户。"),
    )


@bp.post("/leads/<int:lead_id>/visit")
@requires("lead.work_on", load=load_lead)
@once
def visit(lead: Lead) -> ResponseReturnValue:
    """A visit as it was."""
    return _carry(
        lead,
        "visit",
        lambda form: working.visit(
            lead,
            visited_at=form.visited_at,
            place=str(form.place.data),
            premises=str(form.premises.data),
            note=form.note,
            by=actor(),
        ),
        _("记下了。"),
    )


@bp.post("/leads/<int:lead_id>/ask-papers")
@requires("lead.work_on", load=load_lead)
def ask_papers(lead: Lead) -> ResponseReturnValue:
    """One list of what is missing, once."""
    return _carry(
        lead,
        "ask_papers",
        lambda form: working.ask_papers(lead, items=form.items, note=form.note, by=actor()),
        _("告诉客户了。钟停着，等客户补。"),
    )


@bp.post("/leads/<int:lead_id>/start-review")
@requires("lead.work_on", load=load_lead)
def start_review(lead: Lead) -> ResponseReturnValue:
    """Handed to whoever decides."""
    return _carry(
        lead, "start_review", lambda form: working.start_review(lead, note=form.note, by=actor()), _("送审批了。")
    )


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/mark")
@requires("lead.mark_paper", load=load_paper)
def mark_paper(found: OfPaper) -> ResponseReturnValue:
    """Readable, accepted, or another one because; no clock stops."""
    lead, form = found.lead, MarkForm.of(found.id)
    if form.submitted():
        try:
            giving.mark(
                lead, found.paper, mark=str(form.mark.data or ""), code=str(form.replace_code.data or ""),
                note=form.note, by=actor(),
            )  # fmt: skip
        except Refused as no:
            if no.status != 422:
                return _refused(lead, no, mark=form)
            form.refuse(no)
        else:
            return _done(lead, _("记下了，客户看得到。"))
    return _again(lead, mark=form)


@bp.post("/leads/<int:lead_id>/checks")
@requires("lead.work_on", load=load_lead)
@once
def record_checks(lead: Lead) -> ResponseReturnValue:
    """What was looked into."""
    return _carry(
        lead,
        "checks",
        lambda form: working.record_checks(lead, phase=_phase(lead), results=form.results, by=actor()),
        _("记下了。"),
    )


@bp.post("/leads/<int:lead_id>/offer/preview")
@computes
@requires("lead.offer", load=load_lead)
def preview_offer(lead: Lead) -> ResponseReturnValue:
    """The cost sheet of what was typed, nothing sent."""
    form: Any = MAKE["offer"](lead)
    sheet = None
    if form.submitted() and form.offered is not None:
        try:
            sheet = offering.price_offer(lead, form.offered)[0]
        except Refused as no:
            form.refuse(no)
    page = queue_page if request.form.get("back") == "queue" else case_page
    return page(lead, 422 if form.errors else 200, offer=form, preview=sheet)


@bp.post("/leads/<int:lead_id>/offer")
@requires("lead.offer", load=load_lead)
@once
def offer(lead: Lead) -> ResponseReturnValue:
    """An offer with its cost sheet."""
    return _carry(
        lead,
        "offer",
        lambda form: offering.make_offer(lead, offered=form.offered, conditions=form.text, note=form.note, by=actor()),
        _("报价送过去了，明白纸也在里面。"),
    )


@bp.post("/leads/<int:lead_id>/decline")
@requires("lead.decline", load=load_lead)
def decline(lead: Lead) -> ResponseReturnValue:
    """A no, with its reasons."""
    return _carry(
        lead,
        "decline",
        lambda form: working.decline(lead, codes=form.codes.data or [], seen=form.seen, note=form.note, by=actor()),
        _("谢绝了。客户看到原因、怎么修，授权已收回。"),
    )


@bp.post("/leads/<int:lead_id>/contract")
@requires("lead.report", load=load_lead)
def report_contract(lead: Lead) -> ResponseReturnValue:
    """A signed contract, reported."""
    return _carry(
        lead,
        "contract",
        lambda form: offering.report_contract(
            lead, contract_number=form.number, signed_on=form.day, note=form.note, by=actor(),
            days=current_app.config["SETTINGS"].payout_days,
        ),
        _("记下了。放了款，再来报告。"),
    )


@bp.post("/leads/<int:lead_id>/payout")
@requires("lead.report", load=load_lead)
@once
def report_payout(lead: Lead) -> ResponseReturnValue:
    """A pay-out, reported."""
    return _carry(
        lead,
        "payout",
        lambda form: offering.report_payout(
            lead, amount_yuan=form.amount_yuan, paid_on=form.day, reference=form.number, note=form.note, by=actor()
        ),
        _("记下了，等客户确认。"),
    )
