"""Where the invented town stands: real counties of one real prefecture, invented streets, invented first words of names."""

from __future__ import annotations

from dataclasses import dataclass

# 361100 is a real prefecture with twelve counties of very different size. The town 青檀 and everything in it is
# invented; only codes, official names and points are real, so that rules about regions can be tried on them.
PREFECTURE = "361100"


@dataclass(frozen=True)
class County:
    """A county with the name the invented town uses for its branches there, and its share of businesses."""

    code: str
    nickname: str
    weight: float


COUNTIES: tuple[County, ...] = (
    County("361102", "望山", 0.20),
    County("361103", "东堰", 0.12),
    County("361104", "白鹭", 0.14),
    County("361123", "南埠", 0.09),
    County("361124", "砚池", 0.06),
    County("361125", "梅屏", 0.03),
    County("361126", "石柳", 0.06),
    County("361127", "禾渡", 0.08),
    County("361128", "临蒲", 0.10),
    County("361129", "柳汀", 0.05),
    County("361130", "乌篷", 0.03),
    County("361181", "松涛", 0.04),
)
BY_NICKNAME = {county.nickname: county for county in COUNTIES}

STREETS = (
    "檀木街", "白鹭巷", "石灰桥路", "十里铺街", "渡口东路", "望山大道", "水碓弄", "菱角塘路", "书院前街", "老粮站路",
    "竹器坊巷", "青砖街", "南货码头", "磨坊路", "四眼井巷", "银杏里", "鱼市街", "新织坊路", "桂花坪", "采石路",
)  # fmt: skip
FIRST_WORDS = (
    "春和", "云上", "柳桥", "小满", "东坡", "老周", "白鹭", "青檀", "渡口", "竹里", "山前", "荷塘", "半夏", "十里", "石桥", "听雨",
    "南货", "金谷", "如意", "四季", "同心", "晨光", "广济", "永安", "福顺", "和丰", "瑞林", "双溪", "三合", "五福", "万顺", "百味",
    "清泉", "古樟", "梅屏", "砚池", "禾渡", "临蒲", "望山", "松涛", "石柳", "柳汀", "乌篷", "东堰", "南埠", "银杏", "稻香", "麦田",
    "橘园", "茶亭", "枫林", "溪口", "桃源", "鹿鸣", "星河", "海棠", "木槿", "青禾", "赤岩", "黄泥", "长亭", "短棹", "新岭", "老街",
)  # fmt: skip
SURNAMES = "周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗"
GIVEN = (
    "桂兰", "秋禾", "春和", "小满", "立夏", "霜降", "水生", "木青", "石根", "竹君", "柳絮", "白露", "谷雨", "芒种", "清明", "冬至",
    "采薇", "子衿", "望舒", "扶苏", "长庚", "启明", "南星", "当归", "半夏", "远志", "杜若", "蘅芜", "青黛", "朱砂", "石青", "松烟",
    "砚秋", "墨生", "纸鸢", "渔歌", "樵风", "耕烟", "牧云", "荷风", "梅雪", "兰舟", "菊影", "枫桥", "榆钱", "槐序", "桐月", "桃夭",
)  # fmt: skip
