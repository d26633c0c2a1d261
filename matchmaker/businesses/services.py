"""Writing businesses: typed once, changed, proven; every verb leaves an audit row and tells whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import Actor, looked_at, record
from matchmaker.businesses import outside, queries
from matchmaker.businesses.announcements import BusinessChanged, StandingChanged
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    Finding,
    IdentityCase,
    Title,
    YearlyFigures,
)
from matchmaker.businesses.rules import (
    CAPACITIES_OF,
    CASE_DAYS,
    CERTIFIED_TITLES,
    EARLIEST_YEAR,
    ENTITY_CODES_OF,
    FINDINGS_NEEDED,
    MOST_PAPERS,
    REMARKS,
    TITLE_REMARKS,
    Line,
    Profile,
    Year,
    check_dates,
    papers_needed,
    standing_after,
)
from matchmaker.db import db
from matchmaker.documents import services as documents
from matchmaker.documents.rules import CheckedFile
from matchmaker.happened import announce
from matchmaker.notifications.services import tell
from matchmaker.reference import industries, regions, terms
from matchmaker.reference.rules import read_credit_code
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.reference.rules.working_time import end_of_clock
from matchmaker.refusal import Refused


def create_business(
    *,
    uscc: str,
    profile: Profile,
    capacity: str,
    by: Person,
    year: Year | None = None,
    collateral: Iterable[str] | None = None,
) -> Business:
    """Write a business down; ``by`` becomes its first member, by declaration alone.

    ``collateral``: codes of what its owner already said it could give; None when nobody asked yet.
    Raises Refused at the field: what ``read_credit_code`` refuses, ``business_exists``, and what
    ``change_profile`` refuses.
    """
    code = read_credit_code(uscc)
    check_code_is_free(code.code, by=by)
    if capacity not in CAPACITIES_OF[code.kind]:
        raise Refused("choice_unknown", field="capacity", status=422)
    _check_profile(profile, code.kind)
    business = Business(
        uscc=code.code,
        kind=code.kind,
        collateral=_known_collateral(collateral or ()),
        collateral_said=collateral is not None,
        created_by_id=by.id,
        created_at=clock.now(),
        **_columns(profile),
    )
    business.members.append(
        BusinessMember(person=by, capacity=capacity, standing="declared", standing_at=clock.now())
    )
    db.session.add(business)
    db.session.flush()
    record("business.create", business, by=by, kind=code.kind, capacity=capacity)
    if year is not None:
        save_figures(business, year, by=by)
    else:
        announce(BusinessChanged(business.id))
    return business


def check_code_is_free(uscc: str, *, by: Person) -> None:
    """Raises Refused ``business_yours_already`` or ``business_exists`` at ``uscc`` when the code is written down."""
    there = queries.business_by_code(uscc)
    if there is not None:
        yours = by.id in there.every_claimant_id
        raise Refused("business_yours_already" if yours else "business_exists", field="uscc")


def change_profile(business: Business, *, profile: Profile, row_version: int, by: Person) -> None:
    """Change what was typed once; the code never changes.

    ``row_version`` is the copy that the writer saw. Raises StaleDataError (409 at the edge) when somebody saved
    since, and Refused at the field: ``text_placeholder``, ``industry_missing``, ``region_missing``, dates.
    """
    _same_copy(business.row_version, row_version)
    _check_profile(profile, business.kind)
    before = {name: getattr(business, name) for name in _columns(profile)}
    for name, value in _columns(profile).items():
        setattr(business, name, value)
    changed = sorted(name for name, value in before.items() if getattr(business, name) != value)
    if not changed:
        return
    business.updated_at = clock.now()
    db.session.flush()
    record("business.change", business, by=by, changed=changed)
    announce(BusinessChanged(business.id))


def change_strengths(
    business: Business,
    *,
    tax_grade: str | None,
    has_tax_evidence: bool,
    has_flow_evidence: bool,
    collateral: Iterable[str] | None,
    row_version: int,
    by: Person,
) -> None:
    """Tax grade, what can be shown as evidence, and what could secure a loan (codes of the guarantee terms).

    ``collateral`` empty means "nothing", None that it was not said.
    """
    _same_copy(business.row_version, row_version)
    wanted = _known_collateral(collateral or ())
    business.tax_grade = tax_grade
    business.has_tax_evidence = has_tax_evidence
    business.has_flow_evidence = has_flow_evidence
    business.collateral, business.collateral_said = wanted, collateral is not None
    business.updated_at = clock.now()
    db.session.flush()
    record("business.change_strengths", business, by=by, tax_grade=tax_grade, collateral=wanted)
    announce(BusinessChanged(business.id))


def note_collateral(business: Business, collateral: Iterable[str], *, by: Actor) -> None:
    """Write down what its owner said with a need that it could give, where nobody said so yet: never asked twice."""
    if business.collateral_said:
        return
    business.collateral = business.collateral or _known_collateral(collateral)
    business.collateral_said = True
    db.session.flush()
    record("business.change_strengths", business, by=by, collateral=business.collateral)
    announce(BusinessChanged(business.id))


def _known_collateral(codes: Iterable[str]) -> list[str]:
    said = set(codes)
    return [code for code in terms.codes("guarantee") if code in said]


def save_figures(business: Business, year: Year, *, by: Person, row_version: int = 0) -> YearlyFigures:
    """Write one year's figures, new or over the copy ``row_version``.

    Raises StaleDataError when that copy is old, Refused ``year_not_possible``, ``liabilities_without_assets``.
    """
    if not max(EARLIEST_YEAR, business.founded_on.year) <= year.year <= clock.today().year:
        raise Refused("year_not_possible", field="year", status=422, year=year.year)
    if year.liabilities_yuan is not None and year.assets_yuan is None:
        raise Refused("liabilities_without_assets", field="assets", status=422)
    row = queries.figures_of(business, year.year)
    if row is None:
        row = YearlyFigures(year=year.year, employees=year.employees, turnover_yuan=year.turnover_yuan)
        business.figures.append(row)
    else:
        _same_copy(row.row_version, row_version)
    row.employees = year.employees
    row.turnover_yuan = year.turnover_yuan
    row.assets_yuan = year.assets_yuan
    row.liabilities_yuan = year.liabilities_yuan
    row.profit_yuan = year.profit_yuan
    db.session.flush()
    record("business.save_figures", business, by=by, year=year.year)
    announce(BusinessChanged(business.id))
    return row


def remove_figures(business: Business, year: int, *, by: Person) -> None:
    """Take one year's figures away; nothing happens when there are none."""
    row = queries.figures_of(business, year)
    if row is None:
        return
    business.figures.remove(row)
    db.session.delete(row)
    db.session.flush()
    record("business.remove_figures", business, by=by, year=year)
    announce(BusinessChanged(business.id))


