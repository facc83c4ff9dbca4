"""What a three-way room costs while all three speak: bare, with recordings, with our process, with captions.

Every leg says a recorded sentence over and over: the hardest case, since people seldom all talk at once.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache

from benchmarks.hotline import OPERATORS, Hotline, OurProcess, caller_numbers, cpu_of, until
from phone import PhoneCall
from tests.transcription.speakers import clip

SAYS = {"citizen": "water", "operator": "address", "department": "lamps"}
SETTLE_SECONDS = 2.0
Used = dict[str, float]
Opened = Callable[[Hotline, int], AbstractContextManager[Callable[[], Used]]]


def measure(hotline: Hotline, sizes: list[int], seconds: float) -> list[dict[str, float | int | str]]:
    return [
        {"kind": kind, "rooms": rooms} | _row(hotline, opened, rooms, seconds)
        for rooms in sizes
        for kind, opened in KINDS.items()
    ]


def _row(hotline: Hotline, opened: Opened, rooms: int, seconds: float) -> dict[str, float | int | str]:
    """% of a core for each room. `lost` is sound that the recogniser had no time for: then the figures say nothing."""
    with opened(hotline, rooms) as cpu:
        used = _used(cpu, seconds)
    hotline.quiet()
    lost = used.pop("lost", 0.0) / (3 * rooms)
    each = {who: round(100 * used.get(who, 0.0) / rooms, 2) for who in ("asterisk", "process", "captions")}
    total = sum(used.values()) / rooms
    return each | {"all": round(100 * total, 2), "per_core": round(1 / total), "lost_percent": round(100 * lost, 1)}


def _used(cpu: Callable[[], Used], seconds: float) -> Used:
    """Cores used while everybody talks."""
    time.sleep(SETTLE_SECONDS)
    before, began = cpu(), time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    return {who: (used - before[who]) / lasted for who, used in cpu().items()}


@contextmanager
def _bare(hotline: Hotline, rooms: int, prefix: str = "92") -> Iterator[Callable[[], Used]]:
    """Three telephones call into each room."""
    calls = [
        hotline.trunk.call(f"{prefix}{n % 10}", caller_id=next(caller_numbers), when_up=_speaks(who))
        for n in range(rooms)
        for who in SAYS
    ]
    for call in calls:
        call.wait_up(10)
    yield lambda: {"asterisk": hotline.asterisk_cpu()}


def _recorded(hotline: Hotline, rooms: int) -> AbstractContextManager[Callable[[], Used]]:
    return _bare(hotline, rooms, "93")


@contextmanager
def _ours(hotline: Hotline, rooms: int, captions: bool = False) -> Iterator[Callable[[], Used]]:
    """Citizens call 12345, operators answer, and each brings a department in. Every leg is recorded."""
    operators = hotline.operators(rooms, answering="auto", when_up=_speaks("operator"))
    with hotline.ours(captions=captions) as ours, operators:
        hotline.trunk.when_up = _speaks("department")
        for name in OPERATORS[:rooms]:
            ours.operator(name, "ready")
        for _ in range(rooms):
            hotline.trunk.call("12345", caller_id=next(caller_numbers), when_up=_speaks("citizen"))
        until(lambda: ours.happening("talking") == 2 * rooms, "citizens and operators to talk")
        for name in OPERATORS[:rooms]:
            ours.add_department(name, hotline.department.code)
        until(lambda: ours.happening("talking") == 3 * rooms, "three in each room")
        if captions:
            until(lambda: ours.captions()["taps"] == 3 * rooms, "every leg to be heard")
        yield lambda: _cpu(hotline, ours)
        for name in OPERATORS[:rooms]:
            ours.operator(name, "away")
        hotline.quiet()
        until(lambda: not ours.calls_going_on(), "all calls to be over")


def _captioned(hotline: Hotline, rooms: int) -> AbstractContextManager[Callable[[], Used]]:
    return _ours(hotline, rooms, captions=True)


def _cpu(hotline: Hotline, ours: OurProcess) -> Used:
    live = ours.captions()
    used = {"asterisk": hotline.asterisk_cpu(), "process": ours.cpu()["all"]}
    return used | ({"captions": cpu_of(live["pid"]), "lost": live["dropped"]} if live else {})


def _speaks(who: str) -> Callable[[PhoneCall], None]:
    return lambda call: call.play(_sentence(SAYS[who]), loop=True) and None


@cache
def _sentence(name: str) -> array[int]:
    return array("h", clip(name).pcm + bytes(8000))  # and half a second of silence


KINDS: dict[str, Opened] = {"bare": _bare, "bare + recording": _recorded, "ours": _ours, "ours + captions": _captioned}
