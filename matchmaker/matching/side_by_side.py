"""Up to four products of a list beside each other, line by line, the best of each line marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matchmaker import formatting
from matchmaker.matching.cards import payment, tenths_of
from matchmaker.matching.telling import _, fee_name, fee_sum, listed, term_names
from matchmaker.ranking.models import Shown
from matchmaker.reference import terms
from matchmaker.web import label


@dataclass(frozen=True)
class Cell:
    """One value of a comparison, and in words how it differs."""

    text: str
    diff: str = ""
    tone: str = ""
    """best, worst or nothing."""
    typed: bool = False
    """Whether ``diff`` is a text that a desk typed, which stays Chinese."""


@dataclass(frozen=True)
class Line:
    """One line of a comparison."""

    name: str
    why: str
    cells: tuple[Cell, ...]


def comparison(rows: Sequence[Shown], facts: Mapping[str, Any]) -> list[Line]:
    """Products side by side: the same need, the same method, every difference in words."""
    return [
        Line(_("综合年化成本"), _("利息和所有费用都算进去"), _costs(rows)),
        Line(_("一共要还"), "", _sums(rows, "to_repay_yuan", _("最少"), formatting.yuan2)),
        Line(_("每次还"), "", _payments(rows)),
        Line(_("到手"), "", _in_hand(rows)),
        Line(_("另付的费用"), "", _extra_fees(rows)),
        Line(_("利率"), _("不等于成本，只看它会看错"), _rates(rows)),
        Line(_("用多久"), "", _used(rows, facts)),
        Line(_("多快"), "", _waits(rows)),
        Line(_("办成的可能"), "", _chances(rows)),
        Line(
            _("抵押和担保人"),
            "",
            tuple(Cell(listed(term_names("guarantee", row.product_version.securities))) for row in rows),
        ),
        Line(_("怎么还"), "", tuple(Cell(_way(row)) for row in rows)),
        Line(_("提前还款"), "", tuple(_conditional(row, "PREPAY") for row in rows)),
        Line(_("晚还会怎样"), "", tuple(_conditional(row, "LATE") for row in rows)),
        Line(_("到期怎么续"), "", tuple(_renewal(row) for row in rows)),
        Line(_("要的材料"), "", _papers(rows)),
    ]


def _number(row: Shown, name: str) -> Decimal | None:
    value = row.quote.get(name)
    return None if value is None else Decimal(value)


def _costs(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    values = [_number(row, "all_in_simple_percent") for row in rows]
    known = [value.quantize(Decimal("0.01")) for value in values if value is not None]
    found = []
    for value in values:
        if value is None:
            found.append(Cell(_("还算不出来")))
            continue
        shown = value.quantize(Decimal("0.01"))
        if len(set(known)) < 2:
            found.append(Cell(formatting.percent2(value)))
        elif shown == min(known):
            found.append(Cell(formatting.percent2(value), _("最低"), "best"))
        else:
            worst = shown == max(known)
            words = formatting.points(shown - min(known))
            found.append(
                Cell(
                    formatting.percent2(value),
                    _("最高，%(by)s", by=words) if worst else words,
                    "worst" if worst else "",
                )
            )
    return tuple(found)


def _sums(rows: Sequence[Shown], name: str, least: str, write: Callable[[Any], str]) -> tuple[Cell, ...]:
    values = [_number(row, name) for row in rows]
    known = [value for value in values if value is not None]
    found = []
    for value in values:
        if value is None:
            found.append(Cell(_("还算不出来")))
        elif len(set(known)) < 2:
            found.append(Cell(write(value)))
        elif value == min(known):
            found.append(Cell(write(value), least, "best"))
        else:
            tone = "worst" if value == max(known) else ""
            found.append(Cell(write(value), _("多 %(by)s", by=write(value - min(known))), tone))
    return tuple(found)


def _payments(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    found = []
    for row in rows:
        if not row.quote.get("cost_yuan"):
            found.append(Cell(_("还算不出来")))
            continue
        pays = payment(row.quote)
        found.append(Cell(f"{pays['what']} {formatting.yuan2(pays['value'])}", pays["sub"]))
    return tuple(found)


def _in_hand(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    found = []
    for row in rows:
        amount, hand = _number(row, "amount_yuan"), _number(row, "in_hand_yuan")
        if amount is None or hand is None:
            found.append(Cell(_("还算不出来")))
        elif hand < amount:
            found.append(
                Cell(formatting.yuan2(hand), _("少 %(by)s，先扣先付", by=formatting.yuan2(amount - hand)), "worst")
            )
        else:
            found.append(Cell(formatting.yuan2(hand)))
    return tuple(found)


def _extra_fees(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    found = []
    for row in rows:
        charged = [fee for fee in row.quote.get("fees", ()) if fee["counted"] and Decimal(fee["total_yuan"])]
        words = [f"{fee_name(fee['code'])} {fee_sum(fee['total_yuan'], formatting.yuan2)}" for fee in charged]
        payees = [fee["payee"] for fee in charged if fee["payee"]]
        found.append(Cell(listed(words, 6) or _("没有"), _("%(who)s收", who=listed(payees)) if payees else ""))
    return tuple(found)


def _rates(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    values = [_number(row, "rate_percent") for row in rows]
    known = {value for value in values if value is not None}
    found = []
    for row, value in zip(rows, values, strict=True):
        if value is None:
            found.append(Cell(_("还算不出来")))
            continue
        version = row.product_version
        base = _("固定")
        if version.rate_base != "FIXED":
            spread = formatting.basis_points(version.spread_max_bp)
            base = _("%(base)s %(spread)s", base=label("product.rate_base", version.rate_base), spread=spread)
        lowest = len(known) > 1 and value == min(known)
        words = _("%(base)s，最低", base=base) if lowest else base
        found.append(Cell(formatting.percent2(value), words, "best" if lowest else ""))
    return tuple(found)


def _used(rows: Sequence[Shown], facts: Mapping[str, Any]) -> tuple[Cell, ...]:
    asked = facts.get("term_months")
    found = []
    for row in rows:
        months = row.quote.get("term_months")
        if months is None:
            found.append(Cell(_("还算不出来")))
        elif isinstance(asked, int) and months != asked:
            found.append(
                Cell(formatting.months(months), _("不是您要的 %(asked)s", asked=formatting.months(asked)), "worst")
            )
        else:
            found.append(Cell(formatting.months(months), _("随借随还") if row.product_version.revolving else ""))
    return tuple(found)


def _waits(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    days = [row.quote.get("days") for row in rows]
    known = {day for day in days if day is not None}
    found = []
    for row, day in zip(rows, days, strict=True):
        if day is None:
            found.append(Cell(_("没有数")))
            continue
        kind = _("到账，中间一家") if row.quote.get("days_are_median") else _("承诺答复")
        if len(known) > 1 and day == min(known):
            found.append(Cell(formatting.workdays(day), _("%(kind)s，最快", kind=kind), "best"))
        elif len(known) > 1 and day == max(known):
            found.append(Cell(formatting.workdays(day), _("%(kind)s，最慢", kind=kind), "worst"))
        else:
            found.append(Cell(formatting.workdays(day), kind))
    return tuple(found)


def _chances(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    found = []
    tenths = [tenths_of(row) for row in rows]
    known = {tenth for tenth in tenths if tenth is not None}
    for row, tenth in zip(rows, tenths, strict=True):
        if tenth is None:
            found.append(Cell(_("不下结论"), _("只有 %(n)s 家", n=row.chance_n)))
        else:
            best = len(known) > 1 and tenth == max(known)
            n = _("看了 %(n)s 家", n=row.chance_n)
            found.append(
                Cell(_("10 家约 %(k)s 家", k=tenth), _("最高，%(n)s", n=n) if best else n, "best" if best else "")
            )
    return tuple(found)


def _way(row: Shown) -> str:
    code = row.quote.get("repayment")
    return terms.label("repayment", code, formatting.language()) if code else _("没有要求")


def _conditional(row: Shown, code: str) -> Cell:
    """What happens on early or late repayment, by the fee schedule."""
    fee = next((fee for fee in row.product_version.fees if fee.code == code and fee.charged), None)
    if fee is None or not fee.value:
        return Cell(_("不收费"))
    if fee.basis == "percent_over_rate":
        return Cell(_("利率加 %(percent)s", percent=formatting.percent1(fee.value)), fee.note, typed=True)
    if fee.basis in ("percent_of_amount", "percent_per_year"):
        return Cell(_("金额的 %(percent)s", percent=formatting.percent2(fee.value)), fee.note, typed=True)
    return Cell(formatting.yuan(fee.value), fee.note, typed=True)


def _renewal(row: Shown) -> Cell:
    version = row.product_version
    if version.renewal_kind is None:
        return Cell(_("没有写"))
    tone = "worst" if version.renewal_kind == "no" else ""
    return Cell(label("product.renewal_kind", version.renewal_kind), version.renewal_statement, tone, typed=True)


def _papers(rows: Sequence[Shown]) -> tuple[Cell, ...]:
    counts = [len(row.product_version.documents) for row in rows]
    found = []
    for row, count in zip(rows, counts, strict=True):
        names = listed((label("product.document", paper["code"]) for paper in row.product_version.documents), 12)
        fewest = len(set(counts)) > 1 and count == min(counts)
        found.append(Cell(_("%(n)s 样", n=count), names, "best" if fewest and not names else ""))
    return tuple(found)