def add_title(
    business: Business, *, code: str, certificate_number: str, issuer: str, expires_on: date | None, by: Person
) -> Title:
    """Add a title with its certificate; it is not verified by being here. Raises Refused ``title_exists``."""
    if code not in CERTIFIED_TITLES:
        raise Refused("choice_unknown", field="title_code", status=422)
    if any((title.code, title.certificate_number) == (code, certificate_number) for title in business.titles):
        raise Refused("title_exists", field="certificate_number")
    title = Title(code=code, certificate_number=certificate_number, issuer=issuer, expires_on=expires_on)
    business.titles.append(title)
    db.session.flush()
    record("business.add_title", business, by=by, code=code)
    announce(BusinessChanged(business.id))
    return title


def ask_for_check(title: Title, *, by: Person) -> None:
    """Let an operator look a title up in its public register; until then nobody of the platform sees it.

    What was refuted may be asked again: registers are brought up to date. Raises Refused ``title_over``,
    ``title_asked_already``.
    """
    if title.expires_on is not None and title.expires_on < clock.today():
        raise Refused("title_over", expires_on=title.expires_on)
    if title.standing in ("asked", "verified"):
        raise Refused("title_asked_already")
    title.asked_at = clock.now()
    title.checked_by_id = title.remark_code = None
    db.session.flush()
    record("business.ask_title", title.business, by=by, title_id=title.id, code=title.code)


def verify_title(title: Title, *, row_version: int, by: Person) -> None:
    """An operator found the title in its register. Raises Refused ``own_papers``, ``title_not_asked``."""
    _decide_title(title, row_version, by)
    title.verified_at = clock.now()
    _title_decided(title, "verify_title", "title_verified", by=by)


