"""What the lists of supervisors and operators hold, column by column: numbers and institutions, no business's name."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded
from matchmaker.notifications.rules import topic_of
from matchmaker.oversight import queries
from matchmaker.oversight.words import LABELS
from matchmaker.queue import Job
from matchmaker.web import label


def _institution(lead: Any) -> str:
    return str(lead.institution.short_name)


def _ordered_by(row: Any) -> str:
    return queries.model_names().get(row.model_version_id or 0) or _("规则")


def kind_of(job: Job) -> str:
    """What a piece of work is called: the line of the timetable, or its kind."""
    name = str(job.args.get("name") or job.kind)
    return str(LABELS["job.name"].get(name, name))


def trouble_of(job: Job) -> str:
    """The name of the error, without its message: that may hold somebody's data and stands in the server's log."""
    lines = (job.error or "").strip().splitlines()
    return lines[-1].split(":")[0].rsplit(".", 1)[-1][:60] if lines else ""


LISTS = Listing(
    "lists-shown",
    _l("看过的名单"),
    (
        Column(_l("名单"), _l("名单的编号"), lambda row: row.id),
        Column(_l("什么时候"), _l("排出来的时间，北京时间"), lambda row: row.made_at),
        Column(_l("需求"), _l("哪个需求的编号"), lambda row: row.need_id),
        Column(_l("谁排的"), _l("模型的名字；没有模型时按规则的得分"), _ordered_by),
        Column(_l("规则"), _l("当时的规则版本"), lambda row: row.rules_version),
        Column(_l("合适"), _l("每条规则都过的产品"), lambda row: row.counts.get("fitting"), _l("个")),
        Column(_l("核对"), _l("拿来核对的产品"), lambda row: row.counts.get("products"), _l("个")),
        Column(_l("资料删掉的时间"), _l("北京时间；删掉以后不能再算一遍"), lambda row: row.forgotten_at),
    ),
    ("need", "list"),
    about=About.PEOPLE,
)

LATE = Listing(
    "late-waits",
    _l("过期的等待"),
    (
        Column(_l("线索"), _l("线索的编号"), lambda row: row.lead_id),
        Column(_l("机构"), _l("让时间过了的那一家"), lambda row: _institution(row.lead)),
        Column(_l("哪一段"), _l("哪一个钟"), worded("lead.clock", lambda row: row.kind)),
        Column(_l("从什么时候"), _l("钟开始走，北京时间"), lambda row: row.started_at),
        Column(_l("到什么时候"), _l("该做完的时间，北京时间"), lambda row: row.due_at),
        Column(_l("什么时候停的"), _l("钟停下的时间，北京时间"), lambda row: row.stopped_at),
        Column(_l("线索现在"), _l("办到哪一步"), worded("lead.state", lambda row: row.lead.state)),
    ),
    ("institution", "kind", "still", "q"),
    about=About.PEOPLE,
)

DECLINES = Listing(
    "declines-without-use",
    _l("没用的谢绝"),
    (
        Column(_l("线索"), _l("线索的编号"), lambda row: row.id),
        Column(_l("机构"), _l("谢绝的那一家"), _institution),
        Column(_l("什么时候"), _l("谢绝的时间，北京时间"), lambda row: row.ended_at),
        Column(
            _l("理由"), _l("没有一条能补，也没有一条等得到"), lambda row: label("lead.code", row.decline_codes or [])
        ),
    ),
    ("institution", "q"),
    about=About.PEOPLE,
)

NEEDS = Listing(
    "needs",
    _l("发出过的需求"),
    (
        Column(_l("需求"), _l("需求的编号"), lambda need: need.id),
        Column(_l("什么时候"), _l("发出的时间，北京时间"), lambda need: need.posted_at),
        Column(_l("要多少"), _l("现在这一版要的金额"), lambda need: need.current.amount_yuan, _l("元")),
        Column(_l("用多久"), _l("现在这一版想用的时间"), lambda need: need.current.term_months, _l("个月")),
        Column(_l("做什么用"), _l("店主选的用途"), worded("need.purpose", lambda need: need.current.purpose)),
        Column(
            _l("现在怎样"),
            _l("还在找、在办、办成了、不要了，还是到期了"),
            worded("need.state", lambda need: need.state),
        ),
    ),
    ("state", "q"),
    about=About.PEOPLE,
)

LEADS = Listing(
    "leads",
    _l("送出过的线索"),
    (
        Column(_l("线索"), _l("线索的编号"), lambda row: row.id),
        Column(_l("需求"), _l("哪个需求的编号"), lambda row: row.need_id),
        Column(_l("机构"), _l("送给哪一家"), _institution),
        Column(_l("送出"), _l("授权送出的时间，北京时间"), lambda row: row.sent_at),
        Column(_l("结束"), _l("结束的时间，北京时间；空着就是还在办"), lambda row: row.ended_at),
        Column(_l("现在怎样"), _l("办到哪一步"), worded("lead.state", lambda row: row.state)),
    ),
    ("show", "institution", "q"),
    {"show": "live"},
    about=About.PEOPLE,
)

PERMISSIONS = Listing(
    "permissions",
    _l("权限表"),
    (
        Column(_l("能做什么"), _l("这一条权限管的事"), lambda line: line.what),
        Column(
            _l("谁"),
            _l("每一种都够；一种里写“而且”的要都满足"),
            lambda line: _("；或者").join(_("，而且").join(clause) for clause in line.who),
        ),
        Column(_l("代码"), _l("程序里的名字"), lambda line: line.name),
    ),
    ("q",),
    about=About.NOBODY,
)

JOBS = Listing(
    "jobs",
    _l("自动做的事"),
    (
        Column(_l("编号"), _l("这一件的编号"), lambda job: job.id),
        Column(_l("哪件事"), _l("时间表里的哪一行，或者哪一类"), kind_of),
        Column(_l("做得怎样"), _l("排着、在做、做完，还是没做成"), worded("job.state", lambda job: job.state)),
        Column(_l("做到"), _l("做完了多少份"), lambda job: job.progress_done, _l("份")),
        Column(_l("一共"), _l("一共多少份；不知道的空着"), lambda job: job.progress_total, _l("份")),
        Column(_l("试了几次"), _l("最多五次"), lambda job: job.attempts, _l("次")),
        Column(_l("该做的时间"), _l("北京时间"), lambda job: job.run_at),
        Column(_l("做完的时间"), _l("北京时间"), lambda job: job.finished_at),
        Column(_l("出了什么错"), _l("错误的名字；原话在服务器的日志里"), trouble_of),
    ),
    ("state", "name", "q"),
    about=About.NOBODY,
)

MESSAGES = Listing(
    "messages-not-sent",
    _l("没送到的消息"),
    (
        Column(_l("消息"), _l("消息的编号"), lambda row: row.id),
        Column(_l("哪一类"), _l("这条消息是关于什么的"), worded("message.topic", lambda row: topic_of(row.kind))),
        Column(_l("代码"), _l("程序里的名字"), lambda row: row.kind),
        Column(_l("走哪条路"), _l("站内、短信还是邮件"), worded("message.channel", lambda row: row.channel)),
        Column(_l("什么时候写的"), _l("北京时间"), lambda row: row.created_at),
        Column(_l("试了几次"), _l("发了几次"), lambda row: row.attempts, _l("次")),
    ),
    ("state",),
    {"state": "failed"},
    about=About.NOBODY,
)
