"""What can be found among pages that are there for everybody: help, calculators, explanations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from matchmaker.home.navigation import address
from matchmaker.searching import Findable, Hit
from matchmaker.web import LANGUAGES


@dataclass(frozen=True)
class Place:
    """A page or a part of one, with further words by which people look for it."""

    title: Any
    endpoint: str
    words: Any = ""
    part: str = ""


PLACES = (
    Place(_l("先看看能不能借到"), "home.check", _l("试算 资格 合不合适")),
    Place(_l("这笔贷款到底花多少"), "tools.all_in_cost", _l("计算器 利息 利率 年化 成本 费用 担保费")),
    Place(_l("随借随还，用几天算几天"), "tools.revolving", _l("计算器 循环 额度 利息")),
    Place(_l("我的店算小型还是微型"), "tools.size_class", _l("计算器 划型 大小 规模")),
    Place(_l("查行业"), "reference.industries", _l("行业代码 国民经济分类")),
    Place(_l("查区县"), "reference.regions", _l("地区代码 行政区划")),
    Place(_l("区划变更"), "reference.region_changes", _l("撤县设区 改名 行政区划")),
    Place(_l("每次公布的 LPR"), "reference.lpr", _l("利率 贷款市场报价利率")),
    Place(_l("放假和补班的日子"), "reference.days_off", _l("节假日 工作日 放假")),
    Place(_l("要花钱吗"), "home.help", _l("帮助 收费 服务费"), "cost"),
    Place(_l("谁看得到我的店名和电话"), "home.help", _l("帮助 隐私 授权 保密"), "seen"),
    Place(_l("会查我的征信吗"), "home.help", _l("帮助 征信 查询"), "bureau"),
    Place(_l("要等多久"), "home.help", _l("帮助 期限 几天"), "wait"),
    Place(_l("不行怎么办"), "home.help", _l("帮助 拒绝 谢绝 复核"), "no"),
    Place(_l("没有营业执照能用吗"), "home.help", _l("帮助 执照 信用代码"), "licence"),
    Place(_l("手机旧、不会弄"), "home.help", _l("帮助 字大些 老人"), "phone"),
    Place(_l("怎么排的"), "home.how_ranked", _l("匹配 排序 排名 推荐")),
    Place(_l("这是什么"), "home.about", _l("平台 介绍 万企通")),
    Place(_l("记什么，记多久"), "privacy.kept", _l("隐私 资料 保存 删除")),
    Place(_l("举报中介"), "accounts.report_broker", _l("投诉 骗子 收费")),
    Place(_l("机构申请接入"), "accounts.apply", _l("银行 保险公司 入驻")),
)


def _places(person: Any, words: str) -> list[Place]:
    wanted = words.lower().split()
    return [place for place in PLACES if all(word in _said(place) for word in wanted) and address(place.endpoint)]


def _said(place: Place) -> str:
    said = []
    for language in LANGUAGES.values():
        with force_locale(language):
            said.append(f"{place.title} {place.words}".lower())
    return " ".join(said)


def _hits(found: Sequence[Place]) -> list[Hit]:
    return [Hit(str(place.title), url_for(place.endpoint, _anchor=place.part or None)) for place in found]


FINDABLE = (Findable("pages", _l("帮助和计算器"), None, _places, _hits),)
