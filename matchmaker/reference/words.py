"""The reference subject's labels and sentences."""

from collections.abc import Iterator, Mapping

from flask_babel import lazy_gettext as _l

from matchmaker.formatting import language
from matchmaker.reference.rules import size


class SizeGroups(Mapping[str, str]):
    """The groups of the size standard by their own two names, in the language of the page that is being written."""

    def __getitem__(self, code: str) -> str:
        group = size.groups()[code]
        return group.name if language() == "zh" else group.name_en

    def __iter__(self) -> Iterator[str]:
        return iter(size.groups())

    def __len__(self) -> int:
        return len(size.groups())


LABELS = {
    "size": {
        "large": _l("大型"),
        "medium": _l("中型"),
        "small": _l("小型"),
        "micro": _l("微型"),
        "unclassified": _l("分不出来"),
        "out_of_scope": _l("不在划型办法范围内"),
    },
    "size_group": SizeGroups(),
    "reference.region_kind": {
        "renamed": _l("改名"),
        "merged": _l("并入另一个"),
        "divided": _l("一分为几"),
        "recoded": _l("换了代码（撤县设区、划到别的市）"),
        "new": _l("新设"),
        "checked": _l("对过民政部的表，没有别的变"),
    },
    "reference.region_standing": {"waiting": _l("等第二个人核"), "agreed": _l("核过"), "refused": _l("退回")},
    "match": {"full": _l("整个行业"), "partial": _l("其中一部分"), "related": _l("有关的行业")},
}

