"""Stored lists in the reader's words: cards, failed rules, comparison. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.eligibility.planning import Repair, Step
from matchmaker.eligibility.rules import Verdict
from matchmaker.matching.rules import SMALLEST_SAMPLE
from matchmaker.products.models import PromiseRecord
from matchmaker.products.rules.capacity import Full
from matchmaker.products.rules.concessions import Change, Concession, from_json
from matchmaker.products.rules.promises import Promise
from matchmaker.ranking.models import Shown, TurnedDown
from matchmaker.ranking.rules import Points, points_of
from matchmaker.reference import industries, regions, terms
from matchmaker.refusal import plain
from matchmaker.web import known_sentences, label, write_fact


def _(message: str, **facts: Any) -> str:
    """Words in the reader's language (flask_babel brings no types)."""
    return str(gettext(message, **facts))


SORTS = ("overall", "chance", "cost", "speed")
NAMED_AT_MOST = 3
OFFICIAL_NAMES = frozenset({"region", "service_area"})
BY_EDITING = frozenset({"amount", "decision_limit", "term", "purpose", "security", "repayment"})
"""Rules whose fact stands in the need itself: the page links to the form that changes it."""


# Codes as words -----------------------------------------------------------------------------------------------------


def listed(words: Iterable[str], most: int = NAMED_AT_MOST) -> str:
    """Some words in a row; beyond ``most`` the number of all is said."""
    found = [word for word in words if word]
    joined = ("、" if formatting.language() == "zh" else ", ").join(found[:most])
    return joined if len(found) <= most else _("%(some)s 等 %(n)s 样", some=joined, n=len(found))


def term_names(domain: str, codes: Iterable[str]) -> list[str]:
    """Names of codes of financing_terms: official ones, but for security, which is said as an owner would."""
    return [
        str(_SECURITY[code])
        if domain == "guarantee" and code in _SECURITY
        else terms.label(domain, code, formatting.language())
        for code in codes
    ]


_SECURITY = {
    "CREDIT": _l("信用，不用抵押"),
    "MORT_RES": _l("住房抵押"),
    "MORT_COM": _l("店面、写字楼抵押"),
    "MORT_FACT": _l("厂房抵押"),
    "MORT_LAND": _l("土地使用权抵押"),
    "MORT_EQP": _l("机器设备抵押"),
    "MORT_VEH": _l("车辆抵押"),
    "MORT_CIP": _l("在建工程、船舶抵押"),
    "PLEDGE_INV": _l("存货、仓单质押"),
    "PLEDGE_AR": _l("应收货款质押"),
    "PLEDGE_BILL": _l("票据质押"),
    "PLEDGE_IP_PAT": _l("专利质押"),
    "PLEDGE_IP_TM": _l("商标质押"),
    "PLEDGE_IP_CR": _l("著作权质押"),
    "PLEDGE_IP_DATA": _l("数据知识产权质押"),
    "PLEDGE_EQ": _l("股权质押"),
    "PLEDGE_DEP": _l("存单、保证金质押"),
    "PLEDGE_RIGHT": _l("收费权、经营权质押"),
    "PLEDGE_TAXREF": _l("出口退税账户质押"),
    "PLEDGE_ORDER": _l("订单、中标合同质押"),
    "SURETY_CORP": _l("别的企业担保"),
    "SURETY_PERS": _l("亲友个人担保"),
    "SURETY_JOINT": _l("几家互相担保"),
}


def region_name(prefix: Any) -> str:
    """The name of a region by its code or prefix; names are official and stay Chinese."""
    found = regions.get(str(prefix).ljust(6, "0"))
    return found.full_name if found else str(prefix)


def industry_name(prefix: Any) -> str:
    """The name of an industry by its prefix."""
    return industries.name(str(prefix), formatting.language())


def fee_name(code: str) -> str:
    """The name of a fee; the audit is no term of the list, but the sheet names it. A subsidy says "less" by its sum."""
    if code in _SUBSIDIES:
        return str(_SUBSIDIES[code])
    return _("审计费") if code == "AUDIT" else terms.label("fee", code, formatting.language())


_SUBSIDIES = {"SUBSIDY": _l("财政贴息"), "GUARSUB": _l("担保费补贴")}
"""The list calls them "negative": true of the column, no word to say to an owner."""


def fee_sum(value: Any, write: Callable[[Any], str]) -> str:
    """A sum of a fee; what takes something off says so in words."""
    amount = Decimal(str(value))
    return _("减 %(sum)s", sum=write(-amount)) if amount < 0 else write(amount)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


