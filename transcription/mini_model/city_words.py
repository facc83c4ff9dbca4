"""The names and words of a city's own data (config/*.yaml), so that the model knows its departments and streets too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from config.problems import Problems
from config.read_city import read_city

LONGEST = 14  # characters; longer ones are sentences


def city_slots(city_dir: Path) -> dict[str, list[str]]:
    """Slot of the corpus -> words. What cannot be read is left out: `hotline check` is there to complain."""
    city = read_city(city_dir, Problems())
    districts = city.districts
    topics = [w.text for c in city.categories for w in c.words] + [w.text for u in city.urgencies for w in u.words]
    return {
        "dept": _speakable(name.removeprefix("市") for d in city.departments for name in d.names),
        "district": _speakable(name for d in districts for name in d.names),
        "street": _speakable(road for d in districts for road in d.roads),
        "estate": _speakable(place for d in districts for place in (*d.communities, *d.streets)),
        "place": _speakable(place.removeprefix("市") for d in districts for place in d.landmarks),
        "topic": _speakable(topics),
    }


def _speakable(words: Iterable[str]) -> list[str]:
    """Chinese words of a sensible length, each once; `怎么…办` is no word."""
    return [w for w in dict.fromkeys(words) if 2 <= len(w) <= LONGEST and all("\u4e00" <= c <= "\u9fff" for c in w)]


def readings(words: Iterable[str], known: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """How words are spoken that are not in words.txt, as pypinyin reads them."""
    from pypinyin import Style, lazy_pinyin

    return {
        word: lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
        for word in words
        if word not in known
    }
