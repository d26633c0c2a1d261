"""Words of threads: ready sentences of each side, reasons of a report, what cannot be written and why."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "talk.template": {
        "which_papers": _l("您好，请问要准备哪些材料？能一次列全最好。"),
        "call_after_two": _l("请 14:00 以后打电话给我，上午店里忙。"),
        "visit_when": _l("可以到店里来看，请提前一天告诉我时间。"),
        "how_far": _l("请问办到哪一步了，还差什么？"),
        "cost_how": _l("请问除了利息，还要付哪些费用，付给谁？"),
        "papers_please": _l("您好，还差的材料我会在“要材料”里一次列全，您按那张单子补就行。"),
        "visit_tomorrow": _l("明天上午想到店里看一看，大约半小时，方便吗？"),
        "call_when": _l("想和您通个电话，大约十分钟，哪个时段方便？"),
        "in_review": _l("材料齐了，已经送审，有结果我马上告诉您。"),
        "papers_came": _l("材料收到了，我看过以后回您。"),
    },
    "talk.report_reason": {
        "money": _l("要我交钱、转账"),
        "password": _l("要密码、验证码"),
        "rude": _l("骂人、威胁"),
        "elsewhere": _l("让我到别处办、加别的联系方式"),
        "false": _l("说的不是真的"),
        "other": _l("别的"),
    },
}

SENTENCES = {
    "talk_sealed": _l("没有发：授权已经结束，这一件封上了，对方收不到。"),
    "talk_blocked": _l("没有发：客户不再收你们的消息。这一件照常办，报价和谢绝客户看得到。"),
    "talk_blocked_by_you": _l("没有发：您屏蔽了这家机构，先取消屏蔽再写。"),
    "talk_too_many": _l("没有发：一小时里最多写 %(most)s 条。等一会儿，合成一条再发。"),
    "talk_empty": _l("请写几个字，或者点一句常用的"),
    "talk_too_long": _l("最多 %(longest)s 个字，现在是 %(n)s 个。长的请做成材料"),
    "talk_too_many_papers": _l("一条最多带 %(most)s 份材料"),
    "talk_paper_unknown": _l("这份材料没有给过这家机构，不能带上"),
    "talk_paper_scanning": _l("没有发：这份材料还没查过病毒，查过才能给。先放进材料夹，过几分钟再带上"),
    "talk_report_reason": _l("请选一个原因"),
    "talk_report_words": _l("请写清是怎么回事"),
    "talk_report_own": _l("没有举报：只能举报对方写的"),
    "talk_reported_already": _l("没有再报一遍：这一条您已经举报过，平台在查"),
    "talk_outcome_missing": _l("请写清查到什么、怎么办的"),
    "talk_post_reported": _l("有一条留言被举报：%(reason)s。"),
    "talk_report_settled": _l("您举报的%(institution)s的留言查过了：%(outcome)s"),
}

DEEDS = {
    "talk.write": _l("写留言"),
    "talk.block": _l("屏蔽机构"),
    "talk.unblock": _l("取消屏蔽"),
    "talk.report": _l("举报留言"),
    "talk.report_look": _l("开始查留言的举报"),
    "talk.report_settle": _l("办结留言的举报"),
}
