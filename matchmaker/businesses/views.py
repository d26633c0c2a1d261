"""Pages of a business: write it down once, complete it, prove who may act; the operator's check of papers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.sessions import token_hash
from matchmaker.businesses import claims, listings, mandates, outside, queries, rules, services
from matchmaker.businesses.forms import (
    BusinessForm,
    CapacityForm,
    CaseForm,
    ClaimForm,
    CodeForm,
    DecisionForm,
    FiguresForm,
    HelperForm,
    LineForm,
    MandateForm,
    PaperForm,
    SideForm,
    StrengthsForm,
    TitleDecisionForm,
    TitleForm,
)
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    IdentityCase,
    Mandate,
    Title,
)
from matchmaker.documents.passing import hand_out, take_upload, taken
from matchmaker.formatting import language, unit_of_page
from matchmaker.listing import listed
from matchmaker.permissions import may
from matchmaker.reference import industries, regions
from matchmaker.reference.rules import priority_sectors, read_credit_code
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Refused
from matchmaker.web import (
    BaseForm,
    actor,
    back_to,
    before_transaction,
    computes,
    limited,
    once,
    paginate,
    requires,
    said,
    typed_words,
)

bp = Blueprint("businesses", __name__)


def load_business(business_id: int) -> Business | None:
    return queries.business_by_id(business_id)


def load_title(business_id: int, title_id: int) -> Title | None:
    title = queries.title_by_id(title_id)
    return title if title is not None and title.business_id == business_id else None


def load_line(business_id: int, line_id: int) -> CreditLine | None:
    line = queries.credit_line_by_id(line_id)
    return line if line is not None and line.business_id == business_id else None


def load_member(member_id: int) -> BusinessMember | None:
    return queries.member_by_id(member_id)


def load_paper(paper_id: int) -> BusinessPaper | None:
    return queries.paper_by_id(paper_id)


def _seen_version(form: Any) -> int:
    """The copy that the writer had before them; what is no number is older than any."""
    text = form.row_version.data or ""
    return int(text) if text.isdecimal() and len(text) < 10 else -1


# One's own ----------------------------------------------------------------------------------------------------------


@bp.get("/businesses")
@requires("business.list")
def mine() -> ResponseReturnValue:
    """The one business, or a list when there are several."""
    found, helped = queries.businesses_of(actor().id), queries.helped_businesses(actor().id)
    if len(found) == 1 and not helped:
        return back_to("businesses.show", business_id=found[0].id)
    return render_template("businesses/mine.html", businesses=found, helped=helped, me=actor())


@bp.get("/businesses/<int:business_id>")
@requires("business.see", load=load_business)
def show(business: Business) -> ResponseReturnValue:
    """What is known, what is missing and why it matters, what an institution will look at twice."""
    facts = queries.plain_facts(business)
    if queries.member_of(business, actor().id) is None:
        return _helped_page(business, facts)
    return render_template(
        "businesses/show.html",
        business=business,
        facts=facts,
        industry=industries.get(business.industry_code),
        region=regions.full_name(business.region_code),
        divided=len(regions.heirs_of(business.region_code)) > 1,
        size=facts.size_class(),
        sectors=priority_sectors(business.industry_code),
        warnings=rules.warnings(facts),
        missing=rules.missing(facts, [member.standing for member in business.members]),
        asked_year=rules.figures_year(clock.today()),
        me=queries.member_of(business, actor().id),
    )


# Typed once ---------------------------------------------------------------------------------------------------------


@bp.get("/businesses/new")
@requires("business.create")
def begin() -> ResponseReturnValue:
    """The code first: the kind, and so the length of the form, follows from it."""
    return render_template("businesses/begin.html", form=CodeForm(formdata=None))


@bp.post("/businesses/new")
@computes
@requires("business.create")
def fill_in() -> ResponseReturnValue:
    """Read the code and show the rest of the form; also what the buttons 查 ask for. Nothing is written."""
    code_form = CodeForm()
    try:
        code = read_credit_code(code_form.uscc.data or "")
        services.check_code_is_free(code.code, by=actor())
    except Refused as no:
        code_form.refuse(no)
        return render_template("businesses/begin.html", form=code_form), 422
    form = BusinessForm()
    form.uscc.data = code.code
    return _new_page(form.for_kind(code.kind))


def _new_page(form: BusinessForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template(
            "businesses/form.html", form=form, business=None, asked_year=rules.figures_year(clock.today())
        ),
        status,
    )


@bp.post("/businesses")
@requires("business.create")
@once
def create() -> ResponseReturnValue:
    """Write the business down."""
    form = BusinessForm()
    try:
        kind = read_credit_code(form.uscc.data or "").kind
    except Refused as no:
        code_form = CodeForm()
        code_form.refuse(no)
        return render_template("businesses/begin.html", form=code_form), 422
    form.for_kind(kind)
    if not form.submitted() or form.profile is None:
        return _new_page(form, 422 if form.is_submitted() and form.errors else 200)
    try:
        business = services.create_business(
            uscc=form.uscc.data or "",
            profile=form.profile,
            capacity=form.capacity.data,
            year=form.year,
            collateral=form.carried_collateral,
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _new_page(form, no.status)
    said(_("记下了。下面是还缺的，缺着也能先看匹配。"))
    return back_to("businesses.show", business_id=business.id)


@bp.get("/businesses/<int:business_id>/edit")
@requires("business.change", load=load_business)
def edit(business: Business) -> ResponseReturnValue:
    """The form of what was typed once; the code stays."""
    return _edit_page(BusinessForm.showing(business), business)


@bp.post("/businesses/<int:business_id>/edit/look")
@computes
@requires("business.change", load=load_business)
def look(business: Business) -> ResponseReturnValue:
    """The same form with the list that a button 查 asked for. Nothing is written."""
    return _edit_page(BusinessForm().for_kind(business.kind, with_figures=False), business)


@bp.post("/businesses/<int:business_id>/edit")
@requires("business.change", load=load_business)
def change(business: Business) -> ResponseReturnValue:
    """Save what was changed."""
    form = BusinessForm().for_kind(business.kind, with_figures=False)
    if not form.submitted() or form.profile is None:
        return _edit_page(form, business, 422 if form.errors else 200)
    try:
        services.change_profile(business, profile=form.profile, row_version=_seen_version(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return _edit_page(form, business, no.status)
    said(_("改好了。"))
    return back_to("businesses.show", business_id=business.id)


def _edit_page(form: BusinessForm, business: Business, status: int = 200) -> ResponseReturnValue:
    since = clock.date_of(business.updated_at or business.created_at)
    carved = regions.carved_out_of(business.region_code, since)
    return render_template("businesses/form.html", form=form, business=business, carved=carved), status


# Year by year, titles, lines, strengths -----------------------------------------------------------------------------


@bp.get("/businesses/<int:business_id>/figures/<int:year>")
@requires("business.change", load=load_business)
def figures(business: Business, year: int) -> ResponseReturnValue:
    """One year's figures."""
    if not max(rules.EARLIEST_YEAR, business.founded_on.year) <= year <= clock.today().year:
        raise NotFound
    return _figures_page(FiguresForm.showing(queries.figures_of(business, year)), business, year)


