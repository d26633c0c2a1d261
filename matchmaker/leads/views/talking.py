"""The thread of a lead, for both sides: reading, writing, reporting a message, blocking; the list of one's threads."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker.conversations import queries as threads
from matchmaker.conversations import services as conversations
from matchmaker.conversations.models import Post
from matchmaker.conversations.rules import TEMPLATES, Side
from matchmaker.documents.passing import take_upload, taken
from matchmaker.documents.services import keep
from matchmaker.leads import listings
from matchmaker.leads.forms.talking import ReportPostForm, TalkForm
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding, presenting, talking
from matchmaker.leads.queries.presenting import Presented
from matchmaker.leads.queries.queueing import ROW_FIELDS
from matchmaker.leads.services import talking as services
from matchmaker.leads.services import working
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import load_lead
from matchmaker.listing import listed
from matchmaker.permissions import may
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, before_transaction, label, once, paginate, requires, said, typed_words


@bp.get("/leads/talks")
@requires("lead.track")
@listed(listings.TALKS)
def talks() -> ResponseReturnValue:
    """One's threads, the one written in last first; with ``unread=1`` those in which something waits to be read."""
    unread_only = request.args.get("unread") == "1"
    words = typed_words()
    page = paginate(talking.talks_of(actor(), unread_only=unread_only, words=words))
    found = talking.talks(page.items, actor())
    return render_template(
        "leads/talks.html", page=page, talks=[(one, _shown(one.lead, one.side)) for one in found],
        unread_only=unread_only, words=words,
    )  # fmt: skip


@bp.get("/leads/<int:lead_id>/talk")
@requires("lead.talk", load=load_lead)
def talk(lead: Lead) -> ResponseReturnValue:
    """What owner and institution wrote to each other; opening the newest page counts as reading it."""
    side = talking.side_of(lead, actor())
    thread = threads.thread_of(lead.id)
    is_newest = request.args.get("page", "1") == "1"
    if thread is not None and is_newest and _may_read(lead, side) and talking.answers_for(lead, actor(), side):
        conversations.note_read(thread, side=side, by=actor())
    return _page(lead, TalkForm.of(lead, formdata=None, say=request.args.get("say", ""), side=side))


@bp.get("/leads/<int:lead_id>/talk/new")
@requires("lead.talk", load=load_lead)
def talk_new(lead: Lead) -> ResponseReturnValue:
    """Whether something came since: a line that a page renews by itself; asking for it reads nothing."""
    side = talking.side_of(lead, actor())
    thread = threads.thread_of(lead.id) if _may_read(lead, side) else None
    number = threads.count_unread(thread.id, side) if thread is not None else 0
    return render_template("leads/talk_new.html", lead=lead, number=number)


def _maybe_file() -> None:
    """A message needs no paper; one that is chosen is looked at before the transaction."""
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        take_upload("file")


@bp.post("/leads/<int:lead_id>/talk")
@before_transaction(_maybe_file)
@requires("lead.talk", load=load_lead)
@once
def write(lead: Lead) -> ResponseReturnValue:
    """A message; the owner may give a paper with it, and either side may point to one that was given."""
    side = talking.side_of(lead, actor())
    form = TalkForm.of(lead, side=side)
    if form.submitted():
        try:
            _write(lead, form, side)
        except Refused as no:
            if no.status != 422:
                raise
            form.refuse(no)
        else:
            return back_to("leads.talk", lead_id=lead.id)
    return _page(lead, form, 422)


def _write(lead: Lead, form: TalkForm, side: Side) -> None:
    papers, upload = list(form.paper_ids), request.files.get("file")
    if upload is not None and upload.filename:
        if side is not Side.OWNER:
            raise Refused("talk_paper_unknown", "papers", 422)
        papers.append(services.give_paper(lead, keep(taken(), kind="other", by=actor()), by=actor()).id)
    if side is Side.OWNER:
        services.write(lead, form.text, side=side, by=actor(), template=form.template, paper_ids=papers)
    else:
        working.write(lead, form.text, by=actor(), template=form.template, paper_ids=papers)