def refute_title(title: Title, *, remark_code: str, row_version: int, by: Person) -> None:
    """An operator found something else; the owner is told what, and may correct the entry."""
    if remark_code not in TITLE_REMARKS:
        raise Refused("choice_missing", field="remark_code", status=422)
    _decide_title(title, row_version, by)
    title.remark_code = remark_code
    _title_decided(
        title, "refute_title", "title_refuted", by=by, remark=f"label:business.title_remark:{remark_code}"
    )


def look_at_title(title: Title, *, by: Person) -> None:
    """Observe that an operator opened this title; the owner sees it in the log of who looked."""
    looked_at(title.business_id, by=by, fields=["name", "code", "titles"], purpose="title")


def _decide_title(title: Title, row_version: int, by: Person) -> None:
    _same_copy(title.row_version, row_version)
    if by.id in title.business.every_claimant_id:
        raise Refused("own_papers")
    if title.standing != "asked":
        raise Refused("title_not_asked")
    title.checked_by_id = by.id


def _title_decided(title: Title, step: str, kind: str, *, by: Person, **facts: str) -> None:
    db.session.flush()
    record(f"business.{step}", title.business, by=by, title_id=title.id, code=title.code)
    for person_id in sorted(title.business.member_ids):
        tell(
            person_id,
            kind,
            key=f"title:{title.id}:{title.row_version}:{person_id}",
            link=f"/businesses/{title.business_id}",
            outside=True,
            business=title.business.name,
            title=f"label:business.title:{title.code}",
            **facts,
        )
    announce(BusinessChanged(title.business_id))


def remove_title(title: Title, *, by: Person) -> None:
    """Take a title away."""
    business = title.business
    business.titles.remove(title)
    db.session.delete(title)
    db.session.flush()
    record("business.remove_title", business, by=by, code=title.code)
    announce(BusinessChanged(business.id))


def add_credit_line(business: Business, line: Line, *, by: Person) -> CreditLine:
    """Add a credit line that the owner declares.

    Raises Refused at the field: ``balance_above_amount``, ``matures_before_start``, ``started_later``.
    """
    _check_line(line)
    row = CreditLine(source="declared", as_of_on=clock.today(), **asdict(line))
    business.credit_lines.append(row)
    db.session.flush()
    record("business.add_credit_line", business, by=by, amount_yuan=line.amount_yuan)
    announce(BusinessChanged(business.id))
    return row


def change_credit_line(row: CreditLine, line: Line, *, row_version: int, by: Person) -> None:
    """Change a declared line. What an institution reported as paid out is not the owner's to change."""
    _only_declared(row)
    _same_copy(row.row_version, row_version)
    _check_line(line)
    for name, value in asdict(line).items():
        setattr(row, name, value)
    row.as_of_on = clock.today()
    db.session.flush()
    record("business.change_credit_line", row.business, by=by, line_id=row.id, balance_yuan=line.balance_yuan)
    announce(BusinessChanged(row.business_id))


def remove_credit_line(row: CreditLine, *, by: Person) -> None:
    """Take a declared line away. Raises Refused ``line_reported_by_institution``."""
    _only_declared(row)
    business = row.business
    business.credit_lines.remove(row)
    db.session.delete(row)
    db.session.flush()
    record("business.remove_credit_line", business, by=by)
    announce(BusinessChanged(business.id))


# Who may act ------------------------------------------------------------------------------------------------------


def declare_capacity(member: BusinessMember, capacity: str, *, by: Person) -> None:
    """Correct what a person says to be; not once it is proven. What was sent has to be looked at again."""
    if member.capacity == capacity:
        return
    if member.is_proven:
        raise Refused("standing_proven_already", field="capacity")
    if capacity not in CAPACITIES_OF[member.business.kind]:
        raise Refused("choice_unknown", field="capacity", status=422)
    member.capacity = capacity
    if member.standing == "papers_sent" and not papers_complete(member):
        member.standing, member.standing_at = "declared", clock.now()
    elif member.standing == "declared" and papers_complete(member):
        member.standing, member.standing_at = standing_after("declared", "send_papers"), clock.now()
    db.session.flush()
    record("business.declare_capacity", member, by=by, capacity=capacity)
    announce(StandingChanged(member.id))