_NAMED: Mapping[str, Callable[[Any], str]] = {
    "regions": lambda value: listed(map(region_name, value)),
    "region": lambda value: listed(map(region_name, _as_list(value))),
    "industries_allow": lambda value: listed(map(industry_name, value)),
    "industries_deny": lambda value: listed(map(industry_name, value)),
    "industry": lambda value: listed(map(industry_name, _as_list(value))),
    "securities": lambda value: listed(term_names("guarantee", value)),
    "securities_offered": lambda value: listed(term_names("guarantee", value)) if value else _("没有"),
    "purposes": lambda value: listed(
        label("need.purpose", code) for code in value if not code.startswith("PROHIBIT")
    ),
    "purpose": lambda value: (
        label("need.purpose", value) if not str(value).startswith("PROHIBIT") else terms.label("purpose", value)
    ),
    "repayments": lambda value: listed(term_names("repayment", value)),
    "repayment": lambda value: term_names("repayment", [value])[0],
    "applicant_kinds": lambda value: listed(map(_applicant, value), most=6),
    "kind": lambda value: _applicant(value),
    "entity": lambda value: terms.label("entity", value, formatting.language()),
}


def _applicant(code: str) -> str:
    if code in ("enterprise", "sole_proprietor", "cooperative"):
        return label("match.applicant", code)
    return terms.label("entity", code, formatting.language())


def said(reason: Mapping[str, Any]) -> str:
    """A stored reason as a sentence: codes by their names, payments in 元, shares and gaps as one says them."""
    facts = dict(reason.get("facts") or {})
    written = {name: write_fact(name, value) for name, value in facts.items()}
    written |= {name: _NAMED[name](value) for name, value in facts.items() if name in _NAMED}
    written |= {name: _SPOKEN[name](value) for name, value in facts.items() if name in _SPOKEN}
    return str(known_sentences()[reason["code"]]) % written


_SPOKEN: Mapping[str, Callable[[Any], str]] = {
    "monthly_yuan": formatting.yuan,
    "deposit_yuan": formatting.yuan,
    "share_percent": lambda value: f"{formatting.num(value)}%",
    "gap_percent": lambda value: _("%(gap)s 个百分点", gap=formatting.num(value)),
}


# A failed rule ------------------------------------------------------------------------------------------------------


def _least_or_most(low: Any, high: Any, write: Callable[[Any], str], both: Callable[[Any, Any], str]) -> str:
    if low is not None and high is not None:
        return both(low, high)
    if low is not None:
        return _("至少 %(least)s", least=write(low))
    return _("最多 %(most)s", most=write(high))


def _area(facts: Mapping[str, Any]) -> str:
    if facts.get("regions"):
        return _NAMED["regions"](facts["regions"])
    if facts.get("radius_km") is not None:
        return _(
            "离%(branch)s %(km)s 公里以内",
            branch=facts.get("branch") or _("网点"),
            km=formatting.num(facts["radius_km"]),
        )
    return _("它的服务范围里")


def _validity(facts: Mapping[str, Any]) -> str:
    start, end = facts.get("valid_from_on"), facts.get("valid_until_on")
    if start and end:
        return _("%(start)s 到 %(end)s", start=formatting.day_full(start), end=formatting.day_full(end))
    return _("%(start)s起", start=formatting.day(start)) if start else _("到%(end)s止", end=formatting.day(end))


def _industry(facts: Mapping[str, Any]) -> str:
    if facts.get("industries_allow"):
        return _("只做%(names)s", names=_NAMED["industries_allow"](facts["industries_allow"]))
    return _("不做%(names)s", names=_NAMED["industries_deny"](facts["industries_deny"]))


