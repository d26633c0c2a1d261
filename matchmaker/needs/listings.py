"""What the lists of needs hold, column by column."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker.accounts.rules import masked
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.needs.models import AssistedNeed

ASKED = (
    Column(_l("要多少"), _l("想借的金额"), lambda need: need.current.amount_yuan, _l("元")),
    Column(_l("用多久"), _l("想用的时间"), lambda need: need.current.term_months, _l("个月")),
    Column(_l("做什么用"), _l("店主选的用途"), worded("need.purpose", lambda need: need.current.purpose)),
    Column(
        _l("现在怎样"), _l("还在找、在办、办成了、不要了，还是到期了"), worded("need.state", lambda need: need.state)
    ),
    Column(_l("发出"), _l("发出的时间，北京时间"), lambda need: need.posted_at),
)
MINE = Listing(
    "my-needs",
    _l("我的需求"),
    (
        Column(_l("店"), _l("哪家店的"), lambda need: need.business.name),
        *ASKED,
        Column(_l("到哪天为止"), _l("过了这天就不再找"), lambda need: need.expires_on),
    ),
    ("state", "q"),
    about=About.SELF,
)


def standing_of(row: AssistedNeed) -> str:
    """Where a need that was typed for somebody stands: confirmed, withdrawn, waiting or expired."""
    if row.confirmed_at:
        return _("客户确认了")
    if row.withdrawn_at:
        return _("您收回了")
    return _("等客户确认") if row.is_open else _("链接过期了")


ASSISTED = Listing(
    "typed-for-others",
    _l("替客户写的需求"),
    (
        Column(_l("第几份"), _l("编号"), lambda row: row.id),
        Column(_l("什么时候写的"), _l("写的时间，北京时间"), lambda row: row.typed_at),
        Column(
            _l("给谁"),
            _l("客户怎么称呼，或者遮住的号码；不等确认了就不再显示"),
            lambda row: (row.name or masked(row.address)) if row.is_open else None,
        ),
        Column(_l("现在怎样"), _l("客户确认了没有"), standing_of),
    ),
    ("state", "q"),
    about=About.PEOPLE,
)
