"""What people of the invented city call about: texts with the places of one district filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from cases.words import Kind, Urgency
from config.city import City, District

_FILE = Path(__file__).with_name("matters.yaml")


@dataclass(frozen=True, slots=True)
class Matter:
    """`answer` is what an operator says at once; a problem has none."""

    say: str
    kind: Kind
    category: str
    urgency: Urgency
    weight: int
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Citizen:
    phone: str
    name: str
    district: District


@dataclass(frozen=True, slots=True)
class Wish:
    """What one citizen calls about, in their own words. `burst`: when many call about one thing, its name."""

    citizen: Citizen
    matter: Matter
    text: str
    burst: str = ""


@cache
def consultations() -> tuple[Matter, ...]:
    return tuple(_matter({"kind": Kind.CONSULTATION} | each) for each in _read()["consultations"])


@cache
def problems() -> tuple[Matter, ...]:
    return tuple(_matter(each) for each in _read()["problems"])


def pick(matters: Sequence[Matter], city: City, random: Random) -> Matter:
    """One of those whose category this city has, the frequent ones more often."""
    known = [each for each in matters if city.category(each.category)]
    return random.choices(known, [each.weight for each in known])[0]


def wish(citizen: Citizen, matter: Matter, random: Random) -> Wish:
    """The matter's words with places of the citizen's own district."""
    district = citizen.district
    places = {"home": district.communities, "road": district.roads, "mark": district.landmarks,
              "street": district.streets}  # fmt: skip
    chosen = {name: random.choice(names) if names else district.name for name, names in places.items()}
    return Wish(citizen, matter, matter.say.format(**chosen))


def citizens(count: int, city: City, random: Random) -> list[Citizen]:
    """Invented people. Their numbers come from one small block, so that nobody's real number is likely among them."""
    surnames, titles = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", ("先生", "女士")
    found = []
    for n in range(count):
        name = random.choice(surnames) + random.choice(titles)
        found.append(Citizen(f"1990000{n:04d}", name, random.choice(city.districts)))
    return found


def _matter(given: dict[str, Any]) -> Matter:
    return Matter(
        say=given["say"],
        kind=Kind(given["kind"]),
        category=given["category"],
        urgency=Urgency(given.get("urgency", Urgency.ORDINARY)),
        weight=given.get("weight", 1),
        answer=given.get("answer", ""),
    )


def _read() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(_FILE.read_text("utf-8"))
    return found
