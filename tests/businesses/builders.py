"""Businesses for tests, in one line each; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

import io
import itertools
import re
from datetime import date
from decimal import Decimal
from typing import Any

from PIL import Image
from stdnum.cn import uscc as check

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    Title,
    YearlyFigures,
)
from matchmaker.db import db
from matchmaker.documents.rules import check_file
from matchmaker.documents.services import keep
from tests.builders import an_owner

_number = itertools.count(1)
PREFIXES = {"enterprise": "91", "sole_proprietor": "92", "cooperative": "93"}


def a_code(kind: str = "sole_proprietor", region: str = "330106", number: int | None = None) -> str:
    """A code of that kind with a right check digit, a new one each time."""
    body = f"{PREFIXES[kind]}{region}MA2T{(number or next(_number)):05d}"
    return body + str(check.calc_check_digit(body))


def a_business(
    owner: Person | None = None, name: str | None = None, *, standing: str = "declared", **values: Any
) -> Business:
    """A small restaurant of a sole proprietor in Xihu, three years old, with its owner as member.

    `standing="checked"` has the papers checked by an operator of its own; `figures=False` leaves last year out.
    """
    from tests.builders import an_operator

    owner = owner or an_owner()
    kind = values.pop("kind", "sole_proprietor")
    figures = values.pop("figures", True)
    today = clock.today()
    business = Business(
        uscc=values.pop("uscc", None) or a_code(kind),
        name=name or f"望山家常菜馆{next(_number)}",
        kind=kind,
        entity_code=values.pop(
            "entity_code", {"sole_proprietor": "INDIV", "cooperative": "COOP"}.get(kind, "CO_LTD")
        ),
        industry_code=values.pop("industry_code", "6210"),
        region_code=values.pop("region_code", "330106"),
        address=values.pop("address", "文三路 8 号"),
        founded_on=values.pop("founded_on", date(today.year - 3, 3, 15)),
        collateral=values.pop("collateral", []),
        created_by_id=owner.id,
        created_at=values.pop("created_at", clock.now()),
        **values,
    )
    member = BusinessMember(
        person=owner,
        capacity="owner" if kind == "sole_proprietor" else "legal_representative",
        standing=standing,
        standing_at=clock.now(),
        remark_code="unreadable" if standing == "rejected" else None,
        checked_by_id=an_operator().id if standing in ("checked", "rejected") else None,
    )
    business.members.append(member)
    db.session.add(business)
    db.session.flush()
    if figures:
        a_year(business)
    return business


def a_year(business: Business, year: int | None = None, **values: Any) -> YearlyFigures:
    """Last year's figures: 8 persons, 960,000 yuan of turnover."""
    row = YearlyFigures(
        year=year or clock.today().year - 1,
        employees=values.pop("employees", 8),
        turnover_yuan=values.pop("turnover_yuan", Decimal(960_000)),
        **values,
    )
    business.figures.append(row)
    db.session.flush()
    return row


def a_credit_line(business: Business, **values: Any) -> CreditLine:
    """A running loan of 200,000 yuan, half of it repaid."""
    today = clock.today()
    row = CreditLine(
        institution_name=values.pop("institution_name", "青檀农商银行"),
        kind=values.pop("kind", "loan"),
        amount_yuan=values.pop("amount_yuan", Decimal(200_000)),
        balance_yuan=values.pop("balance_yuan", Decimal(100_000)),
        security_code=values.pop("security_code", "CREDIT"),
        started_on=values.pop("started_on", date(today.year - 1, today.month, 1)),
        matures_on=values.pop("matures_on", date(today.year + 1, today.month, 1)),
        source=values.pop("source", "declared"),
        as_of_on=today,
        **values,
    )
    business.credit_lines.append(row)
    db.session.flush()
    return row


def a_title(business: Business, code: str = "SRDI_PROV", **values: Any) -> Title:
    """A title with its certificate."""
    row = Title(
        code=code,
        certificate_number=values.pop("certificate_number", f"ZJ{next(_number):06d}"),
        issuer=values.pop("issuer", "浙江省经济和信息化厅"),
        **values,
    )
    business.titles.append(row)
    db.session.flush()
    return row


def a_picture(colour: str = "white", form: str = "JPEG", size: tuple[int, int] = (64, 40)) -> bytes:
    """The bytes of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def a_pdf(extra: bytes = b"", *, root: bytes = b"", pages: int = 1, trailer: bytes = b"") -> bytes:
    """The bytes of a small PDF: empty pages, more objects (from number 100), more entries of its root and trailer."""
    kids = b" ".join(b"%d 0 R" % (10 + number) for number in range(pages))
    objects = [b"1 0 obj<</Type/Catalog/Pages 2 0 R" + root + b">>endobj"]
    objects.append(b"2 0 obj<</Type/Pages/Kids[" + kids + b"]/Count %d>>endobj" % pages)
    for number in range(pages):
        objects.append(b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]>>endobj" % (10 + number))
    body, places = b"%PDF-1.4\n", {}
    for one in objects:
        places[int(one.split()[0])] = len(body)
        body += one + b"\n"
    for found in re.finditer(rb"(\d+) 0 obj", extra):
        places[int(found[1])] = len(body) + found.start()
    body += extra + b"\n"
    table = b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(places):
        table += b"%d 1\n%010d 00000 n \n" % (number, places[number])
    size = max(places) + 1
    return body + table + b"trailer<</Root 1 0 R/Size %d" % size + trailer + b">>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def papers_sent(member: BusinessMember) -> BusinessPaper:
    """Give a member a licence that waits for an operator."""
    document = keep(check_file("执照.jpg", a_picture()), kind="licence", by=member.person)
    paper = BusinessPaper(document=document, kind="licence", sent_at=clock.now())
    member.papers.append(paper)
    member.standing = "papers_sent"
    member.standing_at = clock.now()
    db.session.flush()
    return paper
