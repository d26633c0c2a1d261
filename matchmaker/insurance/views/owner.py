"""The owner asks one insurer for a quote, follows it, answers it, takes the consent back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock
from matchmaker.businesses.models import Business
from matchmaker.businesses.queries import business_by_id
from matchmaker.documents.passing import hand_out
from matchmaker.formatting import moment
from matchmaker.insurance import listings
from matchmaker.insurance.forms import AskForm, GiveForm, RefuseQuoteForm
from matchmaker.insurance.models import CoverPaper, CoverRequest
from matchmaker.insurance.queries import requests
from matchmaker.insurance.queries import zone as reading
from matchmaker.insurance.rules import clocks
from matchmaker.insurance.rules.questions import answer_refusals, filled_in, questions_of
from matchmaker.insurance.rules.quoting import payments
from matchmaker.insurance.rules.reasons import DECLINE_CODES
from matchmaker.insurance.rules.states import BALL, Side, State
from matchmaker.insurance.services import asking, giving
from matchmaker.insurance.views import bp, licensed
from matchmaker.insurance.views.fitting import fit_of
from matchmaker.listing import listed
from matchmaker.papers.queries import folder_of
from matchmaker.papers.rules import can_be_sent, checklist
from matchmaker.permissions import may
from matchmaker.products.cover.models import CoverVersion
from matchmaker.products.cover.rules import split
from matchmaker.refusal import Refused
from matchmaker.web import WRITING, actor, back_to, once, paginate, requires, said, sentence, typed_words, undo_deed

# Asking -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A cover and the business it would be asked for; permissions ask about the business."""

    id: int
    version: CoverVersion
    business: Business


def load_version(cover_id: int) -> CoverVersion | None:
    """The version of a cover that can be looked at."""
    found = reading.shown(cover_id, None, clock.today())
    return found[0] if found is not None else None


def load_asked(cover_id: int, business_id: int) -> Asked | None:
    """A cover that can be looked at, with a business."""
    version, business = load_version(cover_id), business_by_id(business_id)
    return Asked(business_id, version, business) if version is not None and business is not None else None


@bp.get("/cover/<int:cover_id>/ask")
@requires("quote.track", load=load_version)
def ask(version: CoverVersion) -> ResponseReturnValue:
    """For which business: straight on where there is one."""
    mine = reading.businesses_of(actor())
    if len(mine) == 1:
        return back_to("insurance.ask_page", cover_id=version.cover_id, business_id=mine[0].id)
    return render_template("insurance/ask_whose.html", version=version, fits=[fit_of(version, one) for one in mine])


def _form(asked: Asked) -> AskForm:
    filled = filled_in(
        questions_of(asked.version.cover.line),
        requests.known_of(asked.business),
        requests.earlier_answers(asked.business.id),
    )
    form = AskForm.for_version(asked.version, filled)
    today = clock.today()
    form.offer_papers(paper.id for paper in folder_of(asked.business, actor()) if can_be_sent(paper, today))
    return form


def _ask_page(asked: Asked, form: AskForm, status: int = 200) -> ResponseReturnValue:
    today = clock.today()
    folder = folder_of(asked.business, actor())
    items = checklist(asked.version.documents, folder, today)
    kinds = {item.code for item in items}
    return (
        render_template(
            "insurance/ask.html",
            asked=asked,
            version=asked.version,
            insurer=asked.version.cover.institution,
            items=items,
            ready=sum(bool(item.ready) for item in items),
            unasked=[paper for paper in folder if paper.kind not in kinds and can_be_sent(paper, today)],
            form=form,
            no=asking.why_not_asked(asked.version, asked.business, actor()),
            fit=fit_of(asked.version, asked.business),
            refused=status >= 400,
            live=requests.live_on_line(asked.business.id, asked.version.cover.line),
            fields=requests.CONSENT_FIELDS,
            accept_due_at=clocks.accept_due(clock.now()),
            licensed=licensed(),
        ),
        status,
    )


@bp.get("/cover/<int:cover_id>/ask/<int:business_id>")
@requires("quote.ask", load=load_asked)
def ask_page(asked: Asked) -> ResponseReturnValue:
    """What this line asks, filled in as far as it is known, and what the insurer will see."""
    return _ask_page(asked, _form(asked))


