"""What the trail and the list of files that left hold, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing
from matchmaker.web import deed

TRAIL = Listing(
    "deeds",
    _l("谁做了什么"),
    (
        Column(_l("什么时候"), _l("做完的时间，北京时间"), lambda row: row.at),
        Column(_l("做了什么"), _l("这一类事的说法"), lambda row: deed(row.what)),
        Column(_l("代码"), _l("这一类事的代码，不随语言变"), lambda row: row.what),
        Column(_l("对象"), _l("做在哪一类东西上"), lambda row: row.object_kind),
        Column(_l("对象编号"), _l("那样东西的编号"), lambda row: row.object_id),
        Column(_l("谁"), _l("人的编号，没有名字；空着就是到时自动"), lambda row: row.by_id),
        Column(_l("印"), _l("封进链里的印；空着就是还没封"), lambda row: row.seal),
    ),
    ("what", "q"),
    about=About.PEOPLE,
)

FILES = Listing(
    "files-taken",
    _l("带走的名单"),
    (
        Column(_l("什么时候"), _l("下载的时间，北京时间"), lambda row: row.at),
        Column(_l("谁"), _l("人的编号，没有名字"), lambda row: row.person_id),
        Column(_l("名单"), _l("哪一张名单的代码"), lambda row: row.listing),
        Column(_l("行数"), _l("文件里有几行"), lambda row: row.rows, _l("行")),
        Column(_l("筛选"), _l("按哪几样筛过，不记筛的是什么"), lambda row: ", ".join(row.narrowed_by)),
    ),
    ("listing", "q"),
    about=About.PEOPLE,
)
