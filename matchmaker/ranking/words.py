"""The words of the order: what is weighed, and one sentence for every reason."""

from flask_babel import lazy_gettext as _l

LABELS = {
    "ranking.weight": {
        "chance": _l("这家机构办成类似需求的可能"),
        "cost": _l("您要花的成本（综合年化）：越省分越高"),
        "fit": _l("金额和期限合不合：差得越少分越高，要核对的少得一点"),
        "speed": _l("几天拿到钱：越快分越高，要 30 个工作日以上的没有分"),
        "unsecured": _l("照顾：不用抵押"),
        "first_loan": _l("照顾：您头一回贷款，它也欢迎头一回的"),
    },
}

SENTENCES = {
    "rank_first_loan": _l("欢迎头一回贷款的，您正好是"),
    "rank_likeliest": _l("类似的 10 家约 %(tenths)s 家办成，名单里最高，看了 %(n)s 家"),
    "rank_cheapest": _l("综合年化成本 %(cost_percent)s，名单里最低"),
    "rank_fastest": _l("%(wait_days)s 个工作日，名单里最快"),
    "rank_unsecured": _l("不用抵押，不用担保人"),
    "rank_fits": _l("%(amount_yuan)s、%(term_months)s，您要的它都给得了"),
    "rank_lends_less": _l("最多借 %(lent_yuan)s，您要 %(asked_yuan)s"),
    "rank_lends_more": _l("最少借 %(lent_yuan)s，您只要 %(asked_yuan)s"),
    "rank_other_term": _l("期限是 %(given_months)s，您要 %(asked_months)s"),
    "rank_few_cases": _l("类似的只看到 %(n)s 家，满 %(least)s 家才说有多大可能"),
    "rank_no_price": _l("它这样收费，算不出一个确定的年化成本"),
    "ranker_too_few_cases": _l("有结果的只有 %(n)s 件，满 %(least)s 件才训练"),
    "ranker_too_one_sided": _l("一段 %(n)s 件里办成 %(funded)s 件，每种结果满 %(least)s 件才训练"),
    "ranker_orders_no_better": _l("后一段时间里，它排得不比规则好：%(model_auc)s 比 %(rule_auc)s"),
    "ranker_says_no_better": _l("后一段时间里，它说的可能不比数出来的准：%(model_loss)s 比 %(rule_loss)s"),
    "ranker_off_in_segment": _l(
        "后一段时间里，有一类说得不准（%(of)s：%(value)s，%(n)s 件）：说 %(predicted)s，来了 %(came)s"
    ),
    "ranker_behind_active": _l("后一段时间里，它不如正在用的：%(model_auc)s 比 %(active_auc)s"),
    "list_unknown": _l("没有这份名单"),
    "list_by_other_score": _l("这份名单是用别的算法排的"),
    "list_ranker_gone": _l("排这份名单的模型文件读不到了"),
}

DEEDS = {
    "ranker.train": _l("训练排序"),
}