_REQUIRED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "amount": lambda f: _least_or_most(
        f.get("amount_min_yuan"), f.get("amount_max_yuan"), formatting.wan, formatting.wan_range
    ),
    "decision_limit": lambda f: _("网点最多能定 %(most)s", most=formatting.wan(f.get("decision_limit_yuan"))),
    "term": lambda f: _least_or_most(
        f.get("term_min_months"), f.get("term_max_months"), formatting.months, formatting.months_range
    ),
    "months_in_business": lambda f: _("至少 %(least)s", least=formatting.months(f.get("least_months"))),
    "turnover": lambda f: _("至少 %(least)s", least=formatting.wan(f.get("least_turnover_yuan"))),
    "tax_grade": lambda f: _("%(grade)s 级以上", grade=f.get("least_tax_grade") or ""),
    "debt_ratio": lambda f: _("最多 %(most)s", most=formatting.percent1(f.get("most_debt_ratio_percent"))),
    "region": lambda f: _NAMED["regions"](f.get("regions") or []),
    "service_area": _area,
    "industry": _industry,
    "applicant": lambda f: _NAMED["applicant_kinds"](f.get("applicant_kinds") or []),
    "security": lambda f: _NAMED["securities"](f.get("securities") or []),
    "purpose": lambda f: _NAMED["purposes"](f["purposes"]) if f.get("purposes") else _("生产经营的用途"),
    "first_time": lambda f: _("从没贷过款的"),
    "validity": _validity,
    "repayment": lambda f: _NAMED["repayments"](f.get("repayments") or []),
}


def required(rule: str, facts: Mapping[str, Any]) -> str:
    """What the product asks for, in a few words; a product that asks nothing here says so."""
    return _REQUIRED[rule](facts) if facts or rule == "purpose" else _("没有要求")


def _band(
    facts: Mapping[str, Any], stem: str, unit: str, write: Callable[[Any], str], both: Callable[[Any, Any], str]
) -> str:
    if f"{stem}_{unit}" in facts:
        return write(facts[f"{stem}_{unit}"])
    low, high = facts.get(f"{stem}_from_{unit}"), facts.get(f"{stem}_to_{unit}")
    return _("还没填") if low is None and high is None else _least_or_most(low, high, write, both)


def _mine_area(facts: Mapping[str, Any]) -> str:
    where = _NAMED["region"](facts["region"]) if facts.get("region") else _("还没填")
    if facts.get("distance_km") is None:
        return where
    return _("%(where)s，约 %(km)s 公里", where=where, km=formatting.num(facts["distance_km"]))


_MINE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "amount": lambda f: _band(f, "amount", "yuan", formatting.wan, formatting.wan_range),
    "decision_limit": lambda f: _band(f, "amount", "yuan", formatting.wan, formatting.wan_range),
    "term": lambda f: _band(f, "term", "months", formatting.months, formatting.months_range),
    "months_in_business": lambda f: _band(f, "open", "months", formatting.months, formatting.months_range),
    "turnover": lambda f: _band(f, "turnover", "yuan", formatting.wan, formatting.wan_range),
    "tax_grade": lambda f: label("match.tax_grade", f["tax_grade"]) if f.get("tax_grade") else _("还没填"),
    "debt_ratio": lambda f: _band(f, "debt_ratio", "percent", formatting.percent1, formatting.percent_range),
    "service_area": _mine_area,
    "security": lambda f: (
        _NAMED["securities_offered"](f["securities_offered"]) if "securities_offered" in f else _("还没填")
    ),
    "first_time": lambda f: (
        _("还没填") if f.get("first_loan") is None else _("从没贷过款") if f["first_loan"] else _("以前贷过")
    ),
    "validity": lambda f: _("今天 %(day)s", day=formatting.day(f.get("today_on"))),
}
_MINE_NAME = {
    "region": "region",
    "industry": "industry",
    "applicant": "kind",
    "purpose": "purpose",
    "repayment": "repayment",
}


def mine(rule: str, facts: Mapping[str, Any]) -> str:
    """What the owner has on this point."""
    if rule in _MINE:
        return _MINE[rule](facts)
    if rule == "repayment" and not facts:
        return _("怎么还都行")
    name = _MINE_NAME[rule]
    return _NAMED[name](facts[name]) if facts.get(name) else _("还没填")


def change(rule: str, changeable: Mapping[str, Any]) -> tuple[str, str]:
    """(tone, words) of "can it change": "you" the owner may, "soon" with time and from when, "" not at all."""
    kind, from_on = changeable.get("kind"), changeable.get("from_on")
    if kind == "by_owner":
        return "you", _("您能改")
    if kind == "with_time" and from_on:
        if rule in ("turnover", "debt_ratio"):
            return "soon", _("%(day)s起填新一年的数", day=formatting.day(from_on))
        if rule == "tax_grade":
            return "soon", _("等新评级，%(day)s前公布", day=formatting.day(from_on))
        return "soon", _("%(day)s起", day=formatting.day(from_on))
    if kind == "with_time":
        return "soon", _("要等")
    return "", _("变不了")


