"""How long after a citizen is answered the operator's telephone rings, beyond the prompts.

Against a dialplan that answers, plays the same prompts and dials the operator.
"""

from __future__ import annotations

import statistics
import time

from benchmarks.hotline import OPERATORS, PROMPT_SECONDS, PROMPTS, Hotline, caller_numbers, until
from phone import Phone


def measure(hotline: Hotline, rounds: int) -> dict[str, dict[str, float | int]]:
    """One call after the other, in turn; the only operator is free each time."""
    waits: dict[str, list[float]] = {"bare": [], "ours": []}
    with hotline.operators(1) as (operator,), hotline.ours() as ours:
        ours.operator(OPERATORS[0], "ready")
        for _ in range(rounds):
            waits["bare"].append(_one(hotline, operator, "910"))
            waits["ours"].append(_one(hotline, operator, "12345"))
            until(lambda: not ours.calls_going_on(), "the call to be over")
    return {kind: _figures(found) for kind, found in waits.items()}


def _one(hotline: Hotline, operator: Phone, number: str) -> float:
    call = hotline.trunk.call(number, caller_id=next(caller_numbers)).wait_up(5)
    ring = operator.wait_for_ring(10)
    assert call.up_at is not None
    call.hang_up()
    ring.wait_ended(5)
    time.sleep(0.3)  # let everything come to rest
    return ring.started_at - call.up_at - PROMPT_SECONDS * len(PROMPTS)


def _figures(waits: list[float]) -> dict[str, float | int]:
    ms = sorted(1000 * wait for wait in waits)
    return {
        "calls": len(ms),
        "median_ms": round(statistics.median(ms)),
        "p95_ms": round(ms[int(0.95 * (len(ms) - 1))]),
        "max_ms": round(ms[-1]),
    }
