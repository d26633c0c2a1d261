"""Words of oversight: what a list rests on, how replays differ, by which rule data went."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "job.state": {
        "queued": _l("排着"),
        "running": _l("正在做"),
        "done": _l("做完了"),
        "failed": _l("没做成"),
    },
    "job.name": {
        "leads.release": _l("收回过期的线索"),
        "leads.warn": _l("提醒快到期的线索"),
        "leads.finish_withdrawals": _l("结束撤回的授权"),
        "leads.expire_offers": _l("结束过期的报价和授权"),
        "leads.settle_payouts": _l("没人有异议的到账算数"),
        "notifications.deliver": _l("送出消息"),
        "audit.seal": _l("封操作记录"),
        "audit.check": _l("核操作记录的印"),
        "needs.expire": _l("结束过期的需求"),
        "needs.forget_drafts": _l("删旧草稿"),
        "products.remind": _l("提醒快到期的产品"),
        "cover.remind": _l("提醒快到期的保险产品"),
        "ranking.train": _l("重新学怎么排"),
        "ranking.forget": _l("删掉旧名单里的资料"),
        "matching.nightly": _l("夜里重新匹配：分份"),
        "matching.shard": _l("夜里重新匹配：一份"),
        "matching.again": _l("资料变了，重新匹配"),
        "queue.forget": _l("删做完的事"),
        "businesses.remind": _l("提醒归属案的期限"),
        "privacy.close": _l("关掉到期的账号"),
        "privacy.delete": _l("删掉过了保存期的资料"),
        "documents.destroy_old": _l("销毁过期的材料"),
        "accounts.forget": _l("删掉旧的登录痕迹"),
    },
    "oversight.leads": {
        "live": _l("正在办的"),
        "paid_out": _l("钱到账的"),
        "late": _l("超时收回的"),
        "all": _l("全部"),
    },
    "upkeep": {
        "lpr_old": _l("LPR 不是最近一期"),
        "days_unknown": _l("明年的放假安排还没有"),
        "papers": _l("等核的材料"),
        "titles": _l("等核实的资质"),
        "cases": _l("没了结的归属案"),
        "brokers": _l("没看过的举报"),
        "applied": _l("等接入的机构"),
        "jobs_failed": _l("没做成的事"),
        "jobs_stuck": _l("过了时间还没做的事"),
        "messages_failed": _l("没送出的消息"),
        "unsealed": _l("没封上的操作记录"),
    },
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

SENTENCES: dict[str, object] = {
    "message_not_failed": _l("这条消息现在没有停着，不用再发。"),
    "job_not_failed": _l("这件事现在没有停着，不用再做一次。"),
}

DEEDS: dict[str, object] = {
    "list.forget": _l("删掉旧名单里的资料"),
    "message.send_again": _l("再发一次没发出去的消息"),
    "job.retry": _l("再做一次没做成的事"),
}