def _may_read(lead: Lead, side: Side) -> bool:
    """The owner reads their threads for good; the institution while the consent stands."""
    return side is Side.OWNER or services.is_open(lead)


def _shown(lead: Lead, side: Side) -> Presented | None:
    """What the institution may see of the customer here: the name; the look is observed."""
    return presenting.present(lead, actor(), purpose="talk", only=ROW_FIELDS) if side is Side.INSTITUTION else None


def _page(lead: Lead, form: TalkForm, status: int = 200) -> ResponseReturnValue:
    side = talking.side_of(lead, actor())
    thread = threads.thread_of(lead.id) if _may_read(lead, side) else None
    page = paginate(threads.posts_of(thread.id), talking.POSTS_PER_PAGE) if thread is not None else None
    posts: list[Post] = list(reversed(page.items)) if page is not None else []
    return (
        render_template(
            "leads/talk.html",
            lead=lead,
            side=str(side),
            shown=_shown(lead, side),
            is_open=services.is_open(lead),
            may_read=_may_read(lead, side),
            blocked=threads.block_of(lead.business_id, lead.institution_id),
            may_block=may(actor(), "lead.block", lead),
            page=page,
            posts=posts,
            reads=threads.reads_of(posts),
            reported=threads.reported_numbers(thread.id, actor().id) if thread is not None else set(),
            papers={paper.document_id: paper for paper in finding.papers_of(lead.id)},
            counts_as_contact=side is Side.INSTITUTION and working.counts_as_contact(lead, actor()),
            form=form,
            templates=TEMPLATES[side],
        ),
        status,
    )


# Block and report ---------------------------------------------------------------------------------------------------


@bp.post("/leads/<int:lead_id>/block")
@requires("lead.block", load=load_lead)
def block(lead: Lead) -> ResponseReturnValue:
    """No messages, calls or invitations of this institution any more; the case goes on."""
    conversations.block(lead.business_id, lead.institution_id, by=actor())
    name = lead.institution.short_name
    said(_("屏蔽了。%(name)s不能再给您留言、打电话、邀请您；这一件照常办，随时能取消。", name=name))
    return back_to("leads.talk", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/unblock")
@requires("lead.block", load=load_lead)
def unblock(lead: Lead) -> ResponseReturnValue:
    """Take the block back."""
    conversations.unblock(lead.business_id, lead.institution_id, by=actor())
    said(_("取消屏蔽了，%(name)s又能给您留言。", name=lead.institution.short_name))
    return back_to("leads.talk", lead_id=lead.id)


def _post(lead: Lead, post_number: int) -> Post:
    thread = threads.thread_of(lead.id)
    found = threads.post_of(thread.id, post_number) if thread is not None else None
    if found is None or found.side != Side.INSTITUTION:
        raise NotFound
    return found


@bp.get("/leads/<int:lead_id>/talk/<int:post_number>/report")
@requires("lead.report_post", load=load_lead)
def ask_report(lead: Lead, post_number: int) -> ResponseReturnValue:
    """The message, and what is wrong with it."""
    return _report_page(lead, _post(lead, post_number), ReportPostForm(formdata=None))


@bp.post("/leads/<int:lead_id>/talk/<int:post_number>/report")
@requires("lead.report_post", load=load_lead)
@once
def report_post(lead: Lead, post_number: int) -> ResponseReturnValue:
    """Report it: operators look into it, its desk learns of the message and not of the reporter."""
    post, form = _post(lead, post_number), ReportPostForm()
    if form.submitted():
        try:
            conversations.report_post(
                post, reason=form.reason.data or "", words=form.words.data or "", by=actor()
            )
        except Refused as no:
            if no.status != 422:
                raise
            form.refuse(no)
        else:
            said(_("报上去了，平台会查，查完告诉您。"))
            return back_to("leads.talk", lead_id=lead.id)
    return _report_page(lead, post, form, 422)


def _report_page(lead: Lead, post: Post, form: ReportPostForm, status: int = 200) -> ResponseReturnValue:
    return render_template("leads/report_post.html", lead=lead, post=post, form=form), status


@bp.context_processor
def _of_talks() -> dict[str, Any]:
    return {"said_in": lambda post: label("talk.template", post.template) if post.template else None}
