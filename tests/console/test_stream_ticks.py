"""A desk in a lively talk must go on being asked whether it is alive, or the line would withdraw it."""

from __future__ import annotations

import asyncio
import json

import pytest

from console.hub import Hub, Viewer
from console.pages import stream
from ivr.board import Board


class _Exchange:
    def board(self) -> Board:
        return Board()


class _Ports:
    def __init__(self) -> None:
        self.hub, self.exchange = Hub(Board), _Exchange()


async def _kinds(seconds: float) -> list[str]:
    """What a listener gets while something happens every 20 ms."""
    ports, kinds = _Ports(), []
    messages = stream.json_messages(ports, Viewer("su", "su", "supervisor"), "")  # type: ignore[arg-type]

    async def talk() -> None:
        while True:
            ports.hub.caption("c", "c-1", 1, "citizen", "停水了", False, 0.0)
            await asyncio.sleep(0.02)

    talking = asyncio.create_task(talk())
    try:
        async with asyncio.timeout(seconds):
            async for each in messages:
                kinds += [line[7:] for line in each.decode().splitlines() if line.startswith("event: ")]
    except TimeoutError:
        pass
    finally:
        talking.cancel()
    return kinds


def test_ticks_come_however_much_is_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TICK_SECONDS", 0.2)

    kinds = asyncio.run(_kinds(1.1))

    assert 3 <= kinds.count("tick") <= 6, json.dumps(kinds)
    assert kinds.count("caption") > 20
