"""The words of calculators and prices: labels of codes, one sentence for every reason."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from matchmaker.formatting import language
from matchmaker.reference import terms


def _trade(domain: str) -> dict[str, LazyString]:
    return {
        code: LazyString(lambda domain=domain, code=code: terms.label(domain, code, language()))
        for code in terms.codes(domain)
    }


LABELS = {
    "cost.item": _trade("fee") | {"AUDIT": _l("审计费")},
    "cost.repayment": _trade("repayment"),
    "cost.payer": {"borrower": _l("您"), "bank": _l("银行"), "government": _l("财政")},
    "cost.way": {
        "deducted": _l("放款时扣下"),
        "with_instalment": _l("跟每期还款一起"),
        "at_maturity": _l("到期一起付"),
        "transfer": _l("另外付"),
        "received": _l("补给您"),
    },
    "cost.period": {
        "once": _l("一次"),
        "monthly": _l("每月"),
        "quarterly": _l("每季"),
        "yearly": _l("每年"),
        "at_maturity": _l("到期那天"),
        "if_it_happens": _l("发生了才有"),
    },
}

SENTENCES = {
    # prices
    "no_unique_rate": _l("这样的收付，算不出唯一的年化成本"),
    "repayment_without_rule": _l("这种还款方式还没有统一算法，先不算"),
    "nothing_drawn": _l("第一笔要先借出来"),
    "repaid_more_than_drawn": _l("%(move_on)s 还得比借着的多 %(over_yuan)s"),
    "over_the_limit": _l("%(move_on)s 借着的超过了额度 %(limit_yuan)s"),
    "not_repaid": _l("最后还有 %(left_yuan)s 没还，算不完"),
    # reading a question
    "tool_not_an_object": _l("要一个 JSON 对象"),
    "tool_needed": _l("要填"),
    "tool_not_a_figure": _l("要写数字，比如 30"),
    "tool_not_whole": _l("要写整数"),
    "tool_from_to": _l("要在 %(least)s 到 %(most)s 之间"),
    "tool_above_up_to": _l("要大于 %(least)s，不超过 %(most)s"),
    "tool_unknown_key": _l("没有这一项"),
    "tool_repayment_without_rule": _l("这种还款方式还没有统一算法"),
    "tool_day_count_unknown": _l("计息天数只认 actual/360"),
    "tool_flows_count": _l("收付要有 %(least)s 到 %(most)s 笔"),
    "tool_flows_unreadable": _l("第 %(line)s 笔看不懂，要写成 2026-05-11:500000"),
    "tool_industry_unknown": _l("没有这个行业代码"),
    "tool_industry_too_wide": _l("这一类里的行业划型办法不一样，请写到四位代码"),
    "tool_date_unreadable": _l("要写日期，比如 2026-05-11"),
    "tool_move_incomplete": _l("日期和金额要一起填"),
    "tool_industry_not_found": _l("没找到这一行，换个说法，或写四位代码"),
}
