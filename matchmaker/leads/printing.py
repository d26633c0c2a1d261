"""贷款明白纸 as data for the page and as a PDF; what is printed is the stored sheet, never computed anew."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from matchmaker import clock, formatting
from matchmaker.leads.models import Lead, Offer
from matchmaker.matching.telling import fee_name, fee_sum
from matchmaker.products.rules.states import Kind
from matchmaker.reference import terms
from matchmaker.settings import ROOT
from matchmaker.web import LANGUAGES, label

FONT_FILE = ROOT / "static" / "vendor" / "fonts" / "NotoSansSC-Regular.otf"
"""Simplified Chinese glyphs: the collection of all CJK fonts would give Japanese ones first."""
FONT = "noto"
KEPT = 64
INK, GREY, RULE = (22, 33, 31), (70, 82, 78), (204, 212, 207)

_kept: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
_one_at_a_time = threading.Lock()
logging.getLogger("fontTools").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Line:
    """One item of the sheet."""

    code: str
    payee: str
    payer: str
    amount_yuan: Decimal
    way: str
    period: str
    annual_percent: Decimal | None
    basis: str
    value: Decimal | None
    counted: bool
    optional: bool
    note: str


@dataclass(frozen=True)
class Month:
    """One month of the schedule."""

    month: int
    payment_yuan: Decimal
    principal_yuan: Decimal
    interest_yuan: Decimal
    fees_yuan: Decimal
    balance_yuan: Decimal


@dataclass(frozen=True)
class Sheet:
    """A stored cost sheet, read back."""

    all_in_simple_percent: Decimal
    all_in_effective_percent: Decimal
    interest_yuan: Decimal
    fees_yuan: Decimal
    cost_yuan: Decimal
    to_repay_yuan: Decimal
    in_hand_yuan: Decimal
    regular_instalment_yuan: Decimal
    last_instalment_yuan: Decimal
    deposit_yuan: Decimal
    cost_per_wan_yuan: Decimal
    term_months: int
    repayment: str
    lines: tuple[Line, ...]
    not_charged: tuple[str, ...]
    rows: tuple[Month, ...]

    @property
    def fully_drawn(self) -> bool:
        """A revolving line is priced as if drawn in full for the whole term; the page says so."""
        return self.repayment == "REVOLVE"


def _wrapped() -> WrapMode:
    """Chinese breaks between any two letters, English between words (a word longer than its line is broken anyway)."""
    return WrapMode.WORD if formatting.language() == "en" else WrapMode.CHAR


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def read(stored: dict[str, Any]) -> Sheet:
    """The sheet that an offer keeps (`pricing.costsheet.CostSheet.as_json`)."""
    quote = stored["quote"]
    return Sheet(
        all_in_simple_percent=_decimal(quote["all_in_simple_percent"]),
        all_in_effective_percent=_decimal(quote["all_in_effective_percent"]),
        interest_yuan=_decimal(quote["interest_yuan"]),
        fees_yuan=_decimal(quote["lender_fees_yuan"]) + _decimal(quote["third_party_fees_yuan"]),
        cost_yuan=_decimal(quote["cost_yuan"]),
        to_repay_yuan=_decimal(quote["to_repay_yuan"]),
        in_hand_yuan=_decimal(quote["in_hand_yuan"]),
        regular_instalment_yuan=_decimal(quote["regular_instalment_yuan"]),
        last_instalment_yuan=_decimal(quote["last_instalment_yuan"]),
        deposit_yuan=_decimal(quote["deposit_yuan"]),
        cost_per_wan_yuan=_decimal(quote["cost_per_wan_yuan"]),
        term_months=int(quote["term_months"]),
        repayment=str(quote["repayment"]),
        lines=tuple(
            Line(
                code=line["code"],
                payee=line["payee"],
                payer=line["payer"],
                amount_yuan=_decimal(line["amount_yuan"]),
                way=line["way"],
                period=line["period"],
                annual_percent=_decimal(line["annual_percent"]) if line.get("annual_percent") is not None else None,
                basis=line.get("basis", ""),
                value=_decimal(line["value"]) if line.get("value") is not None else None,
                counted=bool(line.get("counted", True)),
                optional=bool(line.get("optional", False)),
                note=line.get("note", ""),
            )
            for line in stored["lines"]
        ),
        not_charged=tuple(stored["not_charged"]),
        rows=tuple(
            Month(
                month=int(row["month"]),
                payment_yuan=_decimal(row["payment_yuan"]),
                principal_yuan=_decimal(row["principal_yuan"]),
                interest_yuan=_decimal(row["interest_yuan"]),
                fees_yuan=_decimal(row["fees_yuan"]),
                balance_yuan=_decimal(row["balance_yuan"]),
            )
            for row in stored["rows"]
        ),
    )


def sheet_number(lead: Lead, offer: Offer) -> str:
    """The number printed on a sheet: MB-2026-0923-000417-1."""
    made: datetime = offer.made_at.astimezone(clock.SHANGHAI)
    return f"MB-{made:%Y-%m%d}-{lead.id:06d}-{offer.number}"


def item_name(code: str) -> str:
    """The name of an item of the sheet."""
    return _("审计费") if code == "AUDIT" else fee_name(code)


def paid_by_owner(line: Line) -> Decimal | None:
    """What the borrower pays of an item; None when it only falls due if something happens."""
    if line.period == "if_it_happens":
        return None
    if line.payer != "borrower" and line.way != "received":
        return Decimal(0)
    return line.amount_yuan


# The PDF ------------------------------------------------------------------------------------------------------------


def pdf(lead: Lead, offer: Offer, *, customer: str, language: str) -> bytes:
    """The sheet as one or two pages; the newest few are kept, since the stored sheet never changes."""
    key = (offer.id, language, customer, offer.answer)
    with _one_at_a_time:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
        with force_locale(LANGUAGES[language]):
            content = _print(lead, offer, customer)
        _kept[key] = content
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return content


@cache
def _font_bytes_exist() -> Path:
    if not FONT_FILE.exists():
        raise FileNotFoundError(f"{FONT_FILE.name} is missing: run `make run` or `make assets` once")
    return FONT_FILE


class _Paper(FPDF):
    """A4 with a foot line that says what this paper is and what it is not."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font(FONT, size=7.5)
        self.set_text_color(*GREY)
        self.cell(0, 4, self.foot, align="L")
        self.set_x(-40)
        self.cell(0, 4, f"{self.page_no()} / {{nb}}", align="R")


