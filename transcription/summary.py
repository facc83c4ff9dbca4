"""A summary a clerk can act on, made of the citizen's own clauses: where, what, since when, what is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transcription.guess import Guess, Source
from transcription.sentences import Sentence
from transcription.vocabulary import Vocabulary

LONGEST = 120
_CLAUSE = re.compile("[，,。；;！!？?、\n]+")
_OPENING = re.compile(
    "^(喂|你好|您好|嗯+|啊|呃|哎|唉|那个|这个|就是说|就是|是这样的|是这样|这样的|市长热线|12345|热线|同志|师傅|姑娘|小姐|先生|麻烦|请问一下|请问|"
    "我想问一下|我想问问|我想问|想问一下|我想反映一下|我想反映|我要反映一下|我要反映|反映一下|反映一个问题|我想咨询一下|我想咨询|我要咨询|咨询一下|"
    "我要投诉一下|我要投诉|我想投诉一下|我想投诉|我要举报|我想举报|我打电话是|我给你们打电话|我跟你们说|跟您说|说一下|我想说|我就想|的话|吧|呀|啊|一个问题|一下)+"
)
_FILLER = re.compile("那个那个|就是说|然后呢|呃|嗯+|你知道吧|对不对啊|怎么说呢|反正就是|是吧")
_HOW_LONG = re.compile(
    "[0-9一二三四五六七八九十两几半好多]+(个)?(多)?(小时|钟头|分钟|天|晚上|星期|礼拜|周|月|年|次)|每天|天天|经常|总是|一直|凌晨|半夜|很久|昨天|今天|前天|上周|上个月|最近"
)
_DEMAND = re.compile("希望|请|要求|能不能|能否|可不可以|建议|尽快|什么时候|赶紧|帮|怎么办理|需要什么|如何|怎么")
_HOME = re.compile("^(我家住在|我家住|我家在|家住|我住在|我住|就在|就是|地址是|地址|位于|在)+")
_IDLE = re.compile("(谢谢|再见|好的|好|嗯|对|是的|没有了|就这些|麻烦你们了?|辛苦了?|感谢)*")


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    order: int
    worth: float
    demand: bool
    source: Source


def summary(said: Sequence[Sentence], words: Vocabulary, place: Guess) -> Guess:
    """At most 120 characters, in the order in which they were said."""
    clauses = [c for c in _clauses(said, words) if _HOME.sub("", c.text) not in place.value]
    if not clauses:
        return Guess("", 0.0, "没有听到可以概括的内容")
    best = max(clauses, key=lambda c: (c.worth, -c.order))
    chosen = _chosen(clauses, best, LONGEST - len(place.value) - 2)
    text = "，".join(c.text for c in sorted(chosen, key=lambda c: c.order))
    if place.value and place.value not in text:
        text = f"{place.value}：{text}"
    return Guess(_short(text), round(min(0.9, 0.3 + best.worth / 20), 2), "摘自市民原话", best.source)


def _clauses(said: Sequence[Sentence], words: Vocabulary) -> Iterable[_Clause]:
    seen: set[str] = set()
    order = 0
    for sentence in said:
        if sentence.weight < 0.5:
            continue
        for part in _CLAUSE.split(sentence.text):
            text = _FILLER.sub("", _OPENING.sub("", part)).strip()
            order += 1
            if len(text) < 2 or text in seen or _IDLE.fullmatch(text):
                continue
            seen.add(text)
            yield _clause(text, order, sentence, words)


def _clause(text: str, order: int, sentence: Sentence, words: Vocabulary) -> _Clause:
    hits = words.categories.finder.find(text)
    what = sum(max(s for _, s in words.categories.codes[h.word.text]) for h in hits)
    demand = bool(_DEMAND.search(text))
    how_long = bool(_HOW_LONG.search(text))
    harm = any(h.word.weight for finder in words.urgencies.values() for h in finder.find(text))
    return _Clause(text, order, what + demand + how_long + harm + 0.1, demand, sentence.source)


def _chosen(clauses: list[_Clause], best: _Clause, room: int) -> list[_Clause]:
    """The best clause, then what was said around it, then the demand, while there is room."""
    near = sorted(clauses, key=lambda c: (not c.demand and c.worth < 1.0, abs(c.order - best.order), c.order))
    chosen, used = [best], len(best.text)
    for clause in near:
        if clause is not best and clause.worth >= 1.0 and used + len(clause.text) + 1 <= room and len(chosen) < 6:
            chosen.append(clause)
            used += len(clause.text) + 1
    return chosen


def _short(text: str) -> str:
    text = text.strip("，：") + "。"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