@dataclass(frozen=True)
class FailedRule:
    """One line of "why not the others"."""

    rule: str
    name: str
    required: str
    mine: str
    tone: str
    change: str
    editable: bool
    official: bool
    """Both values are official names, which stay Chinese on English pages."""


@dataclass(frozen=True)
class Turned:
    """A product that does not fit, with the rules it fails."""

    product_id: int
    name: str
    institution: str
    failed: tuple[FailedRule, ...]


def turned(row: TurnedDown) -> Turned:
    """A turned-down row in words."""
    return Turned(
        row.product_id,
        row.product_version.name,
        row.product.institution.short_name,
        tuple(failed_rule(stored) for stored in row.failed),
    )


def failed_rule(stored: Mapping[str, Any]) -> FailedRule:
    """One failed rule in words."""
    rule = stored["rule"]
    tone, words = change(rule, stored["changeable"])
    return FailedRule(
        rule, label("match.rule", rule), required(rule, stored["required"]), mine(rule, stored["mine"]), tone, words,
        editable=rule in BY_EDITING and stored["changeable"].get("kind") == "by_owner",
        official=rule in OFFICIAL_NAMES,
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """What one rule says about a product that fits, in words."""

    name: str
    outcome: str
    required: str
    mine: str
    official: bool
    asks: bool = True
    """Whether the product asks for anything on this point."""


def judged(verdict: Verdict) -> Judged:
    """A verdict in words; its facts may be plain values or those of the rules."""
    asked, have = plain(verdict.required), plain(verdict.mine)
    return Judged(
        label("match.rule", verdict.rule),
        verdict.outcome.value,
        required(verdict.rule, asked),
        mine(verdict.rule, have),
        official=verdict.rule in OFFICIAL_NAMES,
        asks=bool(asked) or verdict.rule == "purpose",
    )


# A card -------------------------------------------------------------------------------------------------------------


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
        amount_meets=amount is None
        or asked is None
        or not isinstance(asked, str)
        or Decimal(amount) == Decimal(asked),
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


# Comparison ---------------------------------------------------------------------------------------------------------


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


# What would help, and the way on -------------------------------------------------------------------------------------


def helps(stored: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """ "One step further": each change with what it opens or lifts, for the list of reasons."""
    found = []
    for help in stored:
        words = said(help)
        if help["facts"].get("fewer"):
            words = _("%(words)s，但少 %(n)s 个", words=words, n=help["facts"]["fewer"])
        found.append(("add", words))
    return found


def step_said(step: Step) -> str:
    """One change of a plan in words."""
    value = [step.value] if step.fact == "securities" else step.value
    return said({"code": f"step_{step.fact}", "facts": {step.fact: plain(value)}})


_IN_ADDRESS = {"amount_yuan": "amount", "term_months": "term", "securities": "add", "repayment": "repayment"}


def address_of(steps: Iterable[Step]) -> dict[str, str]:
    """The changes of a plan as the form that changes a need reads them from its address."""
    found: dict[str, str] = {}
    for step in steps:
        name = _IN_ADDRESS[step.fact]
        value = "any" if step.fact == "repayment" else str(step.value)
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def named(keys: Iterable[int], names: Mapping[int, tuple[str, str]]) -> str:
    """The first of these products by name, with a word where there are more. Names stay Chinese."""
    found = [names[key][0] for key in keys if key in names]
    return "、".join(found[:NAMED_AT_MOST]) + ("等" if len(found) > NAMED_AT_MOST else "")


@dataclass(frozen=True)
class RepairLine:
    """One cause that somebody can repair, in words."""

    name: str
    mine: str
    needed: str
    who: str
    when: str
    more: int


_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "turnover": formatting.wan,
    "debt_ratio": formatting.percent1,
    "tax_grade": lambda grade: label("match.tax_grade", grade),
}


def repair_line(repair: Repair, facts: Mapping[str, Any]) -> RepairLine:
    """A repair in words; ``facts`` are those stored with the list."""
    have = facts.get(repair.fact)
    value = plain(repair.value)
    write = _WRITTEN[repair.rule]
    needed = write(value)
    if repair.rule == "turnover":
        needed = _("至少 %(least)s", least=needed)
    elif repair.rule == "debt_ratio":
        needed = _("最多 %(most)s", most=needed)
    return RepairLine(
        label("match.rule", repair.rule),
        _("还没填") if have is None else write(have),
        needed,
        label("match.who", repair.who),
        change(repair.rule, {"kind": "with_time", "from_on": repair.from_on})[1],
        len(repair.opened),
    )
