"""Words of oversight: what a list rests on, how replays differ, by which rule data went."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "oversight.forgotten_by": {
        "account_closed": _l("主人注销了账号（个人信息保护法第四十七条）"),
        "retention_over": _l("满三年，不再保存（民法典第一百八十八条的诉讼时效）"),
    },
    "oversight.value": {
        "product": _l("产品"),
        "product_id": _l("产品"),
        "product_version_id": _l("产品版本"),
        "score": _l("得分"),
        "chance": _l("办成的比例"),
        "chance_n": _l("数了几家"),
        "cost_percent": _l("综合年化成本"),
        "propensity": _l("排在这里的概率"),
        "features": _l("特征"),
        "reasons": _l("理由"),
        "cautions": _l("提醒"),
        "quote": _l("报价"),
        "turned_down": _l("没过的条件"),
        "reasons_version": _l("理由的版本"),
        "products": _l("核对了几个"),
        "fitting": _l("合适几个"),
        "loans": _l("其中贷款"),
        "near": _l("只差一条的"),
        "helps": _l("再进一步"),
        "opens_on": _l("最早哪天多"),
        "rest": _l("五十名以后的"),
    },
}

SENTENCES: dict[str, object] = {}

DEEDS: dict[str, object] = {
    "list.forget": _l("删掉旧名单里的资料"),
}
