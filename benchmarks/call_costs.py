"""What a call costs: the shipped flow over FastAGI against a dialplan that does the same without us.

Both answer, play two prompts, record, and let the citizen wait with music in a room of their own until they hang up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.hotline import OPERATORS, Hotline, OurProcess, caller_numbers, until
from phone import PhoneCall

STAY_SECONDS = 1.5  # of which the prompts take 0.8


@dataclass
class Load:
    """Calls offered at a steady pace, and what they used."""

    calls: int
    seconds: float = 0.0  # from the first call to the last start
    failed: int = 0
    cpu: dict[str, float] = field(default_factory=dict)  # who -> CPU seconds, what is used without calls taken off

    @property
    def per_second(self) -> float:
        return (self.calls - self.failed) / self.seconds

    def per_call_ms(self, who: str) -> float:
        return 1000 * self.cpu.get(who, 0.0) / self.calls


def measure(hotline: Hotline, rounds: int, calls: int, rate: float, peak: float) -> dict[str, object]:
    """Alternating rounds at a calm pace, then one at a high pace each."""
    calm: dict[str, list[Load]] = {"bare": [], "ours": []}
    for _ in range(rounds):  # in turn, so that a busy machine is equally unkind to both
        calm["bare"].append(_bare(hotline, calls, rate))
        calm["ours"].append(_ours(hotline, calls, rate))
    high = {"bare": _bare(hotline, calls * 2, peak), "ours": _ours(hotline, calls * 2, peak)}
    bare = _least(calm["bare"], "asterisk")
    ours = {who: _least(calm["ours"], who) for who in ("asterisk", "process", "scripts", "exchange", "ami", "hub")}
    return {
        "calls": rounds * calls,
        "offered_per_second": rate,
        "bare_asterisk_ms": round(bare, 2),
        "ours_asterisk_ms": round(ours["asterisk"], 2),
        "ours_process_ms": round(ours["process"], 2),
        "of_which_ms": {name: round(ours[name], 2) for name in ("scripts", "exchange", "ami", "hub")},
        "ratio": round((ours["asterisk"] + ours["process"]) / bare, 2),
        "failed": sum(load.failed for loads in calm.values() for load in loads),
        "peak": {
            name: {"offered": peak, "sustained": round(load.per_second, 1), "calls": load.calls, "failed": load.failed}
            for name, load in high.items()
        },
    }


def _least(loads: list[Load], who: str) -> float:
    """Of several rounds the least disturbed one."""
    return min(load.per_call_ms(who) for load in loads)


def _bare(hotline: Hotline, calls: int, rate: float) -> Load:
    load = _offer(hotline, "900", calls, rate, lambda: {"asterisk": hotline.asterisk_cpu()})
    hotline.quiet()
    return load


def _ours(hotline: Hotline, calls: int, rate: float) -> Load:
    """One operator is there whose telephone rings for the first citizen all the time: the others wait."""
    with hotline.operators(1, answering="ring") as (operator,), hotline.ours() as ours:
        ours.operator(OPERATORS[0], "ready")
        hotline.trunk.call("12345", caller_id="13800000000")
        operator.wait_for_ring(10)
        load = _offer(hotline, "12345", calls, rate, lambda: _cpu(hotline, ours))
        ours.operator(OPERATORS[0], "away")
        hotline.quiet()
        until(lambda: not ours.calls_going_on(), "all calls to be over")
        waited = ours.happened()["line.joined"] - 1
    load.failed = max(load.failed, calls - waited)
    return load


def _cpu(hotline: Hotline, ours: OurProcess) -> dict[str, float]:
    used = ours.cpu()
    lasting = {name: used[name] for name in ("exchange", "ami", "hub")}
    scripts = used["all"] - sum(lasting.values())
    return {"asterisk": hotline.asterisk_cpu(), "process": used["all"], "scripts": scripts} | lasting


def _offer(hotline: Hotline, number: str, calls: int, rate: float, cpu: Callable[[], dict[str, float]]) -> Load:
    """Start so many calls a second, and end each when it has stayed."""
    load = Load(calls)
    idle = _idle(cpu)
    before, began = cpu(), time.monotonic()
    going: list[tuple[float, PhoneCall]] = []
    for n in range(calls):
        _wait(began + n / rate, going, load)
        going.append((time.monotonic() + STAY_SECONDS, hotline.trunk.call(number, caller_id=next(caller_numbers))))
    load.seconds = time.monotonic() - began + 1 / rate
    _wait(time.monotonic() + STAY_SECONDS, going, load)
    time.sleep(1)  # for the rest of the hanging up
    lasted = time.monotonic() - began
    load.cpu = {who: used - before[who] - idle[who] * lasted for who, used in cpu().items()}
    return load


def _idle(cpu: Callable[[], dict[str, float]], seconds: float = 2.0) -> dict[str, float]:
    """What everybody uses without the calls, in CPU seconds a second."""
    before = cpu()
    time.sleep(seconds)
    return {who: (used - before[who]) / seconds for who, used in cpu().items()}


def _wait(until_time: float, going: list[tuple[float, PhoneCall]], load: Load) -> None:
    """Until this moment, hanging up the calls whose time has come."""
    while going and going[0][0] <= until_time:
        ends, call = going.pop(0)
        time.sleep(max(0.0, ends - time.monotonic()))
        load.failed += call.state != "up"
        call.hang_up()
    time.sleep(max(0.0, until_time - time.monotonic()))