SENTENCES = {
    # what a desk may not promise
    "product_words_speed": _l("不能写“%(word)s”。写承诺的天数，比如“2 个工作日内答复”"),
    "product_words_certain": _l("不能写“%(word)s”，谁也保证不了结果。写要满足哪几条"),
    "product_words_score": _l("不能写“%(word)s”。平台不给人打分，写具体看哪几样，比如“近两年没有逾期”"),
    "product_words_preapproved": _l("不能写“%(word)s”。机构批准以后才叫批准，写“可以先看看合不合适”"),
    "product_words_bureau": _l("不能写“%(word)s”。写明看哪几样记录、看多久以内的"),
    "product_words_threshold": _l("不能写“%(word)s”。有什么条件写什么条件"),
    "product_words_paid_lane": _l("不能写“%(word)s”。快慢不许收钱，收费只写在收费表里"),
    "product_words_cheapest": _l("不能写“%(word)s”。写利率本身，比不比别家低由系统算给客户看"),
    "product_words_rate": _l("不能写“%(word)s”。只写年利率，写法是 LPR 加减多少基点"),
    "product_words_tie_in": _l("不能写“%(word)s”。办贷款不能搭别的东西"),
    # entering the dated series
    "days_missing": _l("把通知里的日子一行一行写上。"),
    "days_line_unread": _l("第 %(line)s 行没看懂。这样写：2027-01-01 至 2027-01-03 元旦 休"),
    "days_not_a_day": _l("第 %(line)s 行的日子日历上没有。"),
    "days_other_year": _l("第 %(line)s 行不是 %(year)s 年的日子。"),
    "days_backwards": _l("第 %(line)s 行，后一天比前一天早。"),
    "days_twice": _l("第 %(line)s 行，%(day_on)s 写了两遍。"),
    "days_work_on_weekday": _l("第 %(line)s 行，%(day_on)s 本来就上班，不用写补班。"),
    "days_no_new_year": _l("%(year)s 年 1 月 1 日每年都放假，没有写。"),
    "year_unread": _l("写四位数的年份，例如 2027。"),
    "year_out_of_reach": _l("只能写 %(year)s 年到 %(last)s 年。"),
    "rate_missing": _l("还没有填。"),
    "rate_not_a_number": _l("要填数字，例如 3.00。"),
    "rate_out_of_range": _l("LPR 在 %(least_percent)s 到 %(most_percent)s 之间，请再看一遍公告。"),
    "rate_too_fine": _l("公告里只有两位小数。"),
    "rate_differs": _l("两遍填的不一样。"),
    "date_missing": _l("还没有填。"),
    "date_unread": _l("没看懂。这样写：2026-10-20"),
    "source_missing": _l("写上公告的网址或文号，别人要能找到。"),
    "source_too_long": _l("最多 %(longest)s 个字。"),
    "lpr_in_future": _l("这一天还没有到。"),
    "lpr_known": _l("这一期已经有了。"),
    "lpr_not_newest": _l("已经有 %(day_on)s 的了，只能补更晚的一期。"),
    # changes of divisions
    "region_kind_missing": _l("选一种。"),
    "region_field_missing": _l("这一种变更要填。"),
    "region_field_idle": _l("这一种变更不填这一项，请空着。"),
    "region_code_unread": _l("“%(typed)s”不是六位的区划代码。"),
    "region_name_unread": _l("写汉字的名称，2 到 %(longest)s 个字，例如 拱墅区。"),
    "region_heir_one": _l("并入的只写一个代码；分给几个的，选“一分为几”。"),
    "region_heirs_few": _l("分成的至少写两个代码，最多 %(most)s 个。"),
    "region_not_there": _l("那一天没有 %(code_typed)s 这个代码。"),
    "region_code_taken": _l("这个代码已经有了：%(region)s。"),
    "region_no_parent": _l("按这个代码找不到它的上一级；上一级是新设的，先记上一级。"),
    "region_has_parts": _l("它下面还有 %(n)s 个区县（如%(region)s），先记它们的变更。"),
    "region_name_taken": _l("已经有%(region)s了，同一级不能重名。"),
    "region_name_same": _l("名称没有变。"),
    "region_own_heir": _l("不能并入它自己。"),
    "region_other_province": _l("分成的几个要在同一个省。"),
    "region_before_table": _l("%(day_on)s 以前的变更，平台带来的表里已经有了。"),
    "region_too_far": _l("这一天太远了。"),
    "region_announced_later": _l("这一天还没有到。"),
    "region_known": _l("同样的一条已经记过了。"),
    "region_own_change": _l("您自己记的，要别人来核。"),
    "region_answered": _l("这一条已经核过了。"),
    "region_answer_missing": _l("选一个。"),
    "region_remark_missing": _l("写清楚哪里不一样，至少 4 个字。"),
    # size class
    "size_group": _l("行业 %(industry_code)s %(industry)s，按“%(group)s”划型。"),
    "size_out_of_scope": _l("行业 %(industry_code)s %(industry)s，不在统计上大中小微型企业划分办法的范围内。"),
    "size_fallback_by_staff": _l("办法没有规定的行业，本平台暂按“%(group)s”看从业人员，这只是本平台的约定。"),
    "size_employees_large": _l("从业人员 %(value_count)s 人，达到大型下限 %(bound_count)s 人。"),
    "size_employees_medium": _l(
        "从业人员 %(value_count)s 人，达到中型下限 %(bound_count)s 人，不到大型的 %(next_count)s 人。"
    ),
    "size_employees_small": _l(
        "从业人员 %(value_count)s 人，达到小型下限 %(bound_count)s 人，不到中型的 %(next_count)s 人。"
    ),
    "size_employees_micro": _l("从业人员 %(value_count)s 人，不到小型的 %(next_count)s 人，算微型。"),
    "size_revenue_large": _l("一年营业收入 %(value_yuan)s，达到大型下限 %(bound_yuan)s。"),
    "size_revenue_medium": _l("一年营业收入 %(value_yuan)s，达到中型下限 %(bound_yuan)s，不到大型的 %(next_yuan)s。"),
    "size_revenue_small": _l("一年营业收入 %(value_yuan)s，达到小型下限 %(bound_yuan)s，不到中型的 %(next_yuan)s。"),
    "size_revenue_micro": _l("一年营业收入 %(value_yuan)s，不到小型的 %(next_yuan)s，算微型。"),
    "size_assets_large": _l("资产总额 %(value_yuan)s，达到大型下限 %(bound_yuan)s。"),
    "size_assets_medium": _l("资产总额 %(value_yuan)s，达到中型下限 %(bound_yuan)s，不到大型的 %(next_yuan)s。"),
    "size_assets_small": _l("资产总额 %(value_yuan)s，达到小型下限 %(bound_yuan)s，不到中型的 %(next_yuan)s。"),
    "size_assets_micro": _l("资产总额 %(value_yuan)s，不到小型的 %(next_yuan)s，算微型。"),
    "size_employees_missing": _l("没有填从业人员。缺这一项，按办法分不出来，也不能当作 0。"),
    "size_revenue_missing": _l("没有填营业收入。缺这一项，按办法分不出来，也不能当作 0。"),
    "size_assets_missing": _l("没有填资产总额。缺这一项，按办法分不出来，也不能当作 0。"),
    "size_is_large": _l("几项指标里取最低的一档：大型。"),
    "size_is_medium": _l("几项指标里取最低的一档：中型。"),
    "size_is_small": _l("几项指标里取最低的一档：小型。"),
    "size_is_micro": _l("有一项只到微型，就是微型。"),
    "size_fallback_large": _l("在算出来之前，本平台暂按大型对待。"),
    "size_fallback_medium": _l("在算出来之前，本平台暂按中型对待。"),
    "size_fallback_small": _l("在算出来之前，本平台暂按小型对待。"),
    "size_fallback_micro": _l("在算出来之前，本平台暂按微型对待。"),
    "size_fallback_nothing_known": _l("要用的数字都还没填，本平台暂按微型对待。"),
    "industry_unknown": _l("没有 %(industry_code)s 这个行业代码"),
    "industry_too_wide": _l("%(industry_code)s %(industry)s 里的行业划型办法不一样，请写到四位代码"),
    "below_zero": _l("不能小于 0"),
    # unified social credit code
    "uscc_missing": _l("请填写统一社会信用代码"),
    "uscc_length": _l("应该是 18 位，现在是 %(n)s 位"),
    "uscc_old_number": _l("15 位的是老的注册号。统一社会信用代码是 18 位，在换过的新执照上"),
    "uscc_organisation": _l("9 位的是组织机构代码，只是其中一段。统一社会信用代码是 18 位，在执照上"),
    "uscc_letters": _l("代码里没有 %(letter)s 这个字符。信用代码不用字母 I、O、Z、S、V"),
    "uscc_region_letters": _l("第 3 到 8 位是登记地的数字，里面不该有字母"),
    "uscc_misread": _l("有字符看错了，是不是 %(suggestion)s？常见的是把 0 写成 O、1 写成 I"),
    "uscc_check_digit": _l("有一位写错了，或者两位写反了：最后一位和前面 17 位对不上。请对着执照一位一位再看"),
    "uscc_nonsense": _l("这不是一个真的代码，请照着执照填写"),
    "uscc_not_a_business": _l(
        "%(prefix)s 开头的是机关、事业单位或社会组织。这里办的是企业（91）、个体工商户（92）和农民专业合作社（93）"
    ),
}

DEEDS = {
    "reference.enter_lpr": _l("记下一期 LPR"),
    "reference.enter_days": _l("记下一年的放假安排"),
    "reference.enter_region_change": _l("记下一条区划变更"),
    "reference.answer_region_change": _l("核一条区划变更"),
}