def guarantees(lead: Lead) -> bool:
    """Whether what is offered is a guarantee: no money in hand, nothing to repay, its price is a fee."""
    return lead.product_version.product.kind == Kind.GUARANTEE


def _print(lead: Lead, offer: Offer, customer: str) -> bytes:
    sheet = read(offer.cost_sheet)
    paper = _Paper(format="A4", unit="mm")
    paper.set_auto_page_break(True, margin=18)
    paper.set_margins(16, 14, 16)
    paper.add_font(FONT, style="", fname=str(_font_bytes_exist()))
    number, only_guarantees = sheet_number(lead, offer), guarantees(lead)
    paper.foot = (
        _("担保明白纸 %(number)s。这张纸以外的费用，一分都不用付。", number=number)
        if only_guarantees
        else _("贷款明白纸 %(number)s。这张纸以外的费用，一分都不用付。", number=number)
    )
    paper.set_title(_("担保明白纸") if only_guarantees else _("贷款明白纸"))
    paper.set_author(_("万企通"))
    paper.set_lang("en" if formatting.language() == "en" else "zh-CN")
    paper.set_creation_date(offer.made_at)
    paper.add_page()
    _head(paper, lead, offer, customer)
    if only_guarantees:
        _figures_of_guarantee(paper, sheet)
    else:
        _figures(paper, sheet)
    _items(paper, sheet, without=("INTEREST",) if only_guarantees else ())
    if not only_guarantees:
        _schedule(paper, sheet)
    _before_signing(paper, lead, offer, sheet)
    return bytes(paper.output())


