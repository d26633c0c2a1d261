"""Words of what is kept about people: kinds of data, what they are for, what becomes of them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "privacy.kind": {
        "account": _l("称呼、手机号、邮箱、密码"),
        "security": _l("登录的时间和地方"),
        "identity": _l("身份材料，谁能代表哪家店"),
        "business": _l("店的资料和年度数据"),
        "needs": _l("需求和草稿"),
        "matches": _l("匹配的清单"),
        "consents": _l("授权回执"),
        "leads": _l("送给机构以后的每一步"),
        "loans": _l("放款和贷款"),
        "looks": _l("谁看过您的资料"),
        "trail": _l("操作记录，只有编号"),
        "messages": _l("消息"),
        "work": _l("机构和平台的人做的事"),
        "machinery": _l("网站自己要用的"),
        "public": _l("产品、利率、行业等，和人无关"),
    },
    "privacy.purpose": {
        "account": _l("认出您，和您联系"),
        "security": _l("防止别人冒用您的账号"),
        "identity": _l("确认您真的能代表这家店"),
        "business": _l("找合适的产品，算划型"),
        "needs": _l("知道您要什么"),
        "matches": _l("说得清当时为什么这样排"),
        "consents": _l("证明给了谁、给了什么"),
        "leads": _l("办这一件，管住期限"),
        "loans": _l("记下机构报告的放款，由您确认"),
        "looks": _l("让您知道谁看过"),
        "trail": _l("查得出谁做了什么，改不了"),
        "messages": _l("告诉您事情到哪了"),
        "work": _l("查得出机构和平台的人做过什么"),
        "machinery": _l("防止同一件事做两遍"),
        "public": _l("给大家看"),
    },
    "privacy.then": {"delete": _l("删除"), "erase": _l("抹掉写的字，留下数"), "stay": _l("留着，没有名字")},
    "privacy.no_copy": {
        "hashed": _l("只存着算不回去的记号，认不出是谁的，过了时间就删"),
        "secret": _l("密码、验证码、链接的钥匙：只有网站自己用，给谁都不安全"),
        "given_to_others": _l("别人的话：机构自己的备注和核查、对方在争议里说的，不是您的资料"),
    },
    "privacy.why": {
        "figures": _l("统计要用：只有编号和数，认不出是谁"),
        "evidence": _l("要查得出当时做过什么：只有编号"),
        "law": _l("法律要求留着"),
        "security": _l("网络安全法要求日志留六个月"),
    },
}

DEEDS = {"supervision.unmask": _l("监管按案号看是谁")}

SENTENCES = {
    "case_number_missing": _l("请写案号，里面要有数字。没有案号，只能看遮住的"),
    "unmask_reason_missing": _l("请写清为什么要看，会留在记录里"),
    "closing_still_works_here": _l("没有关：您还替机构或平台做事。先请管理员结束您的工作，再来关账号。"),
    "privacy.closing_asked": _l("您要关掉账号，%(closes_at)s 关。不是您本人？马上登录，点“不关了”。"),
}
