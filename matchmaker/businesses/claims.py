"""Cases about who acts for a business: a second claim to a code, two findings that disagree; decided with a reason.

Services like those of `services.py`. Neither side of a claim sees the other's name, number or words of contact.
"""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import operators
from matchmaker.audit.services import looked_at, record
from matchmaker.businesses import queries, services
from matchmaker.businesses.announcements import StandingChanged
from matchmaker.businesses.models import BusinessMember, IdentityCase
from matchmaker.businesses.rules import CAPACITIES_OF, OUTCOMES_OF
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.notifications.services import tell
from matchmaker.reference.rules import read_credit_code
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.refusal import Refused


def claim_code(*, uscc: str, capacity: str, words: str, by: Person) -> IdentityCase:
    """Say that one acts for a business that somebody else has written down: opens a case, both sides are heard.

    Until it is decided the claimant sees nothing of the business. Raises Refused ``claim_not_needed`` (nobody has
    the code), ``business_yours_already``, ``claim_open_already``, ``text_placeholder`` at ``words``.
    """
    code = read_credit_code(uscc)
    business = queries.business_by_code(code.code)
    if business is None:
        raise Refused("claim_not_needed", field="uscc")
    if by.id in business.every_claimant_id:
        raise Refused("business_yours_already", field="uscc")
    if capacity not in CAPACITIES_OF[business.kind]:
        no = Refused("choice_unknown" if capacity else "choice_missing", field="capacity", status=422)
        no.also = (*no.also, *_why_not_said(words))
        raise no
    _said(words)
    if any(case.business_id == business.id and case.is_open for case in queries.claims_by(by.id)):
        raise Refused("claim_open_already", field="uscc")
    case = services.open_case("claim", business, by, capacity=capacity, words=words.strip(), by=by)
    for person_id in sorted(business.member_ids):
        tell(
            person_id,
            "claim_told_holder",
            key=f"case:{case.id}:opened:{person_id}",
            link=f"/claims/{case.id}",
            business=business.name,
            due_at=case.due_at,
        )
    return case


def answer_claim(case: IdentityCase, *, words: str, by: Person) -> None:
    """Who holds the business says their side; the last words count. Raises Refused ``case_decided``."""
    _still_open(case)
    _said(words)
    case.holder_words, case.holder_said_at = words.strip(), clock.now()
    db.session.flush()
    record("business.answer_claim", case, by=by)


def look_at_case(case: IdentityCase, *, by: Person) -> None:
    """Observe that an operator read the case."""
    looked_at(case.business_id, by=by, fields=["name", "code", "contact_name"], purpose="claim")


def why_not_decided(case: IdentityCase, person: Person) -> Refused | None:
    """Why this operator may not decide this case now, or None.

    Codes: ``case_decided``, ``own_papers``, ``case_needs_a_third`` (two findings differ: a third person decides),
    ``case_other_side_waits`` (the other side may still speak).
    """
    if not case.is_open:
        return Refused("case_decided")
    if person.id == case.claimant_id or person.id in case.business.every_claimant_id:
        return Refused("own_papers")
    if case.kind == "papers":
        member = queries.member_by_id(case.member_id or 0)
        if member is not None and any(row.operator_id == person.id for row in queries.findings_of(member)):
            return Refused("case_needs_a_third")
    elif case.holder_words is None and clock.now() < case.due_at:
        return Refused("case_other_side_waits", due_at=case.due_at)
    return None


def decide_case(case: IdentityCase, *, outcome: str, reason: str, row_version: int, by: Person) -> None:
    """An operator decides with a reason that both sides read.

    A claim: "holder" (nothing changes), "both" (the claimant joins by declaration and proves it by papers), "claimant"
    (joins likewise; those who held it have to prove themselves anew). Papers: "right" or "wrong".
    """
    services._same_copy(case.row_version, row_version)
    no = why_not_decided(case, by)
    if no is not None:
        raise no
    if outcome not in OUTCOMES_OF[case.kind]:
        raise Refused("choice_missing", field="outcome", status=422)
    _said(reason, "reason")
    case.outcome, case.reason, case.decided_at, case.decided_by_id = outcome, reason.strip(), clock.now(), by.id
    db.session.flush()
    record("business.decide_case", case, by=by, outcome=outcome)
    if case.kind == "papers":
        member = queries.member_by_id(case.member_id or 0)
        if member is not None and member.standing == "papers_sent" and member.standing_at <= case.opened_at:
            if outcome == "right":
                services.accept_papers(member, by=by)
            else:
                services.turn_papers_back(member, "other", case.reason, by=by)
        return
    holders = sorted(case.business.member_ids)
    if outcome == "claimant":
        for member in list(case.business.members):
            _prove_anew(member, case, by=by)
    if outcome in ("both", "claimant"):
        case.business.members.append(
            BusinessMember(
                person=case.claimant, capacity=case.capacity, standing="declared", standing_at=clock.now()
            )
        )
    db.session.flush()
    for person_id in [*holders, case.claimant_id]:
        tell(
            person_id,
            "claim_decided",
            key=f"case:{case.id}:decided:{person_id}",
            link=f"/claims/{case.id}",
            outcome=f"label:business.outcome:{outcome}",
            reason=case.reason,
        )


def _prove_anew(member: BusinessMember, case: IdentityCase, *, by: Person) -> None:
    if member.standing == "rejected":
        return
    member.standing, member.standing_at, member.checked_by_id = "rejected", clock.now(), by.id
    member.remark_code, member.remark = "other", case.reason
    db.session.flush()
    record("business.prove_anew", member, by=by, case_id=case.id)
    announce(StandingChanged(member.id))


def remind_operators(case: IdentityCase) -> None:
    """The time to hear both sides is over: whoever runs the platform is told once."""
    case.warned_at = clock.now()
    for person in operators():
        tell(person.id, "case_is_due", key=f"case:{case.id}:due:{person.id}", link=f"/checks/cases/{case.id}")


def _still_open(case: IdentityCase) -> None:
    if not case.is_open:
        raise Refused("case_decided")


def _why_not_said(words: str, field: str = "words") -> list[Refused]:
    unsaid = not words.strip() or is_placeholder(words)
    return [Refused("words_missing", field=field, status=422)] if unsaid else []


def _said(words: str, field: str = "words") -> None:
    for no in _why_not_said(words, field):
        raise no