def _words(paper: FPDF, text: str, size: float = 9.5, *, grey: bool = False, gap: float = 1.5) -> None:
    paper.set_font(FONT, size=size)
    paper.set_text_color(*(GREY if grey else INK))
    paper.multi_cell(0, size * 0.5, text, align="L", wrapmode=_wrapped(), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(gap)


def _heading(paper: FPDF, text: str) -> None:
    paper.ln(1.5)
    _words(paper, text, 12, gap=0.6)
    paper.set_draw_color(*INK)
    paper.set_line_width(0.4)
    paper.line(paper.l_margin, paper.get_y(), paper.w - paper.r_margin, paper.get_y())
    paper.ln(1.5)


def _head(paper: FPDF, lead: Lead, offer: Offer, customer: str) -> None:
    number = sheet_number(lead, offer)
    title = (
        _("担保明白纸　编号 %(number)s", number=number)
        if guarantees(lead)
        else _("贷款明白纸　编号 %(number)s", number=number)
    )
    _words(paper, title, 8.5, grey=True, gap=0.5)
    _words(paper, lead.product_version.name, 18, gap=0.5)
    giver = lead.institution.name + (f" {lead.branch.name}" if lead.branch is not None else "")
    until = formatting.day(offer.valid_until_on)
    words = (
        _("%(giver)s，给%(customer)s。报价有效到 %(day)s。", giver=giver, customer=customer, day=until)
        if customer
        else _("%(giver)s。报价有效到 %(day)s。", giver=giver, day=until)
    )
    _words(paper, words, gap=0.5)
    amount, term = formatting.wan(offer.amount_yuan), formatting.months(offer.term_months)
    repayment = terms.label("repayment", offer.repayment, formatting.language())
    asked = (
        f"{amount}{_('，')}{term}"
        if guarantees(lead)
        else _("%(amount)s，%(term)s，%(repayment)s", amount=amount, term=term, repayment=repayment)
    )
    _words(paper, asked)


def _figures(paper: FPDF, sheet: Sheet) -> None:
    figures = [
        (_("综合年化成本（单利）"), formatting.percent2(sheet.all_in_simple_percent),
         _("复利口径 %(percent)s", percent=formatting.percent2(sheet.all_in_effective_percent))),
        (_("每期还"), formatting.yuan2(sheet.regular_instalment_yuan),
         _("最后一期 %(sum)s", sum=formatting.yuan2(sheet.last_instalment_yuan))),
        (_("一共要付"), formatting.yuan2(sheet.to_repay_yuan),
         _("其中成本 %(sum)s", sum=formatting.yuan2(sheet.cost_yuan))),
        (_("到手"), formatting.yuan2(sheet.in_hand_yuan),
         _("每借一万元花 %(sum)s", sum=formatting.yuan2(sheet.cost_per_wan_yuan))),
    ]  # fmt: skip
    _side_by_side(paper, figures)


def _figures_of_guarantee(paper: FPDF, sheet: Sheet) -> None:
    _words(paper, _("这是担保，不是钱：还要有一家银行放款，利息另算"))
    figures = [
        (_("综合年化成本（单利）"), formatting.percent2(sheet.all_in_simple_percent), _("只算担保费，贷款利息另算")),
        (_("担保费共"), formatting.yuan2(sheet.cost_yuan),
         _("每借一万元花 %(sum)s", sum=formatting.yuan2(sheet.cost_per_wan_yuan))),
    ]  # fmt: skip
    _side_by_side(paper, figures)


def _side_by_side(paper: FPDF, figures: Sequence[tuple[str, str, str]]) -> None:
    with paper.table(
        borders_layout="NONE", text_align="LEFT", line_height=5.5, first_row_as_headings=False, wrapmode=_wrapped(),
    ) as table:  # fmt: skip
        for row, size, tone in ((0, 8, GREY), (1, 14, INK), (2, 8, GREY)):
            cells = table.row(style=FontFace(family=FONT, emphasis="NONE", size_pt=size, color=tone))
            for figure in figures:
                cells.cell(figure[row])
    paper.ln(1)


def _items(paper: FPDF, sheet: Sheet, without: tuple[str, ...] = ()) -> None:
    _heading(paper, _("钱花在哪里"))
    rows = []
    for line in sheet.lines:
        if line.code in without:
            continue
        name = item_name(line.code)
        if line.code == "INTEREST" and line.value is not None:
            name += f" {formatting.percent2(line.value)}"
        if line.optional:
            name += _("（自愿，可以不要）")
        sum_yuan = paid_by_owner(line)
        rows.append(
            (
                name,
                line.payee or _("没有写"),
                label("lead.payer", line.payer),
                label("lead.period", line.period),
                fee_sum(sum_yuan, formatting.yuan2) if sum_yuan is not None else _("发生了才付"),
            )
        )
    if sheet.not_charged:
        joined = ("、" if formatting.language() == "zh" else ", ").join(item_name(code) for code in sheet.not_charged)
        rows.append((_("%(items)s：逐项都没有", items=joined), _("没有"), _("没有"), _("没有"), formatting.yuan2(0)))
    rows.append((_("合计成本"), "", "", "", formatting.yuan2(sheet.cost_yuan)))
    _table(paper, (_("项目"), _("谁收"), _("谁出"), _("什么时候"), _("您付")), rows, (34, 26, 10, 14, 16))


def _schedule(paper: FPDF, sheet: Sheet) -> None:
    _heading(paper, _("每月还款"))
    rows = [
        (
            str(row.month),
            formatting.yuan2(row.payment_yuan),
            formatting.yuan2(row.principal_yuan),
            formatting.yuan2(row.interest_yuan),
            formatting.yuan2(row.balance_yuan),
        )
        for row in sheet.rows
    ]
    _table(paper, (_("期"), _("还款"), _("本金"), _("利息"), _("剩下本金")), rows, (8, 23, 23, 23, 23), numbers_from=1)


def _table(
    paper: FPDF, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...], numbers_from: int = -1
) -> None:
    paper.set_font(FONT, size=8.5)
    paper.set_draw_color(*RULE)
    paper.set_line_width(0.1)
    count = len(head)
    align = tuple("RIGHT" if (index >= numbers_from >= 0 or index == count - 1) else "LEFT" for index in range(count))
    with paper.table(
        borders_layout="HORIZONTAL_LINES",
        col_widths=widths,
        text_align=align,
        line_height=4.6,
        padding=(0.6, 0.8),
        wrapmode=_wrapped(),
        headings_style=FontFace(family=FONT, emphasis="NONE", size_pt=8, color=GREY),
        repeat_headings=1,
    ) as table:
        paper.set_text_color(*INK)
        for cells in (head, *rows):
            table.row(cells)
    paper.ln(1)


