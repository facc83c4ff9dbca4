"""Cases as a city might have them: its own categories, words and places, common matters often and rare ones rarely."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.city import City

_OPENINGS = ("市民反映：", "您好，我要反映一个情况，", "来电人称", "请问一下，", "我想投诉，", "我们小区很多居民都说，")
_TROUBLES = (
    "已经三天了没有人来处理，打了好几次电话都说会派人，可是一直没有见到人。",
    "晚上出行非常不方便，老人和孩子都不敢出门，希望有关部门尽快解决。",
    "影响居民正常生活，物业说不归他们管，社区让找街道，街道又让打12345。",
    "之前反映过一次，说是处理好了，结果过了不到一个星期又变成原来的样子。",
    "每天早上六点就开始，一直到半夜十一点多，周末也不停，家里有人上夜班没法休息。",
    "希望能给一个明确的时间，到底什么时候可以处理完，请工作人员给我回个电话。",
    "我自己也拍了照片和视频，可以提供给你们，请尽快安排人到现场看一下。",
    "前几天下雨以后更加严重，有位老人差点摔倒，再不处理肯定要出事的。",
)
_STATES = ("registered", "accepted", "dispatched", "handling", "replied")


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One case. `department` leads it, "" when it was answered at once."""

    number: str
    created_at: datetime
    category: str
    state: str
    place: str
    phone: str
    summary: str
    text: str
    department: str


def made_up(city: City, size: int, until: datetime, *, a_day: int = 1000) -> Iterator[MadeUp]:
    """Oldest first; always the same ones. Only the newest are still open."""
    chance = random.Random(12345)
    places, matters = _places(city), [_words(c.words) for c in city.categories]
    leads = [[d.code for d in city.leads(c.code)] or [city.departments[0].code] for c in city.categories]
    day, today = until - timedelta(days=size // a_day + 1), 0
    for nth in range(size):
        today = today + 1 if nth % a_day else 1
        day += timedelta(days=1) if today == 1 else timedelta()
        kind = min(int(chance.expovariate(0.35)), len(matters) - 1)
        place, matter = _place(chance, places), _matter(chance, matters[kind])
        answered = chance.random() < 0.5
        yield MadeUp(
            number=f"{day:%Y%m%d}{today:04d}",
            created_at=day + timedelta(seconds=80 * today),
            category=city.categories[kind].code,
            state="answered" if answered else "replied" if nth < 0.98 * size else chance.choice(_STATES),
            place=place,
            phone=f"139{chance.randrange(10**8):08d}",
            summary=f"{place}{matter}",
            text=_story(chance, place, matter),
            department="" if answered else chance.choice(leads[kind]),
        )


def _places(city: City) -> list[str]:
    return [d.name + name for d in city.districts for name in d.inside] or ["人民路"]


def _words(words: Sequence[object]) -> list[str]:
    texts = [str(getattr(word, "text", word)).replace("…", "") for word in words]
    return [text for text in texts if len(text) > 1]


def _place(chance: random.Random, places: Sequence[str]) -> str:
    return f"{chance.choice(places)}{chance.randrange(1, 400)}号"


def _matter(chance: random.Random, words: Sequence[str]) -> str:
    """The first words of a list are the usual ones: 路灯 comes every day, 涵洞 once a year."""
    return words[min(int(chance.expovariate(6 / len(words))), len(words) - 1)]


def _story(chance: random.Random, place: str, matter: str) -> str:
    told = "".join(chance.sample(_TROUBLES, 2))
    return f"{chance.choice(_OPENINGS)}{place}附近{matter}，{told}"
