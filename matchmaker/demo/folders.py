"""Folders of the town: papers of three shops of the cast, drawn as samples; one lead with a paper in each status."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from PIL import Image, ImageDraw, ImageFont

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses.models import Business
from matchmaker.businesses.queries import businesses_of, may_act
from matchmaker.db import db
from matchmaker.demo.drawing import at_local
from matchmaker.documents.rules import check_file
from matchmaker.leads.models import Lead, LeadPaper
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import giving
from matchmaker.papers import services
from matchmaker.papers.models import FolderPaper
from matchmaker.settings import ROOT

FONT = ROOT / "static" / "vendor" / "fonts" / "NotoSansSC-Regular.otf"
PAPERS: tuple[tuple[str, str, str, int | None], ...] = (
    ("LICENCE", "营业执照", "正本", None),
    ("POS_FLOW", "收款码流水", "近 12 个月", None),
    ("LEASE", "店面租约", "今年续的", 25),
    ("TAX_RETURNS", "纳税申报表", "去年全年", None),
    ("BANK_FLOW", "银行流水", "近 12 个月", None),
)
"""Kind, what stands on it, the owner's note, and for how many days from the anchor it is valid."""
MARKS: tuple[tuple[str, str, str, str], ...] = (
    ("LICENCE", "accepted", "", ""),
    ("POS_FLOW", "readable", "", ""),
    ("LEASE", "replace", "CUT_OFF", "缺最后一页，要看到签字"),
    ("TAX_RETURNS", "received", "", ""),
)
"""What became of the papers of the one lead; the last of the folder was not given."""


def fill_folders(owner_ids: Sequence[int], anchor_on: date) -> None:
    """Papers for the first three owners of the cast; the first lead that somebody works on gets a paper in each status."""
    is_marked = False
    for number in owner_ids[:3]:
        owner = db.session.get_one(Person, number)
        business = next((one for one in businesses_of(number) if may_act(one.id, number)), None)
        if business is None:
            continue
        with clock.frozen(at_local(anchor_on - timedelta(days=20), 19.5)):
            folder = [_put_in(business, owner, *paper, anchor_on) for paper in PAPERS]
        lead = _worked_on(business)
        if lead is not None and not is_marked:
            _mark_each(lead, folder, owner, anchor_on)
            is_marked = True


def _put_in(
    business: Business, owner: Person, kind: str, title: str, note: str, days: int | None, anchor_on: date
) -> FolderPaper:
    file = check_file(f"样例-{title}.png", _sample(title, business.name))
    until = anchor_on + timedelta(days=days) if days is not None else None
    return services.put_in(business, file, kind=kind, note=note, expires_on=until, by=owner)


def _sample(title: str, name: str) -> bytes:
    """A picture of a paper that says it is a sample and invented."""
    sheet = Image.new("L", (420, 300), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(FONT), 30) if FONT.exists() else ImageFont.load_default(30)
    lines = ("样例，虚构", title, name[:12]) if FONT.exists() else ("SAMPLE, INVENTED", "", "")
    for place, line in enumerate(lines):
        pen.text((30, 40 + 70 * place), line, fill="black", font=font)
    pen.rectangle((8, 8, 411, 291), outline="black", width=3)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _worked_on(business: Business) -> Lead | None:
    """A lead of this business that somebody carries and that waits for no papers."""
    return db.session.scalars(
        sa.select(Lead)
        .where(
            Lead.business_id == business.id,
            Lead.manager_id.is_not(None),
            Lead.state.in_([str(state) for state in (State.ACCEPTED, State.CONTACTED, State.VISITED, State.REVIEW)]),
        )
        .order_by(Lead.id)
    ).first()


def _mark_each(lead: Lead, folder: Sequence[FolderPaper], owner: Person, anchor_on: date) -> None:
    wanted = {kind for kind, *_ in MARKS}
    lead = finding.lead_by_id(lead.id) or lead
    yesterday = at_local(anchor_on - timedelta(days=1), 9.2)
    with clock.frozen(max(yesterday, (lead.accepted_at or yesterday) + timedelta(minutes=5))):
        giving.give(lead, [paper.id for paper in folder if paper.kind in wanted], by=owner)
    given = {paper.kind: paper for paper in finding.papers_of(lead.id)}
    with clock.frozen(at_local(anchor_on, 8.4)):
        for kind, mark, code, note in MARKS:
            if mark != "received" and lead.manager is not None:
                db.session.add(_opened(lead, given[kind]))
                giving.mark(lead, given[kind], mark=mark, code=code, note=note, by=lead.manager)


def _opened(lead: Lead, paper: LeadPaper) -> DataAccess:
    """The look of whoever carries the lead, as the page would have observed it."""
    return DataAccess(
        at=clock.now(), person_id=lead.manager_id, institution_id=lead.institution_id, business_id=lead.business_id,
        lead_id=lead.id, document_id=paper.document_id, fields=["documents", "name"], purpose="paper",
    )  # fmt: skip
