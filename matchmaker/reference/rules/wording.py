"""Promises that people of an institution may not make in texts that owners read, and what to write instead."""

import re
import unicodedata
from dataclasses import dataclass

from matchmaker.refusal import Reason, Refused


@dataclass(frozen=True)
class Promise:
    """A banned way of speaking: the code names the sentence that says what to write instead."""

    code: str
    pattern: re.Pattern[str]


def _promise(code: str, *alternatives: str) -> Promise:
    return Promise(code, re.compile("|".join(alternatives)))


# Patterns run over the text without spaces and marks, in NFKC and lower case, so that 秒·批 or 秒 批 is found too.
# Sources: 算法推荐 and 征信业务管理办法 (no score of a person), 助贷新规 金规〔2025〕9号 and
# 八部门23条 of 2025 (no paid fast lane, no disguised cost),
# 人民银行公告〔2021〕第3号 (no daily or monthly rate without the yearly one).
PROMISES: tuple[Promise, ...] = (
    _promise("product_words_speed", "秒批", "秒放", "秒到账?", "秒贷", "秒过", "极速放款", "当天必到", "闪电放款"),
    _promise(
        "product_words_certain",
        "包过",
        "必过",
        "包下款",
        "必下款",
        "包批",
        "保证通过",
        "保证放款",
        "保证批准",
        "百分(?:之)?百通过",
        "百分(?:之)?百放款",
        "100%(?:通过|下款|放款|批准)",
        "稳过",
        "人人可贷",
        "人人都能贷",
        "有身份证就能贷",
    ),
    _promise(
        "product_words_score",
        "信用分(?!析|期|类|行|支|公司|布|散|档案)",
        "信用评级",
        "信用等级评分",
        "征信评分",
        "征信分",
    ),
    _promise("product_words_preapproved", "预授信", "预审批", "预批(?!准)", "提前授信", "已获授信", "已为您授信"),
    _promise(
        "product_words_bureau",
        "无视征信",
        "不看征信",
        "不查征信",
        "不上征信",
        "黑户",
        "白户必贷",
        "洗白",
        "修复征信",
        "包装(?:资料|流水)",
    ),
    _promise("product_words_threshold", "零门槛", "0门槛", "无门槛", "无条件放款", "无任何条件", "不限条件"),
    _promise(
        "product_words_paid_lane",
        "内部渠道",
        "内部名额",
        "加急费",
        "渠道费",
        "打点",
        "交费加急",
        "付费加急",
        "关系通道",
    ),
    _promise(
        "product_words_cheapest",
        "全网最低",
        "全国最低",
        "全市最低",
        "史上最低",
        "利率最低",
        "最便宜",
        "零成本",
        "0成本",
    ),
    _promise(
        "product_words_rate", "日息", "月息", "日利率", "月利率", "月费率", "日费率", "零利息", "0利息", "0利率", "免息"
    ),
    _promise("product_words_tie_in", "搭售", "须购买保险", "必须买保险", "须存款", "以贷转存", "先存后贷", "购买理财"),
)

PLACEHOLDERS = frozenset(
    "无 无无 暂无 没有 没 空 不详 不清楚 不知道 不晓得 未知 未填 待填 待定 待补 暂缺 保密 略 同上"
    " 其他 其它 随便 测试 测试数据 测试公司 测试店 某某 某"
    " na none null nil test testing tbd todo unknown nothing asdf qwerty abc x 0 123 1234 12345 123456".split()
)
"""What people type when they must type something, without its marks and blanks (N/A is "na")."""


def plain(text: str) -> str:
    """The text as it is compared: NFKC, lower case, without spaces, marks and invisible letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c == "%" or unicodedata.category(c)[0] in "LN")


def banned_promises(text: str) -> list[Reason]:
    """Every banned promise in a desk's text, each once, in the order of PROMISES; facts: `word` as it was found."""
    bare = plain(text)
    return [
        Reason(promise.code, {"word": found.group()})
        for promise in PROMISES
        if (found := promise.pattern.search(bare)) is not None
    ]


def refuse_promises(**texts: str) -> None:
    """Refuse a text for owners that holds a banned promise, at its field: every desk text goes through here.

    Keywords are field -> text. Raises Refused (422) with the code of the first promise found and its `word`; every
    other one, of any field, stands beside it (`also`).
    """
    found = [
        Refused(reason.code, field, 422, **reason.facts)
        for field, text in texts.items()
        for reason in banned_promises(text)
    ]
    if found:
        raise Refused.together(found)


def is_placeholder(text: str) -> bool:
    """Whether a required text says nothing: 无, /, -, N/A, 测试, ……, one sign again and again.

    Twice one Chinese sign is a name (晶晶), three times is none; letters and figures say nothing when there is but one.
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())
    if not bare or bare in PLACEHOLDERS:
        return True
    return len(set(bare)) == 1 and (len(bare) > 2 or (len(bare) == 2 and bare.isascii()))
