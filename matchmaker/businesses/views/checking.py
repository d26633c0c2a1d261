"""The operator's checks: papers of people, titles of businesses."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.accounts.models import Person
from matchmaker.businesses import listings, queries, rules, services
from matchmaker.businesses.forms import DecisionForm, TitleDecisionForm
from matchmaker.businesses.models import BusinessMember, Title
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_member, load_waiting_title
from matchmaker.listing import listed
from matchmaker.reference import regions
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, paginate, requires, said, seen_version, typed_words


@bp.get("/checks/papers")
@requires("business.list_papers")
@listed(listings.PAPERS)
def papers_to_check() -> ResponseReturnValue:
    """Whose papers wait, the longest waiting first."""
    words = typed_words()
    page = paginate(queries.waiting_members(words))
    services.look_at_waiting((member.business for member in page.items), by=actor())
    given, cases = queries.findings_given(page.items), queries.open_cases_about(page.items)
    return render_template("businesses/waiting.html", page=page, words=words, me=actor(), given=given, cases=cases)


@bp.get("/checks/papers/<int:member_id>")
@requires("business.check_papers", load=load_member)
def check(member: BusinessMember) -> ResponseReturnValue:
    """One person's papers beside what was typed; only what the check needs."""
    services.look_at_papers(member, by=actor())
    form = DecisionForm(formdata=None, data={"row_version": str(member.row_version)})
    return _check_page(member, form)


@bp.post("/checks/papers/<int:member_id>")
@requires("business.check_papers", load=load_member)
def decide(member: BusinessMember) -> ResponseReturnValue:
    """Papers are right, or what is wrong with them."""
    form = DecisionForm()
    if not form.submitted():
        return _check_page(member, form, 422 if form.errors else 200)
    try:
        _decide(member, form, actor())
    except Refused as no:
        form.refuse(no)
        return _check_page(member, form, no.status)
    decided = member.standing != "papers_sent"
    said(_("处理好了，已告诉店主。") if decided else _("记下了您的意见。还要另一位同事看一遍。"))
    return back_to("businesses.papers_to_check")


def _decide(member: BusinessMember, form: DecisionForm, operator: Person) -> None:
    version = seen_version(form.row_version.data)
    if request.form.get("decision") == "right":
        services.mark_checked(member, row_version=version, by=operator)
        return
    remark = rules.tidy(form.remark.data or "")[:300]
    services.mark_wrong(
        member, remark_code=form.remark_code.data or "", remark=remark or None, row_version=version, by=operator
    )


def _check_page(member: BusinessMember, form: DecisionForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "businesses/check.html",
        member=member,
        business=member.business,
        region=regions.full_name(member.business.region_code),
        papers=services.current_papers(member),
        form=form,
        given=queries.findings_given([member])[member.id],
        case=queries.open_cases_about([member]).get(member.id),
        me=actor(),
    )
    return page, status


@bp.get("/checks/titles")
@requires("business.list_titles")
@listed(listings.TITLES)
def titles_to_check() -> ResponseReturnValue:
    """Titles whose owners asked for a check, the longest waiting first."""
    words = typed_words()
    page = paginate(queries.waiting_titles(words))
    services.look_at_waiting((title.business for title in page.items), by=actor())
    return render_template("businesses/waiting_titles.html", page=page, words=words, me=actor())


@bp.get("/checks/titles/<int:title_id>")
@requires("business.check_title", load=load_waiting_title)
def check_title(title: Title) -> ResponseReturnValue:
    """One title as it was typed, to be compared with its register."""
    form = TitleDecisionForm(formdata=None, data={"row_version": str(title.row_version)})
    return _title_page(title, form)


@bp.post("/checks/titles/<int:title_id>")
@requires("business.check_title", load=load_waiting_title)
def decide_title(title: Title) -> ResponseReturnValue:
    """The register has it, or what it says instead."""
    form = TitleDecisionForm()
    if not form.submitted():
        return _title_page(title, form, 422 if form.errors else 200)
    version, operator = seen_version(form.row_version.data), actor()
    try:
        if request.form.get("decision") == "right":
            services.verify_title(title, row_version=version, by=operator)
        else:
            services.refute_title(
                title, remark_code=form.remark_code.data or "", row_version=version, by=operator
            )
    except Refused as no:
        form.refuse(no)
        return _title_page(title, form, no.status)
    said(_("处理好了，已告诉店主。"))
    return back_to("businesses.titles_to_check")


def _title_page(title: Title, form: TitleDecisionForm, status: int = 200) -> ResponseReturnValue:
    services.look_at_title(title, by=actor())
    return render_template("businesses/check_title.html", title=title, business=title.business, form=form), status
