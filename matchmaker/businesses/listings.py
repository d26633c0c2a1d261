"""What the operators' lists of what waits for a check hold, column by column. Each row of a file is a look."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from matchmaker.businesses import services
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.web import actor


def _looked_at(rows: Sequence[Any]) -> Iterable[Any]:
    services.look_at_waiting((row.business for row in rows), by=actor())
    return rows


WHOSE = (
    Column(_l("店"), _l("登记的名称"), lambda row: row.business.name),
    Column(_l("代码"), _l("统一社会信用代码"), lambda row: row.business.uscc),
)

PAPERS = Listing(
    "papers-to-check",
    _l("等核对的材料"),
    (
        *WHOSE,
        Column(_l("谁"), _l("以什么身份代表这家店"), worded("business.capacity", lambda row: row.capacity)),
        Column(_l("材料"), _l("送来几份"), lambda row: len(row.papers), _l("份")),
        Column(_l("什么时候送的"), _l("送来的时间，北京时间"), lambda row: row.standing_at),
    ),
    ("q",),
    rows=_looked_at,
    about=About.BUSINESSES,
)
TITLES = Listing(
    "titles-to-check",
    _l("等核实的资质"),
    (
        *WHOSE,
        Column(_l("资质"), _l("店主写的是哪一种"), worded("business.title", lambda row: row.code)),
        Column(_l("证书号"), _l("店主写的编号"), lambda row: row.certificate_number),
        Column(_l("谁发的"), _l("店主写的发证单位"), lambda row: row.issuer),
        Column(_l("什么时候送的"), _l("请平台核的时间，北京时间"), lambda row: row.asked_at),
    ),
    ("q",),
    rows=_looked_at,
    about=About.BUSINESSES,
)
CASES = Listing(
    "identity-cases",
    _l("谁代表这家店，等着定的"),
    (
        *WHOSE,
        Column(
            _l("什么事"),
            _l("第二个人说代表它，还是两位核对的人看法不一样"),
            worded("business.case", lambda row: row.kind),
        ),
        Column(_l("到什么时候"), _l("到这个时间就要定，北京时间"), lambda row: row.due_at),
    ),
    ("q",),
    rows=_looked_at,
    about=About.BUSINESSES,
)