def before_signing(lead: Lead, sheet: Sheet) -> list[tuple[str, str]]:
    """What one must know before signing, as (what, how it is): early and late repayment, renewal, the rate."""
    by_code = {line.code: line for line in sheet.lines}
    version = lead.product_version
    rate = next((line.value for line in sheet.lines if line.code == "INTEREST" and line.value is not None), Decimal(0))
    found = [(_("提前还"), _conditional(by_code.get("PREPAY"), rate, _("不收费")))]
    found.append((_("晚还"), _conditional(by_code.get("LATE"), rate, _("没有写加收"))))
    if "MISUSE" in by_code:
        found.append((_("钱没用在说好的地方"), _conditional(by_code["MISUSE"], rate, "")))
    renewal = label("product.renewal_kind", version.renewal_kind) if version.renewal_kind else _("没有写")
    if version.renewal_statement:
        renewal = f"{renewal}{_('：')}{version.renewal_statement}"
    found.append((_("到期续"), renewal))
    if not guarantees(lead):
        fixed = version.rate_base == "FIXED"
        how = _("这笔是固定利率，不变") if fixed else _("按合同写的重新定价日跟着变，合同里要写清是哪天")
        found.append((_("LPR 变了"), how))
    if sheet.deposit_yuan:
        found.append((_("押着的钱"), _("%(sum)s，还清时退给您", sum=formatting.yuan2(sheet.deposit_yuan))))
    if sheet.fully_drawn:
        found.append((_("随借随还"), _("这里按一直借满算；少借、早还，利息就少")))
    return found


def _conditional(line: Line | None, rate_percent: Decimal, none: str) -> str:
    """What is charged if it happens; a penalty is a share of the agreed rate on top of it."""
    if line is None or not line.value:
        return none
    if line.basis == "percent_over_rate":
        higher = (rate_percent * (100 + line.value) / 100).quantize(Decimal("0.001"))
        share = formatting.num(line.value)
        words = _("那部分的利率按 %(rate)s%% 算（加 %(share)s%%）", rate=formatting.num(higher), share=share)
        return f"{words}{_('；')}{line.note}" if line.note else words
    if line.basis.startswith("percent"):
        return str(_("收 %(percent)s", percent=formatting.percent2(line.value)))
    return str(_("收 %(sum)s", sum=formatting.yuan2(line.value)))


def _before_signing(paper: FPDF, lead: Lead, offer: Offer, sheet: Sheet) -> None:
    _heading(paper, _("签字前要知道的"))
    for what, how in before_signing(lead, sheet):
        _words(paper, f"{what}{_('：')}{how}", 9, gap=0.3)
    if offer.conditions:
        _words(paper, f"{_('附带条件')}{_('：')}{offer.conditions}", 9, gap=0.3)
    if guarantees(lead):
        return
    paper.ln(1)
    _words(
        paper,
        _(
            "算法：放款日到手 %(sum)s，之后每期还款，求内部收益率；"
            "月利率乘 12 是单利口径，(1+月利率) 的 12 次方减 1 是复利口径。",
            sum=formatting.yuan2(sheet.in_hand_yuan),
        ),
        8,
        grey=True,
    )
    _words(paper, _("谁让您另外转钱，就是骗子。这张纸不是合同；合同上的数要和它一样。"), 8, grey=True)


__all__ = ["before_signing", "item_name", "paid_by_owner", "pdf", "read", "sheet_number"]
