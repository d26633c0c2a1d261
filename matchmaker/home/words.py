"""Words of the start pages and of "check first": what stops products, and what can be done about it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "check.product_kind": {
        "unsecured": _l("信用贷款，不用抵押"),
        "guaranteed": _l("有担保公司的贷款"),
        "revolving": _l("随借随还"),
        "secured": _l("有抵押的贷款"),
        "guarantee": _l("担保公司的担保"),
    },
    "check.rule": {
        "purpose": _l("用途"),
        "applicant": _l("是哪一种经营者"),
        "industry": _l("做哪一行"),
        "region": _l("在哪里"),
        "service_area": _l("在不在它的服务范围"),
        "amount": _l("想用多少钱"),
        "decision_limit": _l("附近网点能定多大的"),
        "term": _l("想用多久"),
        "months_in_business": _l("开业时间"),
        "turnover": _l("一年做多少生意"),
        "tax_grade": _l("纳税信用"),
        "debt_ratio": _l("欠的和有的比"),
        "security": _l("有没有抵押"),
        "first_time": _l("是不是头一回贷款"),
        "repayment": _l("怎么还"),
        "validity": _l("产品在不在期内"),
    },
}

SENTENCES = {
    "check_stops_purpose": _l("%(stopped)s 个产品只支持别的用途。"),
    "check_stops_applicant": _l("%(stopped)s 个产品是给别种经营者的，比如只给企业，不给个体户。"),
    "check_stops_industry": _l("%(stopped)s 个产品不做您这一行。"),
    "check_stops_region": _l("%(stopped)s 个产品不在您那里办。"),
    "check_stops_service_area": _l("%(stopped)s 个产品的网点服务不到您那里。"),
    "check_stops_amount": _l("%(stopped)s 个产品借的金额和您想的对不上。"),
    "check_stops_decision_limit": _l("%(stopped)s 个产品在您附近的网点定不了这么大的金额。"),
    "check_stops_term": _l("%(stopped)s 个产品的期限和您想的对不上。"),
    "check_stops_months_in_business": _l("%(stopped)s 个产品要求开业更久，比如满 %(least_months)s。"),
    "check_stops_turnover": _l("%(stopped)s 个产品要求一年的生意更大，比如 %(least_turnover_yuan)s 以上。把收款码流水也算上，常常就够。"),
    "check_stops_tax_grade": _l("%(stopped)s 个产品要求纳税信用 %(least_tax_grade)s 级以上。"),
    "check_stops_debt_ratio": _l("%(stopped)s 个产品要求欠的不超过有的 %(most_debt_ratio_percent)s。"),
    "check_stops_security": _l("%(stopped)s 个产品要有抵押。没有抵押也不必去办：信用贷款更快，也不花评估费。"),
    "check_stops_first_time": _l("%(stopped)s 个产品只给头一回贷款的。"),
    "check_stops_repayment": _l("%(stopped)s 个产品不是您想的那种还法。"),
    "check_unsure_applicant": _l("您是哪一种经营者"),
    "check_unsure_industry": _l("您做哪一行，要看到小类"),
    "check_unsure_region": _l("您的店在哪个区县"),
    "check_unsure_service_area": _l("您的店在不在网点的服务范围"),
    "check_unsure_amount": _l("想用多少钱"),
    "check_unsure_decision_limit": _l("附近的网点能不能定这个金额"),
    "check_unsure_term": _l("想用多久"),
    "check_unsure_months_in_business": _l("开业的日子，执照上写着"),
    "check_unsure_turnover": _l("一年做多少生意"),
    "check_unsure_tax_grade": _l("纳税信用，电子税务局能查"),
    "check_unsure_debt_ratio": _l("欠的和有的比"),
    "check_unsure_security": _l("有没有能抵押的"),
    "check_unsure_first_time": _l("是不是头一回贷款"),
    "check_unsure_purpose": _l("钱用来做什么"),
    "check_unsure_repayment": _l("想怎么还"),
    "check_unsure_validity": _l("产品在不在期内"),
}
