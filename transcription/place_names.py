"""The parts of addresses in a sentence: roads, numbers, crossings, communities, buildings, in the order of the text.

Names the city has listed are certain. Others are told by their last characters (…路, …小区) and cut at words that
cannot be part of a name: 昨天晚上光明路 is 光明路.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from transcription.cues import Finder

NUMBER = "(?<![0-9])[0-9零〇一二三四五六七八九十百]{1,6}"


class Part(StrEnum):
    """What a part of an address is, in the order in which an address is written."""

    DISTRICT = "district"  # 区
    STREET = "street"  # 街道、镇
    ROAD = "road"  # 路
    NUMBER = "number"  # 门牌号
    CROSSING = "crossing"  # 路口
    NAMED = "named"  # 小区、学校、医院……
    BUILDING = "building"  # 楼栋、单元、室
    BARE = "bare"  # 小区、工地, without a name
    NEAR = "near"  # 附近、门口


@dataclass(frozen=True, slots=True)
class Token:
    part: Part
    start: int
    end: int
    district: str = ""


_SUFFIX_ROAD = "大道|大街|公路|路|街|巷|胡同"
_SUFFIX_NAMED = (
    "小区|花园|家园|公寓|新村|社区|家属院|宿舍|嘉园|华府|豪庭|雅苑|名苑|苑|村|新城|名城|"
    "小学|中学|初中|高中|幼儿园|大学|学院|学校|人民医院|中医院|妇幼保健院|医院|卫生院|卫生服务中心|"
    "公园|广场(?!舞)|农贸市场|菜市场|批发市场|市场|超市|大厦|商场|购物中心|火车站|汽车站|客运站|公交站|地铁站|车站|"
    "宾馆|饭店|酒店|工地|化工厂|工厂|银行|图书馆|体育馆|养老院|敬老院|派出所|水库|过街天桥|天桥|大桥|立交桥|桥|楼盘|"
    "产业园|工业园|科技园|停车场|加油站|健身房|KTV|网吧"
)
_ROAD = re.compile(f"(?P<name>[\u4e00-\u9fff]{{1,6}}?)(?P<suffix>{_SUFFIX_ROAD})(?![灯面障况费线程公口道]|边摊)|"
                   f"(?P<name2>[\u4e00-\u9fff]{{1,6}}?)(?P<suffix2>路|街)(?=口|面|边|灯|线)")  # fmt: skip
_NAMED = re.compile(f"(?P<name>[\u4e00-\u9fff0-9A-Z]{{0,8}}?)(?P<suffix>{_SUFFIX_NAMED})")
_HOUSE = re.compile(f"{NUMBER}号(?:院|大院)?(?!楼|线|电)")
_BUILDING = re.compile(f"(?:{NUMBER}|[A-Za-z])(?:号楼|栋|幢|座|单元|室|层|楼)(?:[0-9]{{3,4}}室?)?")
_ALONE = re.compile(
    "人民医院|中医院|妇幼保健院|火车站|汽车站|客运站|高铁站|机场|体育馆|图书馆"
)  # a city has one that needs no name
_STREET = re.compile("第[一二三四五六七八九十0-9]+街道")
_CROSSING = re.compile(
    "交叉路口|交叉口|十字路口|丁字路口|三岔路口|三岔口|交界处|交汇处|路口|口(?=[的，附红左右边]|$)|转盘"
)
_NEAR = re.compile(
    "附近|旁边|对面|正门口|大门口|门口|门前|后面|前面|后门|北门|南门|东门|西门|正门|东侧|西侧|南侧|北侧|隔壁|边上|周边|里面|"
    "桥下|地下通道|地下车库|地下室|楼下|楼道|大门|[东西南北]段"
)
# Not part of any name, wherever they stand …
_NEVER = re.compile(
    "我家|我们家|我们|你们|他们|咱们|家住|居住|住在|位于|地址|位置|反映|投诉|举报|咨询|建议|请问|你好|您好|今天|昨天|前天|今早|每天|"
    "晚上|早上|中午|下午|上午|凌晨|半夜|最近|上周|周末|经常|一直|已经|现在|目前|就是|这边|那边|这里|那里|这个|那个|这条|那条|这家|那家|一个|一家|"
    "一条|有个|有家|整个|附近|旁边|对面|门口|因为|所以|但是|而且|还有|孩子|老人|自己|沿着|经过|路过|靠近|停水|停电|市长|热线|喂|嗯|"
    "感谢|表扬|希望|帮忙|联系|麻烦|关于|上班|上学|看不见|什么|怎么|哪个|几个|不知道|[的了在是座不见我你您他她它这那就很也到从把被让嘛呢吗啊]"
)
# … and what is none unless at least two characters follow: 和平路 is a road, 中山路和人民路 are two.
_PERHAPS = re.compile("[和与跟有都加建去来要对向往想说给离上下里住市区县号侧边口姓叫]")
# What stands before 路 or 街 without naming one: 马路, 断头路, 公交线路, 饭店绕路 …
_NO_ROAD = re.compile(
    ".*(线|通一|修一|开一|[绕走堵挖赶让问迷顺])|[马道铁网电线思一半修过上下占开带沿同出退条段截末后左右改车水管气短回铺公盲老新小大主支泥土山]|"
    "高速|国道|乡村|水泥|柏油|小吃|步行|商业|夜市|美食|断头|十字|交叉|施工|一段|几条|整条|两条"
)
# … and before 小区, 医院, 工地: 老旧小区, 公办幼儿园, 农贸市场 are kinds of places, not places.
_NO_NAME = re.compile(
    ".*(施工|建筑|装修|夜间|大型|小型|中小|老旧|附近|隔壁|旁|公办|公立|私立|私人|民办|职业|三甲|连锁|正规|网红|便民|农贸|建材|二手|"
    "一所|一个|所有|各个|很多|好多|哪|自己|家门口|农民|城中|新农|全|乡|流动|露天|地下|公共|共享|免费|收费|高档|拆迁|回迁|安置|校外|"
    "去|看|进|送|出|租|拖欠|扰民|投诉|违规|过街).*|[大小老新本该某全各每我农乡]|公交|地铁"
)


def tokens(text: str, known: Finder, districts: Mapping[str, str]) -> list[Token]:
    """Parts of addresses, none overlapping, in the order of the text."""
    certain = [_listed(text, hit.start, hit.end, districts) for hit in known.find(text)]
    found = [*certain, *_simple(text), *_roads(text, certain), *_named(text, certain)]
    kept: list[Token] = []
    for token in sorted(found, key=lambda t: (t not in certain, -_weight(t), t.start)):
        if all(token.end <= other.start or token.start >= other.end for other in kept):
            kept.append(token)
    return sorted(kept, key=lambda t: t.start)


def _weight(token: Token) -> int:
    return (token.end - token.start) + (4 if token.part in (Part.ROAD, Part.NAMED, Part.BUILDING) else 0)


def _listed(text: str, start: int, end: int, districts: Mapping[str, str]) -> Token:
    name = text[start:end]
    district = districts.get(name, "")
    if name == district or name + name[-1:] == district or district.startswith(name):
        return Token(Part.DISTRICT, start, end, district)
    if re.search("(街道|镇)$", name):
        return Token(Part.STREET, start, end, district)
    return Token(Part.ROAD if re.search(f"({_SUFFIX_ROAD})$", name) else Part.NAMED, start, end, district)


def _simple(text: str) -> Iterable[Token]:
    """Parts that are told by their form alone."""
    for part, pattern in ((Part.NUMBER, _HOUSE), (Part.BUILDING, _BUILDING), (Part.STREET, _STREET),
                          (Part.CROSSING, _CROSSING), (Part.NEAR, _NEAR)):  # fmt: skip
        for match in pattern.finditer(text):
            yield Token(part, match.start(), match.end())


def _roads(text: str, certain: list[Token]) -> Iterable[Token]:
    for match in _ROAD.finditer(text):
        group = "name" if match["suffix"] else "name2"
        start, name = _cut(match[group], match.start(group), certain)
        ending = match.end("suffix" if match["suffix"] else "suffix2")
        if 2 <= len(name) <= 5 and not _NO_ROAD.fullmatch(name):
            yield Token(Part.ROAD, start, ending)


def _named(text: str, certain: list[Token]) -> Iterable[Token]:
    for match in _NAMED.finditer(text):
        start, name = _cut(match["name"], match.start("name"), certain)
        real = len(name) >= 2 and not _NO_NAME.fullmatch(name) and not name.isdigit()
        if not real and _ALONE.fullmatch(match["suffix"]):
            start, real = match.start("suffix"), True
        yield Token(Part.NAMED, start, match.end()) if real else Token(Part.BARE, match.start("suffix"), match.end())


def _cut(name: str, start: int, certain: list[Token]) -> tuple[int, str]:
    """The end of `name` that can be a name: after listed places, after words that are in no name."""
    at = 0
    for token in certain:
        if start < token.end <= start + len(name):
            at = max(at, token.end - start)
    for match in _NEVER.finditer(name):
        at = max(at, match.end())
    for match in _PERHAPS.finditer(name):
        if len(name) - match.end() >= 2:
            at = max(at, match.end())
    return start + at, name[at:]
