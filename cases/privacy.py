"""Who sees how much of the citizen: the one table, and the masking that follows from it. Pure.

Rules of this file:
1. `sight` is the only place that decides. What its table does not have sees nothing (deny by default).
2. Masking is done on the way out, never in the database: whoever may see, sees what was said.
3. In free text whatever looks like a number of a person is hidden, however it is spelt (138 0000 1111, １３８…,
   幺三八零…). A longer row of digits is some other number and stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Protocol

from cases.words import Confidentiality, Labelled, Part, Role

ALIAS = "市民（身份保密）"
_HOTLINE = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMINISTRATOR})


class Sight(Enum):
    """How much of name and number is seen."""

    FULL = "full"
    MASKED = "masked"
    ALIAS = "alias"


class Identifying(Protocol):
    """What of a case may tell who called: a `CaseRow` is one."""

    confidentiality: str
    phone: str
    caller_name: str
    place: str
    summary: str
    text: str


# level -> what the hotline's own people see, what the lead department sees, what an assisting one sees
_SEEN: dict[Confidentiality, tuple[Sight, Sight, Sight]] = {
    Confidentiality.ORDINARY: (Sight.FULL, Sight.MASKED, Sight.ALIAS),
    Confidentiality.CONFIDENTIAL: (Sight.FULL, Sight.ALIAS, Sight.ALIAS),
    Confidentiality.TIP_OFF: (Sight.ALIAS, Sight.ALIAS, Sight.ALIAS),
}


def sight(level: Confidentiality, role: Labelled | None, part: Part | None = None) -> Sight:
    """What this role sees in a case of this level. `part` is the department's share; role None is its own system."""
    hotline, lead, assisting = _SEEN[level]
    if role in _HOTLINE:
        return hotline
    return lead if part is Part.LEAD else assisting


def may_reveal(level: Confidentiality, role: Labelled | None, part: Part | None = None) -> bool:
    """May they ask for the whole name or number, with a purpose? A tip-off's also needs a second person."""
    if level is Confidentiality.TIP_OFF:
        return role in (Role.SUPERVISOR, Role.ADMINISTRATOR)
    return sight(level, role, part) is not Sight.ALIAS


def as_seen(case: Identifying, seen: Sight) -> dict[str, str | None]:
    """The fields that may tell who called, as they may be shown."""
    whole = {name: getattr(case, name) for name in ("place", "summary", "text")}
    if seen is Sight.FULL:
        return {**whole, "phone": case.phone, "caller_name": case.caller_name}
    secret = case.confidentiality != Confidentiality.ORDINARY
    name = ALIAS if secret else masked_name(case.caller_name)
    known = {case.phone: "*" * len(case.phone), case.caller_name: name}
    texts = {key: masked_text(value, known) for key, value in whole.items()}
    return {**texts, "phone": masked_phone(case.phone) if seen is Sight.MASKED else None, "caller_name": name}


def in_list(case: Identifying, seen: Sight) -> dict[str, str | None]:
    """The same in a list, where nobody sees a whole number: who needs it opens the case, and that is noted."""
    fields = as_seen(case, seen)
    del fields["text"]
    return fields | {"phone": masked_phone(case.phone) if seen is Sight.FULL else fields["phone"]}


def masked_phone(number: str) -> str:
    """138****1111: enough to recognise the number one is called from."""
    first, last = (3, 4) if len(number) >= 11 else (2, 2) if len(number) >= 7 else (0, 0)
    return number[:first] + "*" * (len(number) - first - last) + number[len(number) - last :]


def masked_name(name: str) -> str:
    return name[:1] + "*" * (len(name) - 1)


def masked_text(text: str, known: dict[str, str] | None = None) -> str:
    """Free text without anybody's numbers. `known`: what else is replaced, such as this citizen's own name."""
    for secret, instead in sorted((known or {}).items(), key=lambda each: -len(each[0])):
        if len(secret) > 1:
            text = text.replace(secret, instead)
    while (masked := _starred(text)) != text:  # what is hidden may have stood in the way of a neighbour
        text = masked
    return text


def masked_data(value: object, known: dict[str, str] | None = None) -> object:
    """The same for every text within lists and mappings."""
    if isinstance(value, str):
        return masked_text(value, known)
    if isinstance(value, dict):
        return {key: masked_data(each, known) for key, each in value.items()}
    return [masked_data(each, known) for each in value] if isinstance(value, list) else value