def current_papers(member: BusinessMember) -> dict[str, BusinessPaper]:
    """The newest paper of each kind sent since the last refusal; older ones do not count any more."""
    since = member.standing_at if member.standing == "rejected" else None
    found: dict[str, BusinessPaper] = {}
    for paper in member.papers:
        if paper.document.deleted_at is None and (since is None or paper.sent_at > since):
            found[paper.kind] = paper
    return found


def papers_complete(member: BusinessMember) -> bool:
    """Whether every paper that this capacity needs is there."""
    return set(papers_needed(member.capacity)) <= set(current_papers(member))


def add_paper(member: BusinessMember, file: CheckedFile, *, kind: str, by: Person) -> BusinessPaper:
    """Add a paper (already checked by content, outside the transaction); complete papers go to the operator at once.

    A newer paper of the same kind replaces the older one, whose content is destroyed.
    Raises Refused ``standing_proven_already``, ``paper_not_needed``, ``papers_too_many``.
    """
    if member.is_proven:
        raise Refused("standing_proven_already")
    if kind not in papers_needed(member.capacity):
        raise Refused("paper_not_needed", field="kind", status=422)
    if len(member.papers) >= MOST_PAPERS * 5:
        raise Refused("papers_too_many", n=len(member.papers))
    before = current_papers(member)
    document = documents.keep(file, kind=kind, by=by)
    if kind in before:
        documents.destroy(before[kind].document, by=by)
    paper = BusinessPaper(document=document, kind=kind, sent_at=clock.now())
    member.papers.append(paper)
    db.session.flush()
    record("business.add_paper", member, by=by, kind=kind, sha256=document.sha256)
    if papers_complete(member):
        _step(member, "send_papers", by=by)
    return paper


def mark_checked(member: BusinessMember, *, row_version: int, by: Person) -> None:
    """An operator found the papers right; it counts when a second operator found the same.

    Raises Refused ``own_papers``, ``standing_step_not_possible``, ``finding_given_already``.
    """
    _find(member, "right", None, None, row_version, by)


def accept_papers(member: BusinessMember, *, by: Person) -> None:
    """The papers count as right: two operators found so, or a third decided."""
    member.checked_by_id, member.remark_code, member.remark = by.id, None, None
    _step(member, "check", by=by)
    _tell_owner(member, "papers_checked")


def turn_papers_back(member: BusinessMember, remark_code: str, remark: str | None, *, by: Person) -> None:
    """The papers count as wrong: two operators found so, or a third decided."""
    member.checked_by_id, member.remark_code, member.remark = by.id, remark_code, remark or None
    _step(member, "reject", by=by)
    _tell_owner(member, "papers_rejected", remark=f"label:business.remark:{remark_code}")


def _find(
    member: BusinessMember, verdict: str, remark_code: str | None, remark: str | None, row_version: int, by: Person
) -> None:
    """Keep one operator's finding; two that agree decide, two that differ open a case for a third."""
    _same_copy(member.row_version, row_version)
    if by.id in member.business.every_claimant_id:
        raise Refused("own_papers")
    standing_after(member.standing, "check")
    queries.lock_member(member)  # two findings at once: the second sees the first
    before = queries.findings_of(member)
    if any(finding.operator_id == by.id for finding in before):
        raise Refused("finding_given_already")
    if len(before) >= FINDINGS_NEEDED:
        raise Refused("finding_case_open")
    finding = Finding(
        member_id=member.id, sent_at=member.standing_at, operator_id=by.id, verdict=verdict, remark_code=remark_code,
        remark=remark or None, at=clock.now(),
    )  # fmt: skip
    db.session.add(finding)
    db.session.flush()
    record("business.find", member, by=by)
    if len(before) + 1 < FINDINGS_NEEDED:
        return
    if before[0].verdict != verdict:
        open_case("papers", member.business, member.person, capacity=member.capacity, member_id=member.id, by=by)
    elif verdict == "right":
        accept_papers(member, by=by)
    else:
        turn_papers_back(member, remark_code or "other", remark, by=by)


def open_case(
    kind: str, business: Business, claimant: Person, *, capacity: str, member_id: int | None = None, words: str = "",
    by: Person,
) -> IdentityCase:
    """Open a case with its clock: `CASE_DAYS` working days."""
    now = clock.now()
    case = IdentityCase(
        kind=kind, business_id=business.id, claimant_id=claimant.id, capacity=capacity, member_id=member_id,
        claimant_words=words, opened_at=now, due_at=end_of_clock(now, CASE_DAYS, "working"),
    )
    db.session.add(case)
    db.session.flush()
    record("business.open_case", case, by=by, kind=kind)
    return case