@bp.post("/cover/<int:cover_id>/ask/<int:business_id>")
@requires("quote.ask", load=load_asked)
@once
def send(asked: Asked) -> ResponseReturnValue:
    """Gives the consent and sends the request: once, to this insurer alone."""
    form = _form(asked)
    sound = form.submitted()
    if "resume" not in request.form:
        form.refuse_each(answer_refusals(form.answers, asked.version.terms, clock.today()), sentence)
    if sound and not any(field.errors for field in form):
        try:
            made = asking.ask(
                asked.version,
                asked.business,
                answers=form.answers,
                hours=form.hours.data or [],
                days=form.days,
                papers=form.paper_ids,
                by=actor(),
            )
        except Refused as no:
            undo_deed()
            if no.status != 422:
                return _ask_page(asked, form, no.status)
            form.refuse(no)
        else:
            said(_("问了%(name)s。", name=asked.version.cover.institution.short_name))
            return back_to("insurance.show", request_id=made.id)
    return _ask_page(asked, form, 422)


# Following ----------------------------------------------------------------------------------------------------------


@bp.get("/cover/requests")
@requires("quote.track")
@listed(listings.MINE)
def mine() -> ResponseReturnValue:
    """What was asked for one's businesses; without prices, whatever the mode: those stand in the quote itself."""
    show = request.args.get("show", "all")
    show = show if show in requests.OWNER_FILTERS else "all"
    words = typed_words()
    return render_template(
        "insurance/mine.html",
        page=paginate(requests.requests_of(actor().id, show, words), per_page=20),
        show=show,
        words=words,
        counts={name: requests.count(requests.requests_of(actor().id, name)) for name in requests.OWNER_FILTERS},
        tone=tone_of,
    )


def tone_of(found: CoverRequest) -> str:
    """The tone of the tag for an owner: you, them, late or plain."""
    if found.state == State.RELEASED:
        return "late"
    return {Side.OWNER: "you", Side.INSURER: "them"}.get(BALL[State(found.state)], "")


def load_request(request_id: int) -> CoverRequest | None:
    """The request; locked when something is done to it."""
    return requests.request_by_id(request_id, lock=request.method in WRITING)


def acts_for(found: CoverRequest) -> bool:
    """Whether the reader stands on the owner's side of this request."""
    me = actor().id
    return me in requests.owners_of(found.business_id) or requests.helps(found.business_id, me)


def clock_of(found: CoverRequest) -> dict[str, Any] | None:
    """The running clock as it is drawn, or None."""
    if found.due_at is None or found.clock_started_at is None:
        return None
    used = clocks.share(found.clock_started_at, found.due_at, clock.now(), found.state)
    return {
        "due_at": found.due_at,
        "tenths": min(10, int(used * 10)),
        "tone": clocks.tone(found.clock_started_at, found.due_at, clock.now(), found.state),
        "kind": clocks.CLOCK_OF[State(found.state)],
    }


def owner_page(
    found: CoverRequest, status: int = 200, form: RefuseQuoteForm | None = None, give: GiveForm | None = None
) -> ResponseReturnValue:
    """The owner's page of a request; `form` is the one that was not in order."""
    version = found.cover_version
    is_over = found.state in (State.DECLINED, State.RELEASED, State.EXPIRED, State.REFUSED, State.WITHDRAWN)
    others = [
        other
        for other in reading.fitting_on_line(version.cover.line, found.business, clock.today())
        if other.cover_id != version.cover_id
    ]
    return (
        render_template(
            "insurance/show.html",
            found=found,
            version=version,
            insurer=found.institution,
            steps=requests.steps_of(found),
            questions=questions_of(version.cover.line),
            clock_=clock_of(found),
            tone=tone_of(found),
            quote=found.quote,
            payments=payments(found.quote.premium_yuan, found.quote.plan) if found.quote else (),
            ways=[(code, DECLINE_CODES[code]) for code in found.decline_codes or []],
            others=others if is_over else [],
            listed=reading.shown(version.cover_id, None, clock.today()),
            in_force=requests.is_open(found.consent, clock.now()),
            form=form or RefuseQuoteForm(formdata=None),
            give=give or GiveForm(formdata=None),
            posted=form or give,
            now=clock.now(),
            **_papers_of(found),
            is_over=is_over,
            split=split,
        ),
        status,
    )


def _papers_of(found: CoverRequest) -> dict[str, Any]:
    """What the insurer wants and has, and what the folder could add."""
    today = clock.today()
    folder = folder_of(found.business, actor()) if may(actor(), "folder.see", found.business) else []
    have = {paper.sha256 for paper in found.papers if paper.is_there}
    wanted = list(found.quote.papers_wanted) if found.quote is not None else []
    given = {paper.kind for paper in found.papers if paper.is_there}
    asked = [{"code": code, "reason": ""} for code in wanted] or found.cover_version.documents
    return {
        "to_give": [paper for paper in folder if paper.sha256 not in have and can_be_sent(paper, today)],
        "missing": [item for item in checklist(asked, folder, today) if item.code not in given],
        "wanted": wanted,
    }