def self_identifying(text: str) -> list[str]:
    """Sentences by which the accused may tell who spoke, to be reworded before a tip-off goes to a department."""
    sentences = [each.strip() for each in re.split(r"[。！？!?；;\n]", text)]
    return [each for each in sentences if _WHO_SPEAKS.search(each) or masked_text(each) != each]


# ---- numbers of people. The text is read three times, each character standing for one digit at most: as written; with
# digits said one by one; and with both mixed. So a place in what was read is a place in the text.
_FULL_WIDTH = {ord("０") + n: str(n) for n in range(10)} | {ord("Ｘ"): "X", ord("ｘ"): "x", ord("＋"): "+"}
_SPOKEN = dict(zip(map(ord, "零〇幺一二两三四五六七八九"), "0011223456789", strict=True))
_NO_DIGITS = {ord(str(n)): "\x00" for n in range(10)}

_S = r"[ \-－—–·.]?"  # what may stand between two digits
_BEGIN, _END = r"(?<![0-9])", r"(?![0-9])"
_YEAR, _DAY = f"(?:1{_S}[89]|2{_S}0){_S}[0-9]{_S}[0-9]", f"[01]{_S}[0-9]{_S}[0-3]{_S}[0-9]"


def _digits(count: str) -> str:
    return f"(?:{_S}[0-9]){{{count}}}"


_CARD = f"{_BEGIN}[1-9]{_digits('5')}{_S}{_YEAR}{_S}{_DAY}{_digits('3')}"
_MOBILE = f"1{_S}[3-9]{_digits('9')}"
_WHOLE = [
    f"{_BEGIN}(?:\\+?{_S}(?:0{_S}0{_S})?8{_S}6{_S})?{_MOBILE}{_END}",
    f"{_BEGIN}0{_digits('2,3')}[)）]?{_S}[2-9]{_digits('6,7')}{_END}",  # with its area code
    f"{_CARD}{_S}[Xx]",  # an identity card
    f"{_CARD}(?:{_S}[0-9])?{_END}",  # the same, and one that lacks its last place
    f"{_BEGIN}[1-9]{_digits('7')}{_S}{_DAY}{_digits('3')}{_END}",  # the old one of 15 places
    f"{_BEGIN}[3-6]{_digits('15,18')}{_END}",  # a bank card
    f"(?:电话|手机|座机|号码|联系|拨打|致电)[^0-9。；\\n]{{0,8}}{_BEGIN}[2-8]{_digits('6,7')}{_END}",
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}",
]
_NUMBERS = re.compile("|".join(_WHOLE), re.ASCII)
# Said aloud, a number runs into the next word: 幺三八零零零零幺幺幺幺一直打不通. A row of 14 digits is no telephone.
_SAID_MOBILE = re.compile(f"{_BEGIN}1[3-9][0-9]{{9}}(?=[0-9]{{0,2}}(?![0-9]))")

_WHO_SPEAKS = re.compile(
    "我(?:叫|姓|名叫)|(?:我|本人)(?:的)?(?:姓名|名字|身份证|手机|电话|微信|工号|车牌|门牌)|"
    "(?:我|本人)(?:就|也|曾|曾经|以前|现在)?(?:是|住|家住|家在|在)[^，。]{0,20}"
    "(?:职工|员工|工人|会计|司机|老师|学生|家长|业主|住户|租户|村民|邻居|店主|股东|合伙人|保安|医生|护士|工作|上班|任职|住|室|单元|楼上|楼下|对门|隔壁)|"
    "我(?:的)?(?:丈夫|妻子|老公|老婆|儿子|女儿|父亲|母亲|爸|妈|孩子|家人|同事)|只有我|就我一个|我一个人|"
    "我(?:们)?(?:被|曾|曾经)?(?:辞退|开除|举报过|投诉过|反映过|找过他)"
)


def _starred(text: str) -> str:
    plain = text.translate(_FULL_WIDTH)
    spoken = plain.translate(_NO_DIGITS).translate(_SPOKEN)
    found = [*_NUMBERS.finditer(plain), *_NUMBERS.finditer(plain.translate(_SPOKEN)), *_NUMBERS.finditer(spoken)]
    spans = [match.span() for match in (*found, *_SAID_MOBILE.finditer(spoken))]
    return _with_stars(text, plain.translate(_SPOKEN), spans)


def _with_stars(text: str, read: str, spans: Iterable[tuple[int, int]]) -> str:
    letters = list(text)
    for first, end in spans:
        name = "@" in text[first:end]
        for at in range(first, end):
            if read[at] in "0123456789Xx" or (name and text[at] not in "@."):
                letters[at] = "*"
    return "".join(letters)
