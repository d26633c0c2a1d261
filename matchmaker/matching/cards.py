"""A place of a stored list as its card tells it: sums, reasons, promises kept; the orders an owner may choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matchmaker import formatting
from matchmaker.matching.rules import SMALLEST_SAMPLE
from matchmaker.matching.telling import _, fee_name, fee_sum, listed, said, term_names
from matchmaker.products.models import PromiseRecord
from matchmaker.products.rules.capacity import Full
from matchmaker.products.rules.concessions import Change, Concession, from_json
from matchmaker.products.rules.promises import Promise
from matchmaker.ranking.models import Shown
from matchmaker.ranking.rules import Points, points_of
from matchmaker.web import label

SORTS = ("overall", "chance", "cost", "speed")


@dataclass(frozen=True)
class Card:
    """One product of a list as its card shows it."""

    row: Shown
    name: str
    institution: str
    subtitle: str
    tag: tuple[str, str] | None
    gives_amount: str
    gives_term: str
    amount_meets: bool
    term_meets: bool
    monies: tuple[dict[str, Any], ...]
    interest_yuan: Decimal
    fees_yuan: Decimal
    bar_words: tuple[tuple[str, str | None], ...]
    tenths: int | None
    n: int
    beside: str
    """Said when the order sees another chance for this need than the count of similar cases (decision 0031)."""
    reasons: tuple[tuple[str, str], ...]
    concessions: tuple[str, ...]
    """What was taken off for this need, for whom and until when; it is in the cost already."""
    guarantee: bool
    points: tuple[Points, ...]
    """What the place has its score from; empty for lists of another version of the score."""

    @property
    def score(self) -> float:
        """Points of a hundred, as the list keeps them."""
        return self.row.score

    @property
    def by_score(self) -> int:
        """The place that the score alone gives; another one than its own where neighbours were exchanged."""
        return int(self.row.features.get("place_by_score") or self.row.place)

    @property
    def product_id(self) -> int:
        return self.row.product_id

    @property
    def institution_id(self) -> int:
        return self.row.product.institution_id

    @property
    def place(self) -> int:
        return self.row.place


def tenths_of(row: Shown) -> int | None:
    """The chance in tenths, or None under the smallest sample."""
    if row.chance is None or row.chance_n < SMALLEST_SAMPLE:
        return None
    return min(10, max(0, int(row.chance * 10 + 0.5)))  # half up, as the order's own reasons count


def promises_said(records: Mapping[str, PromiseRecord] | None) -> list[str]:
    """How an institution kept what it promises, in sentences; only promises with cases enough for a share."""
    return [_PROMISE[promise](row) for promise, row in sorted((records or {}).items(), key=_as_declared)
            if row.tenths is not None]  # fmt: skip


def _as_declared(pair: tuple[str, PromiseRecord]) -> int:
    return list(Promise).index(Promise(pair[0]))


def _kept_days(row: PromiseRecord) -> str:
    said = _("10 件约 %(k)s 件按承诺的天数答复，看了 %(n)s 件", k=row.tenths, n=row.n)
    if row.actual is None or row.promised is None:
        return said
    middle = _("承诺%(promised)s，中间一件用了%(actual)s", promised=_days(row.promised), actual=_days(row.actual))
    return _("%(said)s（%(middle)s）", said=said, middle=middle)


def _days(value: Decimal) -> str:
    return (" " if formatting.language() == "zh" else "") + formatting.workdays(int(value))


def _kept_rate(row: PromiseRecord) -> str:
    said = _("10 份报价约 %(k)s 份是它写的最低利率，看了 %(n)s 份", k=row.tenths, n=row.n)
    if not row.actual:
        return said
    return _("%(said)s（中间一份比最低%(gap)s）", said=said, gap=formatting.points(row.actual))


_PROMISE: Mapping[str, Callable[[PromiseRecord], str]] = {
    Promise.MONEY: lambda row: _("送过去的 10 件约 %(k)s 件拿到钱，看了 %(n)s 件", k=row.tenths, n=row.n),
    Promise.DAYS: _kept_days,
    Promise.RATE: _kept_rate,
}


def concession_said(one: Concession) -> str:
    """A concession in one sentence: what, for whom, until when."""
    whom = label("product.concession_for", one.whom)
    until = formatting.day(one.until_on)
    if one.change is Change.RATE_CUT:
        return _("%(whom)s，利率减 %(bp)s 个基点，到 %(until)s", whom=whom, bp=one.cut_bp, until=until)
    return _("%(whom)s，不收%(fee)s，到 %(until)s", whom=whom, fee=label("product.fee", one.fee), until=until)


def full_said(full: Full | None) -> str:
    """That a product takes nothing new now, and from when it does again; "" where it takes."""
    if full is None:
        return ""
    again = formatting.day(full.again_on) if full.again_on is not None else ""
    return {
        "full_until": lambda: _("现在不接新的，%(again)s起可接", again=again),
        "full_week": lambda: _("本周已满，%(again)s起可接", again=again),
        "full_funds": lambda: _("剩下的额度不够这一笔，机构加了额度才接"),
        "full_branch": lambda: _("网点的客户经理手上都满了，空出来才接；%(again)s再看", again=again),
    }[full.code]()


FAR_FROM_THE_COUNT = 0.2
"""Two of ten: from here on a reader would wonder about the place. Own choice."""


def beside_the_count(row: Shown) -> str:
    """Why the place does not follow the counted chance: the order also reads trade, turnover, term and grade.

    Empty under the smallest sample, where no model ordered, and where both agree to less than two of ten.
    """
    seen = row.features.get("model_chance")
    if row.list.rule_only or tenths_of(row) is None or seen is None or row.chance is None:
        return ""
    apart = round(float(seen) - row.chance, 6)
    if apart >= FAR_FROM_THE_COUNT:
        return _("把行业、金额、期限、经营都看进去，这一笔比类似的更容易办成，排序用的是这个。")
    if apart <= -FAR_FROM_THE_COUNT:
        return _("把行业、金额、期限、经营都看进去，这一笔比类似的难办成，排序用的是这个。")
    return ""


def card(row: Shown, facts: Mapping[str, Any], tag: tuple[str, str] | None = None) -> Card:
    """A stored row as its card; ``facts`` are those stored with its list."""
    version, quote = row.product_version, row.quote
    amount, months = quote.get("amount_yuan"), quote.get("term_months")
    asked, asked_months = facts.get("amount_yuan"), facts.get("term_months")
    others = [fee for fee in quote.get("fees", ()) if fee["counted"]]
    return Card(
        row=row,
        name=version.name,
        institution=_who(row),
        subtitle=_subtitle(row),
        tag=tag,
        gives_amount=formatting.wan_range(version.amount_min_yuan, version.amount_max_yuan),
        gives_term=formatting.months_range(version.term_min_months, version.term_max_months)
        + (_("，循环用") if version.revolving else ""),
        amount_meets=amount is None or asked is None or not isinstance(asked, str) or Decimal(amount) == Decimal(asked),
        term_meets=months is None or asked_months is None or months == asked_months,
        monies=tuple(_monies(row)),
        interest_yuan=Decimal(quote.get("interest_yuan", "0")),
        fees_yuan=sum((max(Decimal(fee["total_yuan"]), Decimal(0)) for fee in others), Decimal(0)),
        bar_words=tuple(_bar_words(quote, others)) if quote.get("cost_yuan") else (),
        tenths=tenths_of(row),
        n=row.chance_n,
        beside=beside_the_count(row),
        reasons=tuple(("for", said(reason)) for reason in row.reasons)
        + tuple(("care", said(care)) for care in row.cautions),
        concessions=tuple(concession_said(from_json(one)) for one in quote.get("concessions", ())),
        guarantee=row.product.kind == "guarantee",
        points=points_of(row.features, row.score, objected=bool(row.list.counts.get("objected"))),
    )


def _who(row: Shown) -> str:
    branch = row.product.branch
    name: str = row.product.institution.short_name
    return _("%(bank)s，%(branch)s", bank=name, branch=branch.name) if branch else name


def _subtitle(row: Shown) -> str:
    version = row.product_version
    if row.product.kind == "guarantee":
        return _("担保，不是贷款：它替您担保，钱由银行出")
    words = [_("信用贷款，不用抵押") if version.unsecured else listed(term_names("guarantee", version.securities))]
    if version.revolving:
        words.append(_("随借随还"))
    return ("，" if formatting.language() == "zh" else "; ").join(words)


def _monies(row: Shown) -> Iterable[dict[str, Any]]:
    quote, loan = row.quote, row.product.kind == "credit"
    if not quote.get("cost_yuan"):
        yield {"what": _("综合年化成本"), "text": _("还算不出来"), "sub": _("机构报价时写清")}
    else:
        yield {
            "what": _("综合年化成本"),
            "value": quote["all_in_simple_percent"],
            "kind": "percent2",
            "sub": _cost_sub(row),
        }
        if loan:
            yield payment(quote)
            hand = _("到手 %(sum)s", sum=formatting.yuan(quote["in_hand_yuan"]))
            yield {"what": _("一共要还"), "value": quote["to_repay_yuan"], "kind": "yuan", "sub": hand}
        else:
            yield {"what": _("担保费共"), "value": quote["cost_yuan"], "kind": "yuan", "sub": ""}
    if quote.get("days") is not None:
        median = quote.get("days_are_median")
        yield {
            "what": _("到账，中间一家") if median else _("承诺答复"),
            "value": quote["days"],
            "kind": "workdays",
            "sub": "" if median else _("最晚几天给决定"),
        }


def _cost_sub(row: Shown) -> str:
    quote = row.quote
    if quote.get("all_in_simple_percent") is None:
        return _("没有单一的年利率，看总数")
    if row.product.kind == "guarantee":
        return _("只算担保费，贷款利息另算")
    if quote["cost_yuan"] == quote["interest_yuan"]:
        return _("只有利息")
    return _("利率 %(rate)s，加费用", rate=formatting.percent2(quote["rate_percent"]))


def payment(quote: Mapping[str, Any]) -> dict[str, Any]:
    """What is paid each time, by the way of repaying."""
    way = quote["priced_as"]
    end = formatting.wan(quote["principal_at_end_yuan"])
    if way == "BULLET":
        return {
            "what": _("到期一次还"),
            "value": quote["last_instalment_yuan"],
            "kind": "yuan",
            "sub": _("平时不用还"),
        }
    if way == "INT_M_BULLET":
        return {
            "what": _("每月只还利息"),
            "value": quote["each_yuan"],
            "kind": "yuan",
            "sub": _("到期还本 %(sum)s", sum=end),
        }
    if way == "INT_Q_BULLET":
        return {
            "what": _("每季只还利息"),
            "value": quote["each_yuan"],
            "kind": "yuan",
            "sub": _("到期还本 %(sum)s", sum=end),
        }
    if way == "EQ_PRIN":
        return {
            "what": _("第一个月还"),
            "value": quote["first_instalment_yuan"],
            "kind": "yuan",
            "sub": _("以后一月比一月少"),
        }
    return {
        "what": _("每月还"),
        "value": quote["each_yuan"],
        "kind": "yuan",
        "sub": _("共 %(n)s 期", n=quote["instalments"]),
    }


def _bar_words(quote: Mapping[str, Any], fees: Sequence[Mapping[str, Any]]) -> Iterable[tuple[str, str | None]]:
    if Decimal(quote["interest_yuan"]):
        yield _("利息 %(sum)s", sum=formatting.yuan(quote["interest_yuan"])), "int"
    for fee in fees:
        if Decimal(fee["total_yuan"]):
            yield (
                f"{fee_name(fee['code'])} {fee_sum(fee['total_yuan'], formatting.yuan)}",
                "fee",
            )
    yield (
        _(
            "共 %(sum)s，每借 1 万元花 %(each)s",
            sum=formatting.yuan(quote["cost_yuan"]),
            each=formatting.yuan(quote["cost_per_wan_yuan"]),
        ),
        None,
    )


# Order and tags -----------------------------------------------------------------------------------------------------


def sorted_rows(rows: Sequence[Shown], sort: str) -> list[Shown]:
    """The rows by what the reader asked for, loans before guarantees; unknown values last, the score decides ties.

    An exchange of neighbours is never seen in an order that the reader chose.
    """

    def wanted(row: Shown) -> tuple[Any, ...]:
        if sort == "chance":
            return tenths_of(row) is None, -(row.chance or 0)
        if sort == "cost":
            return row.cost_percent is None, row.cost_percent or Decimal(0)
        if sort == "speed":
            return row.quote.get("days") is None, row.quote.get("days") or 0
        return (row.place,)

    def by_score(row: Shown) -> int:
        return int(row.features.get("place_by_score", row.place))

    return sorted(rows, key=lambda row: (row.product.kind != "credit", *wanted(row), by_score(row)))


def cards(rows: Sequence[Shown], facts: Mapping[str, Any]) -> list[Card]:
    """Cards of these rows; the first place, the cheapest and the fastest loan carry a tag, one each."""
    loans = [row for row in rows if row.product.kind == "credit"]
    tags: dict[int, tuple[str, str]] = {}
    if len(loans) > 1:
        fastest = min(loans, key=lambda row: (row.quote.get("days") is None, row.quote.get("days") or 0, row.place))
        cheapest = min(loans, key=lambda row: (row.cost_percent is None, row.cost_percent or Decimal(0), row.place))
        if fastest.quote.get("days") is not None:
            tags[fastest.id] = ("line", _("最快"))
        if cheapest.cost_percent is not None:
            tags[cheapest.id] = ("line", _("最省钱"))
    for row in loans:
        if row.place == 1:
            tags[row.id] = ("you", _("优先看"))
    return [card(row, facts, tags.get(row.id)) for row in rows]