# Papers -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfPaper:
    """A paper with its request; asks as the request does when permissions are asked."""

    request: CoverRequest
    paper: CoverPaper

    @property
    def id(self) -> int:
        return self.paper.id

    def __getattr__(self, name: str) -> Any:
        return getattr(self.request, name)


def load_paper(request_id: int, paper_id: int) -> OfPaper | None:
    """The paper of that request."""
    found = load_request(request_id)
    paper = requests.paper_of(found, paper_id) if found is not None else None
    return OfPaper(found, paper) if found is not None and paper is not None else None


@bp.post("/cover/requests/<int:request_id>/papers")
@requires("quote.give_papers", load=load_request)
@once
def give_papers(found: CoverRequest) -> ResponseReturnValue:
    """Papers of the folder for this insurer, at once; a tick for each."""
    form = GiveForm()
    if "resume" in request.form:
        return owner_page(found)
    try:
        giving.give(found, form.paper_ids, by=actor())
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.refuse(no)
        return owner_page(found, 422, give=form)
    said(_("给了%(name)s。", name=found.institution.short_name))
    return back_to("insurance.show", request_id=found.id)


@bp.get("/cover/requests/<int:request_id>/papers/<int:paper_id>")
@requires("quote.read_paper", load=load_paper)
def read_paper(found: OfPaper) -> ResponseReturnValue:
    """A paper of a request: for its owner, and for the insurer while the consent is in force (observed)."""
    if not acts_for(found.request):
        if not found.paper.is_there or not found.paper.document.is_clean:
            raise NotFound
        if requests.present(found.request, actor(), paper=found.paper).is_sealed:
            raise NotFound
    answer = hand_out(found.paper.document)
    if answer is None:
        raise NotFound
    return answer


@bp.post("/cover/requests/<int:request_id>/papers/<int:paper_id>/back")
@requires("quote.give_papers", load=load_paper)
def take_back_paper(found: OfPaper) -> ResponseReturnValue:
    """Take this one paper back from the insurer; what else it has stays."""
    until = giving.take_back(found.request, found.paper, by=actor())
    said(_("收回了，它看不到这一份了。%(until)s 以前可以撤销。", until=moment(until)))
    return back_to("insurance.show", request_id=found.request.id)


@bp.post("/cover/requests/<int:request_id>/papers/<int:paper_id>/back/undo")
@requires("quote.give_papers", load=load_paper)
def undo_take_back_paper(found: OfPaper) -> ResponseReturnValue:
    """Undo that, within some minutes."""
    giving.undo_take_back(found.request, found.paper, by=actor())
    said(_("撤销了，它又看得到这一份。"))
    return back_to("insurance.show", request_id=found.request.id)


# Answering ----------------------------------------------------------------------------------------------------------


@bp.post("/cover/requests/<int:request_id>/accept-quote")
@requires("quote.answer", load=load_request)
@once
def accept_quote(found: CoverRequest) -> ResponseReturnValue:
    """The owner wants what was quoted."""
    asking.accept_quote(found, by=actor())
    said(_("告诉%(name)s了：您要这一份。接下来在它那里签合同、交钱。", name=found.institution.short_name))
    return back_to("insurance.show", request_id=found.id)


@bp.post("/cover/requests/<int:request_id>/refuse-quote")
@requires("quote.answer", load=load_request)
@once
def refuse_quote(found: CoverRequest) -> ResponseReturnValue:
    """The owner does not want what was quoted."""
    form = RefuseQuoteForm()
    if form.submitted():
        try:
            asking.refuse_quote(found, code=form.code.data or "", by=actor())
        except Refused as no:
            if no.status != 422:
                raise
            form.refuse(no)
        else:
            said(_("告诉%(name)s了：这一份您不要。授权也停了。", name=found.institution.short_name))
            return back_to("insurance.show", request_id=found.id)
    return owner_page(found, 422, form)


@bp.post("/cover/requests/<int:request_id>/withdraw")
@requires("quote.withdraw", load=load_request)
def withdraw(found: CoverRequest) -> ResponseReturnValue:
    """Takes the consent back: sealed at once."""
    asking.withdraw(found, by=actor())
    said(_("收回了，%(name)s现在什么也看不到。5 分钟内可以撤销。", name=found.institution.short_name))
    return back_to("insurance.show", request_id=found.id)


@bp.post("/cover/requests/<int:request_id>/undo")
@requires("quote.withdraw", load=load_request)
def undo_withdrawal(found: CoverRequest) -> ResponseReturnValue:
    """Restores the consent as it was."""
    asking.undo_withdrawal(found, by=actor())
    said(_("恢复了，和收回以前一样。"))
    return back_to("insurance.show", request_id=found.id)