@bp.post("/businesses/<int:business_id>/figures/<int:year>")
@requires("business.change", load=load_business)
def save_figures(business: Business, year: int) -> ResponseReturnValue:
    """Keep one year's figures."""
    form = FiguresForm()
    form.year_number = year
    if not form.submitted() or form.year is None:
        return _figures_page(form, business, year, 422 if form.errors else 200)
    try:
        services.save_figures(business, form.year, row_version=_seen_version(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return _figures_page(form, business, year, no.status)
    said(_("%(year)s 年的数记下了。", year=year))
    return back_to("businesses.show", business_id=business.id)


def _figures_page(form: FiguresForm, business: Business, year: int, status: int = 200) -> ResponseReturnValue:
    held = queries.figures_of(business, year)
    return render_template("businesses/figures.html", form=form, business=business, year=year, held=held), status


@bp.get("/businesses/<int:business_id>/figures/<int:year>/remove")
@requires("business.change", load=load_business)
def ask_remove_figures(business: Business, year: int) -> ResponseReturnValue:
    """Ask before a year goes."""
    if queries.figures_of(business, year) is None:
        raise NotFound
    return render_template("businesses/remove.html", business=business, year=year, form=BaseForm())


@bp.post("/businesses/<int:business_id>/figures/<int:year>/remove")
@requires("business.change", load=load_business)
def remove_figures(business: Business, year: int) -> ResponseReturnValue:
    """Take one year's figures away."""
    services.remove_figures(business, year, by=actor())
    said(_("%(year)s 年的数删掉了。", year=year))
    return back_to("businesses.show", business_id=business.id)


@bp.route("/businesses/<int:business_id>/strengths", methods=["GET", "POST"])
@requires("business.change", load=load_business)
def strengths(business: Business) -> ResponseReturnValue:
    """Tax grade, evidence, what could secure a loan."""
    if request.method == "GET":
        return _strengths_page(StrengthsForm.showing(business), business)
    form = StrengthsForm.showing(None)
    if not form.submitted():
        return _strengths_page(form, business, 422 if form.errors else 200)
    services.change_strengths(
        business,
        tax_grade=form.grade,
        has_tax_evidence=bool(form.has_tax_evidence.data),
        has_flow_evidence=bool(form.has_flow_evidence.data),
        collateral=form.said,
        row_version=_seen_version(form),
        by=actor(),
    )
    said(_("记下了。"))
    return back_to("businesses.show", business_id=business.id)


def _strengths_page(form: StrengthsForm, business: Business, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/strengths.html", form=form, business=business), status


@bp.route("/businesses/<int:business_id>/titles/new", methods=["GET", "POST"])
@requires("business.change", load=load_business)
def new_title(business: Business) -> ResponseReturnValue:
    """Add a title with its certificate."""
    form = TitleForm()
    status = 200
    if form.submitted():
        try:
            services.add_title(business, by=actor(), **form.values)
        except Refused as no:
            form.refuse(no)
            status = no.status
        else:
            said(_("资质记下了。可以请平台到公开名单里核实。"))
            return back_to("businesses.show", business_id=business.id)
    elif form.errors:
        status = 422
    return render_template("businesses/title.html", form=form, business=business), status


@bp.post("/businesses/<int:business_id>/titles/<int:title_id>/ask")
@requires("business.change", load=load_title)
def ask_title(title: Title) -> ResponseReturnValue:
    """Ask the platform to look a title up."""
    services.ask_for_check(title, by=actor())
    said(_("送去核实了，核好了告诉您。"))
    return back_to("businesses.show", business_id=title.business_id)


@bp.get("/businesses/<int:business_id>/titles/<int:title_id>/remove")
@requires("business.change", load=load_title)
def ask_remove_title(title: Title) -> ResponseReturnValue:
    """Ask before a title goes."""
    return render_template("businesses/remove.html", business=title.business, title=title, form=BaseForm())


@bp.post("/businesses/<int:business_id>/titles/<int:title_id>/remove")
@requires("business.change", load=load_title)
def remove_title(title: Title) -> ResponseReturnValue:
    """Take a title away."""
    business_id = title.business_id
    services.remove_title(title, by=actor())
    said(_("资质删掉了。"))
    return back_to("businesses.show", business_id=business_id)


@bp.route("/businesses/<int:business_id>/lines/new", methods=["GET", "POST"])
@requires("business.change", load=load_business)
def new_line(business: Business) -> ResponseReturnValue:
    """Add an existing credit line."""
    form = LineForm()
    if form.submitted() and form.line is not None:
        try:
            services.add_credit_line(business, form.line, by=actor())
        except Refused as no:
            form.refuse(no)
            return _line_page(form, business, None, no.status)
        said(_("记下了。"))
        return back_to("businesses.show", business_id=business.id)
    return _line_page(form, business, None, 422 if form.errors else 200)


@bp.route("/businesses/<int:business_id>/lines/<int:line_id>", methods=["GET", "POST"])
@requires("business.change", load=load_line)
def line(row: CreditLine) -> ResponseReturnValue:
    """Change a declared line."""
    if request.method == "GET":
        return _line_page(LineForm.showing(row), row.business, row)
    form = LineForm()
    if not form.submitted() or form.line is None:
        return _line_page(form, row.business, row, 422 if form.errors else 200)
    try:
        services.change_credit_line(row, form.line, row_version=_seen_version(form), by=actor())
    except Refused as no:
        form.refuse(no)
        return _line_page(form, row.business, row, no.status)
    said(_("改好了。"))
    return back_to("businesses.show", business_id=row.business_id)


def _line_page(form: LineForm, business: Business, row: CreditLine | None, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/line.html", form=form, business=business, line=row), status


@bp.get("/businesses/<int:business_id>/lines/<int:line_id>/remove")
@requires("business.change", load=load_line)
def ask_remove_line(row: CreditLine) -> ResponseReturnValue:
    """Ask before a line goes."""
    return render_template("businesses/remove.html", business=row.business, line=row, form=BaseForm())


@bp.post("/businesses/<int:business_id>/lines/<int:line_id>/remove")
@requires("business.change", load=load_line)
def remove_line(row: CreditLine) -> ResponseReturnValue:
    """Take a declared line away."""
    business_id = row.business_id
    services.remove_credit_line(row, by=actor())
    said(_("删掉了。"))
    return back_to("businesses.show", business_id=business_id)


# Who may act --------------------------------------------------------------------------------------------------------


@bp.get("/businesses/<int:business_id>/papers")
@requires("business.prove", load=load_business)
def papers(business: Business) -> ResponseReturnValue:
    """How far it is proven that this person may act, and what is still needed."""
    return _papers_page(business, PaperForm(formdata=None))


@bp.post("/businesses/<int:business_id>/papers")
@before_transaction(take_upload)
@requires("business.prove", load=load_business)
def add_paper(business: Business) -> ResponseReturnValue:
    """Add one paper; complete papers go to the operator at once."""
    form = PaperForm()
    member = _my_standing(business)
    if not form.submitted():
        return _papers_page(business, form, 422 if form.errors else 200)
    try:
        services.add_paper(member, taken(), kind=form.kind.data or "", by=actor())
    except Refused as no:
        form.refuse(no)
        return _papers_page(business, form, no.status)
    if member.standing == "papers_sent":
        said(_("材料齐了，已送平台核对。核好了会告诉您。"))
    else:
        said(_("收到了，还差一份。"))
    return back_to("businesses.papers", business_id=business.id)


@bp.post("/businesses/<int:business_id>/capacity")
@requires("business.prove", load=load_business)
def declare(business: Business) -> ResponseReturnValue:
    """Correct whom one acts as."""
    form = CapacityForm().for_kind(business.kind)
    services.declare_capacity(_my_standing(business), form.capacity.data or "", by=actor())
    return back_to("businesses.papers", business_id=business.id)


def ask_outside() -> None:
    """Ask the outside service while no lock is held, and only for somebody who claims to act for that business."""
    business = queries.business_by_id((request.view_args or {})["business_id"])
    person = actor()
    g.outside_answer = None
    if business is not None and person is not None and person.id in business.every_claimant_id:
        g.outside_answer = outside.service().confirm(business.uscc, person.name)


@bp.post("/businesses/<int:business_id>/confirm-outside")
@before_transaction(ask_outside)
@requires("business.prove", load=load_business)
def confirm_outside(business: Business) -> ResponseReturnValue:
    """Take over what the outside service answered."""
    allowed = not current_app.config["SETTINGS"].production
    try:
        services.confirm_outside(_my_standing(business), g.outside_answer, simulated_allowed=allowed, by=actor())
    except Refused as no:
        form = PaperForm(formdata=None)
        form.refuse(no)
        return _papers_page(business, form, no.status)
    said(_("核实了。这是模拟核验，只在演示里算数。"))
    return back_to("businesses.papers", business_id=business.id)


def _my_standing(business: Business) -> BusinessMember:
    member = queries.member_of(business, actor().id)
    if member is None:
        raise NotFound
    return member


def _papers_page(business: Business, form: PaperForm, status: int = 200) -> ResponseReturnValue:
    member = _my_standing(business)
    page = render_template(
        "businesses/papers.html",
        business=business,
        member=member,
        needed=rules.papers_needed(member.capacity),
        sent=services.current_papers(member),
        form=form,
        capacity_form=CapacityForm(formdata=None).for_kind(business.kind, member.capacity),
        outside=outside.service(),
    )
    return page, status


@bp.get("/businesses/papers/<int:paper_id>")
@requires("business.read_paper", load=load_paper)
def read_paper(paper: BusinessPaper) -> ResponseReturnValue:
    """The paper itself. An operator's look at it is observed."""
    answer = hand_out(paper.document)
    if answer is None:
        raise NotFound
    if paper.member.person_id != actor().id:
        services.look_at_papers(paper.member, by=actor())
    return answer


# The operator -------------------------------------------------------------------------------------------------------


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
    version = _seen_version(form)
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


def load_waiting_title(title_id: int) -> Title | None:
    return queries.title_by_id(title_id)


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
    version, operator = _seen_version(form), actor()
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


# Claims and cases ---------------------------------------------------------------------------------------------------


@bp.get("/businesses/claim")
@requires("business.create")
def claim() -> ResponseReturnValue:
    """Somebody else has written the code down: say that one acts for it too."""
    return _claim_page(ClaimForm(formdata=None, data={"uscc": request.args.get("uscc", "")[:40]}))


@bp.post("/businesses/claim")
@requires("business.create")
@once
def make_claim() -> ResponseReturnValue:
    """Open the case."""
    form = ClaimForm()
    if not form.submitted():
        return _claim_page(form, 422 if form.errors else 200)
    try:
        case = claims.claim_code(
            uscc=form.uscc.data or "",
            capacity=form.capacity.data or "",
            words=(form.words.data or "")[:1000],
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _claim_page(form, no.status)
    said(_("提出来了。平台听两边的，再定。"))
    return back_to("businesses.case", case_id=case.id)


def _claim_page(form: ClaimForm, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/claim.html", form=form, mine=queries.claims_by(actor().id)), status


def load_case(case_id: int) -> IdentityCase | None:
    return queries.case_by_id(case_id)


@bp.get("/claims/<int:case_id>")
@requires("case.see", load=load_case)
def case(found: IdentityCase) -> ResponseReturnValue:
    """One's own side of a claim, the clock, and what was decided."""
    return _case_of_mine(found, SideForm(formdata=None, data={"words": found.holder_words or ""}))


@bp.post("/claims/<int:case_id>")
@requires("case.answer", load=load_case)
def answer_claim(found: IdentityCase) -> ResponseReturnValue:
    """Say one's side."""
    form = SideForm()
    if not form.submitted():
        return _case_of_mine(found, form, 422 if form.errors else 200)
    try:
        claims.answer_claim(found, words=(form.words.data or "")[:1000], by=actor())
    except Refused as no:
        form.refuse(no)
        return _case_of_mine(found, form, no.status)
    said(_("记下了，平台会看。"))
    return back_to("businesses.case", case_id=found.id)


def _case_of_mine(found: IdentityCase, form: SideForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template("businesses/case.html", case=found, form=form, is_claimant=found.claimant_id == actor().id),
        status,
    )


@bp.get("/checks/cases")
@requires("business.list_cases")
@listed(listings.CASES)
def cases() -> ResponseReturnValue:
    """Open cases, the one due first first."""
    words = typed_words()
    page = paginate(queries.open_cases(words))
    services.look_at_waiting((found.business for found in page.items), by=actor())
    return render_template("businesses/cases.html", page=page, words=words, me=actor())


@bp.get("/checks/cases/<int:case_id>")
@requires("business.decide_case", load=load_case)
def check_case(found: IdentityCase) -> ResponseReturnValue:
    """Both sides beside each other."""
    form = CaseForm(formdata=None, data={"row_version": str(found.row_version)})
    return _check_case_page(found, form.for_kind(found.kind))


@bp.post("/checks/cases/<int:case_id>")
@requires("business.decide_case", load=load_case)
def decide_case(found: IdentityCase) -> ResponseReturnValue:
    """Decide with a reason that both read."""
    form = CaseForm().for_kind(found.kind)
    if not form.submitted():
        return _check_case_page(found, form, 422 if form.errors else 200)
    try:
        claims.decide_case(
            found,
            outcome=form.outcome.data or "",
            reason=(form.reason.data or "")[:500],
            row_version=_seen_version(form),
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _check_case_page(found, form, no.status)
    said(_("定了，两边都会收到。") if found.kind == "claim" else _("定了，送材料的人会收到。"))
    return back_to("businesses.cases")


def _check_case_page(found: IdentityCase, form: CaseForm, status: int = 200) -> ResponseReturnValue:
    claims.look_at_case(found, by=actor())
    member = queries.member_by_id(found.member_id) if found.member_id else None
    return (
        render_template(
            "businesses/check_case.html",
            case=found,
            form=form,
            no=claims.why_not_decided(found, actor()),
            findings=queries.findings_of(member) if member is not None else [],
            papers=services.current_papers(member) if member is not None else {},
        ),
        status,
    )


# Helpers ------------------------------------------------------------------------------------------------------------


def _helped_page(business: Business, facts: rules.BusinessFacts) -> ResponseReturnValue:
    """The business as its helper sees it: no papers, nobody else's names, and what the mandate lets them do."""
    return render_template(
        "businesses/helped.html",
        business=business,
        facts=facts,
        industry=industries.get(business.industry_code),
        region=regions.full_name(business.region_code),
        size=facts.size_class(),
        mandate=queries.mandate_of(business.id, actor().id),
        asked_year=rules.figures_year(clock.today()),
    )


def load_mandate(mandate_id: int) -> Mandate | None:
    return queries.mandate_by_id(mandate_id)


@bp.get("/businesses/<int:business_id>/people")
@requires("business.people", load=load_business)
def people(business: Business) -> ResponseReturnValue:
    """Who acts for the business, who helps within which limits, and the form to let somebody in."""
    return _people_page(business, HelperForm(formdata=None, data={"scope": "look"}))


@bp.post("/businesses/<int:business_id>/people")
@limited("20 per hour")
@requires("business.people", load=load_business)
@once
def invite_helper(business: Business) -> ResponseReturnValue:
    """Send somebody a link."""
    form = HelperForm()
    if not form.submitted() or form.until is None:
        return _people_page(business, form, 422 if form.errors else 200)
    try:
        mandates.invite_helper(
            business,
            address=form.plain,
            scope=str(form.scope.data or ""),
            limit_yuan=form.limit_yuan,
            until_on=form.until,
            language=language(),
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _people_page(business, form, no.status)
    said(_("链接发出去了。他打开以前，什么也看不到。"))
    return back_to("businesses.people", business_id=business.id)


def _people_page(business: Business, form: HelperForm, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/people.html", business=business, form=form), status


@bp.get("/mandates/<int:mandate_id>")
@requires("mandate.change", load=load_mandate)
def mandate(found: Mandate) -> ResponseReturnValue:
    """What one helper may do; to be changed or ended here."""
    limit = "" if found.limit_yuan is None else shown_sum(found.limit_yuan, unit_of_page())
    data = {
        "scope": found.scope, "limit": limit, "until_on": found.until_on.isoformat(),
        "row_version": str(found.row_version),
    }  # fmt: skip
    return _mandate_page(found, MandateForm(formdata=None, data=data))


@bp.post("/mandates/<int:mandate_id>")
@requires("mandate.change", load=load_mandate)
def change_mandate(found: Mandate) -> ResponseReturnValue:
    """Other limits."""
    form = MandateForm()
    if not form.submitted() or form.until is None:
        return _mandate_page(found, form, 422 if form.errors else 200)
    try:
        mandates.change_mandate(
            found, scope=str(form.scope.data or ""), limit_yuan=form.limit_yuan, until_on=form.until,
            row_version=_seen_version(form), by=actor(),
        )  # fmt: skip
    except Refused as no:
        form.refuse(no)
        return _mandate_page(found, form, no.status)
    said(_("改好了，马上算数。"))
    return back_to("businesses.people", business_id=found.business_id)


def _mandate_page(found: Mandate, form: MandateForm, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/mandate.html", mandate=found, form=form), status


@bp.post("/mandates/<int:mandate_id>/end")
@requires("mandate.end", load=load_mandate)
def end_mandate(found: Mandate) -> ResponseReturnValue:
    """End it, from either side."""
    version = request.form.get("row_version", "")
    mandates.end_mandate(found, row_version=int(version) if version.isdecimal() else -1, by=actor())
    said(_("停了，马上算数。"))
    if may(actor(), "business.people", found.business):
        return back_to("businesses.people", business_id=found.business_id)
    return back_to("businesses.mine")


@bp.route("/mandates/link/<token>", methods=["GET", "POST"])
@limited("30 per hour")
@requires("account.own")
def mandate_link(token: str) -> ResponseReturnValue:
    """What is offered; taken by a button, by the person alone to whom the link was sent."""
    found = queries.mandate_by_hash(token_hash(token)) if len(token) <= 64 else None
    if found is None or found.address not in (actor().phone, actor().email):
        return render_template("businesses/mandate_link.html", mandate=None, form=None), 404
    form = BaseForm()
    if form.submitted():
        try:
            mandates.accept_mandate(found, by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            said(_("好了，可以开始帮了。"))
            return back_to("businesses.show", business_id=found.business_id)
    return (
        render_template("businesses/mandate_link.html", mandate=found if found.is_open_link else None, form=form),
        422 if form.errors else 200,
    )
