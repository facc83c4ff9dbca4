"""Does a reply look perfunctory (敷衍)? Rules that explain themselves, with no model and no network. Pure.

A finding warns the clerk before the reply is submitted and the reviewer after. It names the rule, the place in the text
and what to do. It decides nothing: a short reply may be the best one, and a person sends it back or does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import TypeVar

from cases import wording
from cases.finding import Checked, Finding, Point, Reply, Rule
from cases.promises import Promise, dates, promises
from cases.wording import Span, found
from cases.words import Kind
from config.reply_words import ReplyWords
from config.words import Word
from config.workdays import Workdays

T = TypeVar("T")
COMPARED = 50  # how many earlier replies of the same department are looked at
_TEMPLATE_FROM = 20  # characters: shorter ones are alike by chance, and too short anyway
_MOST_POINTS = 20
_MOST_FOUND = 20  # of one rule: who has read so many knows enough
_NUMBERED = re.compile(
    r"(?:^|[\s。；;，,：:])(?:[(（]?[0-9一二三四五六七八九十]{1,2}[)）.、．]|[一二三四五六]是)(?![0-9])"
)
_SENTENCES = re.compile(r"[。！？!?；;\n]+")
_SALUTED = re.compile(r"([^\W\d_]{1,3})(?:先生|女士|小姐|同志|大爷|大妈|阿姨|师傅)")
_NO_SURNAME = frozenset("的位该各这那本市您你")
_NUMBER = re.compile(r"\s*([0-9]{1,5})\s*号")


def check(reply: Reply, words: ReplyWords, workdays: Workdays) -> Checked:
    """Everything that a reviewer might stumble over, in the order of `Rule`."""
    promised = promises(reply.text, words, reply.today, workdays)
    named = dates(reply.text, reply.today, workdays)
    findings = [finding for rule in _RULES for finding in rule(reply, words)]
    findings += [*_undated(promised), *_no_date(named)]
    order = {rule: n for n, rule in enumerate(Rule)}
    due = max((each.due for each in promised if each.due), default=None)
    return Checked(tuple(sorted(findings, key=lambda each: order[each.rule])), due)


def points(text: str) -> tuple[Point, ...]:
    """What the citizen asked for, one by one: what is numbered, else every sentence. For the clerk to tick."""
    numbered = _NUMBERED.split(text)[1:]
    parts = numbered if len(numbered) > 1 else _SENTENCES.split(text)
    said = [part.strip(" \t\r\n。；;，,、：:") for part in parts]
    return tuple(Point(part[:200]) for part in said if wording.length(part) > 1)[:_MOST_POINTS]


def _too_short(reply: Reply, words: ReplyWords) -> Iterator[Finding]:
    if (length := wording.length(reply.text)) < words.shortest:
        yield Finding(Rule.TOO_SHORT, f"公开答复只有 {length} 个字，少于 {words.shortest} 个字",
                      "请写清查到什么、做了什么、结果怎样、找谁联系")  # fmt: skip


def _refusing(reply: Reply, words: ReplyWords) -> Iterator[Finding]:
    for at in _first(found(reply.text, words.refusing)):
        yield Finding(
            Rule.REFUSING, f"“{at.text}”像是推诿", "请写明依据（哪条规定）、应找哪个单位和电话，或申请退单改派", at
        )


def _vague(reply: Reply, words: ReplyWords) -> Iterator[Finding]:
    for at in _first(found(reply.text, words.vague)):
        yield Finding(Rule.VAGUE, f"“{at.text}”没有说清楚", "请换成具体的人、事、时间，例如谁在哪天做了什么", at)


def _template(reply: Reply, words: ReplyWords) -> Iterator[Finding]:
    if wording.length(reply.text) < _TEMPLATE_FROM:
        return
    alike = max((round(100 * wording.likeness(reply.text, each)) for each in reply.earlier[:COMPARED]), default=0)
    if alike >= words.alike_percent:
        yield Finding(
            Rule.TEMPLATE, f"与本单位近期的一件答复有 {alike}% 相同", "请针对这件诉求写：这里、这次、这个人的情况"
        )


def _no_measure(reply: Reply, words: ReplyWords) -> Iterator[Finding]:
    if words.measures and not reply.measures.strip() and not any(found(reply.text, words.measures)):
        yield Finding(Rule.NO_MEASURE, "没有写采取了什么措施", "请写做了什么，例如核查、维修、查处、解释了哪项政策")


def _no_date(named: list[date]) -> Iterator[Finding]:
    if not named:
        yield Finding(Rule.NO_DATE, "全文没有日期", "请写明哪天办理、哪天办结")


def _no_contact(reply: Reply, _words: ReplyWords) -> Iterator[Finding]:
    if not reply.contacted:
        yield Finding(
            Rule.NO_CONTACT, "没有联系市民的记录", "请联系市民并登记时间、方式和联系人；联系不上也请登记三次尝试"
        )


def _points(reply: Reply, _words: ReplyWords) -> Iterator[Finding]:
    if reply.points is None:
        untouched = (p for p in points(reply.asked) if not wording.likeness(p.text, reply.text))
        for point in untouched:
            yield Finding(Rule.POINT_UNANSWERED, f"似乎没有提到“{point.text[:40]}”", "请逐条回应市民的诉求")
    for point in reply.points or ():
        if not point.answered:
            yield Finding(
                Rule.POINT_UNANSWERED, f"“{point.text[:40]}”没有勾选已回应", "请回应后勾选，或写明为什么不回应"
            )


def _unsupported(reply: Reply, words: ReplyWords) -> Iterator[Finding]:
    said = next(found(reply.text, words.solved), None)
    if (said or reply.solved) and not reply.evidence:
        claim = f"“{said.text}”" if said else "勾选了已解决"
        yield Finding(Rule.UNSUPPORTED, f"{claim}，但没有照片、单据等佐证", "请上传办理前后的照片、文书或回执", said)


def _reclassified(reply: Reply, _words: ReplyWords) -> Iterator[Finding]:
    if reply.kind in (Kind.COMPLAINT, Kind.TIP_OFF) and reply.found_kind is Kind.CONSULTATION:
        yield Finding(
            Rule.RECLASSIFIED,
            f"{reply.kind.label}被改成了{Kind.CONSULTATION.label}",
            "确属改错请改回；确需改变请写明理由",
        )


def _wrong_place(reply: Reply, _words: ReplyWords) -> Iterator[Finding]:
    """Another place that the city knows instead of the right one, or the right road with another number."""
    names = tuple(Word(name) for name in reply.places)
    about = f"{reply.place}\n{reply.asked}"
    right, said = {at.text for at in found(about, names)}, list(found(reply.text, names))
    if right and said and not right & {at.text for at in said}:
        yield Finding(Rule.WRONG_PLACE, f"市民说的是“{'、'.join(sorted(right))}”，答复写的是“{said[0].text}”",
                      "请核对地点，是否把别的工单的答复贴到了这里", said[0])  # fmt: skip
    for at in said:
        numbers, here = set(_numbers(about, at.text)), _NUMBER.match(reply.text, at.end)
        if here and numbers and here[1] not in numbers:
            span = Span(at.start, here.end(), reply.text[at.start : here.end()])
            yield Finding(
                Rule.WRONG_PLACE, f"市民说的是 {at.text} {'、'.join(sorted(numbers))} 号", "请核对门牌号", span
            )


def _numbers(text: str, road: str) -> Iterator[str]:
    for at in found(text, (Word(road),)):
        if number := _NUMBER.match(text, at.end):
            yield number[1]


def _wrong_name(reply: Reply, _words: ReplyWords) -> Iterator[Finding]:
    """How the text begins: only there is it surely the citizen who is addressed."""
    saluted, name = _SALUTED.search(reply.text[:16]), reply.caller_name.strip()
    if saluted and name and saluted[1][-1] not in _NO_SURNAME and not set(saluted[1]) & set(name):
        yield Finding(Rule.WRONG_NAME, "答复的称呼与来电人不符", "请核对称呼，是否把别的工单的答复贴到了这里",
                      Span(saluted.start(), saluted.end(), saluted.group()))  # fmt: skip


def _personal(reply: Reply, _words: ReplyWords) -> Iterator[Finding]:
    for at in _first(reply.private):
        yield Finding(Rule.PERSONAL_DATA, "公开答复里有个人信息", "请删去，或移到内部说明里", at)


def _undated(promised: Iterable[Promise]) -> Iterator[Finding]:
    for each in _first(promised):
        if each.due is None:
            yield Finding(
                Rule.PROMISE_WITHOUT_DATE,
                f"“{each.said.text}”没有写到什么时候",
                "请写明完成日期，系统将到期跟踪",
                each.said,
            )


def _first(findings: Iterable[T]) -> Iterator[T]:
    return islice(findings, _MOST_FOUND)


_RULES: tuple[Callable[[Reply, ReplyWords], Iterator[Finding]], ...] = (
    _too_short, _refusing, _vague, _template, _no_measure, _no_contact, _points, _unsupported, _reclassified,
    _wrong_place, _wrong_name, _personal,
)  # fmt: skip
