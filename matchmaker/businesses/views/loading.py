"""Finding what an address names."""

from __future__ import annotations

from matchmaker.businesses import queries
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    IdentityCase,
    Mandate,
    Title,
)


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


def load_waiting_title(title_id: int) -> Title | None:
    return queries.title_by_id(title_id)


def load_case(case_id: int) -> IdentityCase | None:
    return queries.case_by_id(case_id)


def load_mandate(mandate_id: int) -> Mandate | None:
    return queries.mandate_by_id(mandate_id)