def mark_wrong(member: BusinessMember, *, remark_code: str, remark: str | None, row_version: int, by: Person) -> None:
    """An operator says what is wrong, by code, with words where the code alone says too little; see `mark_checked`."""
    if remark_code not in REMARKS:
        raise Refused("choice_missing", field="remark_code", status=422)
    if remark_code == "other" and (not remark or is_placeholder(remark)):
        raise Refused("remark_missing", field="remark", status=422)
    _find(member, "wrong", remark_code, remark, row_version, by)


def look_at_papers(member: BusinessMember, *, by: Person) -> None:
    """Observe that an operator opened this case: the owner sees it in the log of who looked."""
    looked_at(member.business_id, by=by, fields=["name", "code", "contact_name", "documents"], purpose="identity")


def look_at_waiting(businesses: Iterable[Business], *, by: Person) -> None:
    """Observe that an operator saw the names and codes of businesses in a list of what waits."""
    for business_id in sorted({business.id for business in businesses}):
        looked_at(business_id, by=by, fields=["name", "code"], purpose="identity_list")


def confirm_outside(member: BusinessMember, answer: outside.Answer, *, simulated_allowed: bool, by: Person) -> None:
    """Take over what an outside service answered (asked before the transaction).

    Raises Refused ``outside_not_confirmed``, and ``outside_only_simulated`` where a simulated answer must not count.
    """
    if member.is_proven:
        raise Refused("standing_proven_already")
    if not answer.confirmed:
        raise Refused("outside_not_confirmed")
    if answer.simulated and not simulated_allowed:
        raise Refused("outside_only_simulated")
    member.remark_code = member.remark = None
    _step(member, "confirm_outside", by=by, reference=answer.reference, simulated=answer.simulated)


def _step(member: BusinessMember, step: str, *, by: Person, **facts: object) -> None:
    before = member.standing
    member.standing = standing_after(before, step)
    if member.standing == "papers_sent":
        member.checked_by_id = None
    member.standing_at = clock.now()
    db.session.flush()
    record(f"business.{step}", member, by=by, from_standing=before, to_standing=member.standing, **facts)
    if before != member.standing:
        announce(StandingChanged(member.id))


def _tell_owner(member: BusinessMember, kind: str, **facts: str) -> None:
    tell(
        member.person_id,
        kind,
        key=f"member:{member.id}:{member.standing}:{member.row_version}",
        link=f"/businesses/{member.business_id}/papers",
        outside=True,
        business=member.business.name,
        **facts,
    )


def _same_copy(current: int, seen: int) -> None:
    if current != seen:
        raise StaleDataError(f"copy {seen} was changed meanwhile to {current}")


def _check_profile(profile: Profile, kind: str) -> None:
    for field in ("name", "address"):
        if is_placeholder(getattr(profile, field)):
            raise Refused("text_placeholder", field=field, status=422, typed=getattr(profile, field))
    industry = industries.get(profile.industry_code)
    if industry is None or industry.level != industries.CLASS:
        raise Refused("industry_missing", field="industry_code", status=422)
    if regions.county_of(profile.region_code) is None:
        raise Refused("region_missing", field="region_code", status=422)
    if profile.entity_code is not None and profile.entity_code not in ENTITY_CODES_OF[kind]:
        raise Refused("choice_unknown", field="entity_code", status=422)
    check_dates(profile.founded_on, profile.last_equity_change_on, clock.today())


def _columns(profile: Profile) -> dict[str, object]:
    return asdict(profile)


def _check_line(line: Line) -> None:
    if line.amount_yuan <= 0:
        raise Refused("number_missing", field="amount", status=422)
    if line.balance_yuan > line.amount_yuan:
        raise Refused("balance_above_amount", field="balance", status=422, amount_yuan=line.amount_yuan)
    if line.started_on > clock.today():
        raise Refused("started_later", field="started_on", status=422)
    if line.matures_on <= line.started_on:
        raise Refused("matures_before_start", field="matures_on", status=422)


def _only_declared(row: CreditLine) -> None:
    if row.source != "declared":
        raise Refused("line_reported_by_institution")
