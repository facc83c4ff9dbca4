"""The number to call the citizen back: the one they say, or else the one they call from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from transcription.guess import Guess
from transcription.sentences import Sentence

_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[-－—、 ]?[0-9]){6,14}(?![0-9])")
_NUMBER = re.compile("(1[3-9][0-9]{9})|(0[0-9]{9,11})|([2-8][0-9]{6,7})")
_MINE = re.compile(
    "(不对|错了|应该是|我的|我|联系|手机|回我|打给我|本人)[，]?[^，。]{0,8}$|(电话|号码|手机)(号)?(码)?(是|：|:)?$"
)
_THEIRS = re.compile(
    "(他们|她|他|局|公司|热线|物业|老板|单位|对方|服务台|商家|中心|拨打|打了|打过|骗子|骚扰)[^，。]{0,6}$"
)
_OTHER = re.compile("(身份证|卡号|账号|编号|工单|案件|单号|车牌|户号)[^，。]{0,6}$")
_TAIL = re.compile("[0-9]{2,10}$")
_ONLY = re.compile("[，,。 ]*([0-9]{2,10})[，,。 ]*")


def phone(said: Sequence[Sentence], caller: str) -> Guess:
    """The last number a citizen gives counts: people correct themselves."""
    found = [c for s in _joined(said) for c in _candidates(s)]
    if not found:
        return _callers(caller)
    score, number, sentence = max(found, key=lambda c: c[0])
    best = [c for c in found if c[0] == score][-1]
    score, number, sentence = best
    who = "市民说出的号码" if sentence.is_citizens else "话务员复述的号码"
    return Guess(number, round(min(0.95, score), 2), who, sentence.source)


def _callers(caller: str) -> Guess:
    if caller:
        return Guess(caller, 0.6, "市民没有说号码，取来电号码")
    return Guess("", 0.0, "市民没有说号码，来电号码也不知道")


def _candidates(sentence: Sentence) -> Iterable[tuple[float, str, Sentence]]:
    for match in _DIGITS.finditer(sentence.text):
        digits = re.sub("[^0-9]", "", match[0])
        before = sentence.text[max(0, match.start() - 12) : match.start()]
        if not _NUMBER.fullmatch(digits) or _OTHER.search(before) or (_THEIRS.search(before) and "我" not in before):
            continue
        sure = 0.75 if _NUMBER.fullmatch(digits)[1] else 0.55  # type: ignore[index]
        sure += 0.2 if _MINE.search(before) or "电话" in sentence.asked or "号码" in sentence.asked else 0.0
        yield sure * (1.0 if sentence.is_citizens else 0.5), digits, sentence


def _joined(said: Sequence[Sentence]) -> Iterable[Sentence]:
    """With digits put together that were said in several breaths."""
    done: list[Sentence] = []
    for sentence in said:
        more = _ONLY.fullmatch(sentence.text)
        last = next((s for s in reversed(done) if s.is_citizens), None)
        if more and sentence.is_citizens and last is not None and _TAIL.search(last.text):
            at = done.index(last)
            done[at] = replace(last, text=last.text + more[1])
        else:
            done.append(sentence)
    return done
