"""How values and figures are said in Chinese: as words of a sentence, or as a row of prepared prompts. Pure.

A number is said as a number (`305`: 三百零五), a case number or telephone digit by digit, with 幺 for 1 as on every
Chinese telephone. Numbers up to 99 are one prompt each; bigger ones are put together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from ivr.flow import Prompt

DIGITS = "零一二三四五六七八九"
SPOKEN_DIGITS = "零幺二三四五六七八九"
LARGEST = 9999
SHORT_NUMBERS = {"110", "114", "119", "120", "122"}  # said digit by digit even inside a sentence
COUNTED_TWO = "number_2_counted"  # 两 before a measure word, 二 elsewhere
_LETTERS = {
    "A": "诶", "B": "毕", "C": "西", "D": "迪", "E": "伊", "F": "艾弗", "G": "基", "H": "艾尺", "I": "艾", "J": "杰",
    "K": "开", "L": "艾勒", "M": "艾姆", "N": "恩", "O": "欧", "P": "屁", "Q": "丘", "R": "艾儿", "S": "艾丝",
    "T": "提", "U": "优", "V": "维", "W": "搭波留", "X": "艾克斯", "Y": "歪", "Z": "贼",
}  # fmt: skip


def number_words(number: int) -> str:
    """`15` -> 十五, `305` -> 三百零五, `2000` -> 两千; a number beyond 9999 digit by digit."""
    if not 0 <= number <= LARGEST:
        return digit_words(str(number))
    if number < 20:
        return DIGITS[number] if number < 10 else "十" + (DIGITS[number - 10] if number > 10 else "")
    words, missing = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, value)
        if digit:
            words += ("零" if missing else "") + ("两" if digit == 2 and value >= 100 else DIGITS[digit]) + unit
        missing = bool(words) and not digit
        if not number:
            break
    return words


def digit_words(text: str) -> str:
    """Digit by digit: `12345` -> 幺二三四五."""
    return "".join(SPOKEN_DIGITS[int(c)] for c in text if c.isascii() and c.isdigit())


def in_words(text: str) -> str:
    """A sentence with its figures written out: 请按1 -> 请按一, 12345 -> 幺二三四五, 180秒 -> 一百八十秒."""
    return re.sub(r"[0-9]+", lambda found: _figure(found[0]), text)


def _figure(figure: str) -> str:
    if len(figure) > 4 or figure in SHORT_NUMBERS or (len(figure) > 1 and figure[0] == "0"):
        return digit_words(figure)
    return number_words(int(figure))


def number_stems(number: int) -> list[str]:
    """The prepared prompts that say this number, in order."""
    if not 0 <= number <= LARGEST:
        return digit_stems(str(number))
    thousands, rest = divmod(number, 1000)
    hundreds, small = divmod(rest, 100)
    stems = [f"number_{value}" for value in (thousands * 1000, hundreds * 100) if value]
    if not stems:
        return [f"number_{small}"]
    if small and (small < 10 or (thousands and not hundreds)):
        stems.append("number_0")
    if thousands and not hundreds and small == 0:
        return stems
    if 10 <= small < 20:
        stems.append("number_1")  # 三百一十五, never 三百十五
    return [*stems, f"number_{small}"] if small else stems


def digit_stems(text: str) -> list[str]:
    """Case numbers and telephones: digits and letters one by one, everything else unsaid."""
    wanted = (c for c in text.upper() if c.isascii() and c.isalnum())
    return [f"digit_{c}" if c.isdigit() else f"letter_{c}" for c in wanted]


def value_stems(value: str | int) -> list[str]:
    """What says a value inside a prompt. A text that is neither number nor code must have been prepared as a phrase."""
    if isinstance(value, int):
        return [COUNTED_TWO] if value == 2 else number_stems(value)
    if re.fullmatch(r"[0-9A-Za-z #*./_-]+", value):
        return digit_stems(value)
    return [phrase_stem(value)] if value else []


def phrase_stem(text: str) -> str:
    """The file name of a phrase that is put into prompts, such as a department's name."""
    return f"phrase_{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def pieces(prompt: Prompt) -> list[tuple[str, str]]:
    """What must be made into sound: (file stem, text). A prompt with {names} falls into numbered pieces around them."""
    texts = _split(prompt.text)[::2]
    if len(texts) == 1:
        return [(prompt.id, prompt.text)]
    return [(f"{prompt.id}_{number}", text) for number, text in enumerate(texts, 1) if _sayable(text)]


def spoken(prompt: Prompt, values: Mapping[str, str | int]) -> list[str]:
    """The files (without `.wav`) that say this prompt with these values, in order. KeyError when a value is missing."""
    parts = _split(prompt.text)
    if len(parts) == 1:
        return [prompt.id]
    stems: list[str] = []
    for number, text in enumerate(parts):
        if number % 2:
            stems += value_stems(values[text])
        elif _sayable(text):
            stems.append(f"{prompt.id}_{number // 2 + 1}")
    return stems


def prepared() -> dict[str, str]:
    """Every number, digit and letter that values are put together from: file stem -> text."""
    ready = {f"number_{n}": number_words(n) for n in (*range(100), *range(100, 1000, 100), *range(1000, 10000, 1000))}
    ready[COUNTED_TWO] = "两"
    ready |= {f"digit_{n}": SPOKEN_DIGITS[n] for n in range(10)}
    return ready | {f"letter_{letter}": word for letter, word in _LETTERS.items()}


def _split(text: str) -> list[str]:
    """Text, name, text, name, … text."""
    return re.split(r"\{([a-z_]+)\}", text)


def _sayable(text: str) -> bool:
    return any(c.isalnum() for c in text)
