"""What is heard while the case side looks something up, and what wakes whoever says it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from ivr import meanwhile
from ivr.meanwhile import cover


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "COVER_SECONDS", 0.05)
    monkeypatch.setattr(meanwhile, "PAUSE_SECONDS", 0.02)


class Telephone:
    """Says something that lasts until it is woken, or this long."""

    def __init__(self, seconds: float = 5.0) -> None:
        self.woken, self.said, self._seconds = threading.Event(), 0, seconds

    def say(self) -> bool:
        self.said += 1
        return self.woken.wait(self._seconds)

    def hold(self, asked: Future[int], seconds: float) -> bool:
        return cover(asked, seconds, self.say, self.woken.set)


def test_a_quick_answer_needs_no_cover() -> None:
    asked, telephone = Future[int](), Telephone()
    asked.set_result(1)

    assert not telephone.hold(asked, 5)
    assert telephone.said == 0


def test_an_answer_cuts_short_what_is_said() -> None:
    asked, telephone = Future[int](), Telephone()
    threading.Timer(0.2, asked.set_result, [1]).start()
    began = time.monotonic()

    assert not telephone.hold(asked, 5)
    assert time.monotonic() - began < 2
    assert telephone.said == 1


def test_the_time_cuts_it_short_too_and_a_late_answer_wakes_nobody() -> None:
    asked, telephone = Future[int](), Telephone()
    began = time.monotonic()

    assert not telephone.hold(asked, 0.2)
    assert time.monotonic() - began < 2
    telephone.woken.clear()
    asked.set_result(1)
    assert not telephone.woken.is_set()


def test_a_short_prompt_is_said_again() -> None:
    asked, telephone = Future[int](), Telephone(0.01)

    telephone.hold(asked, 0.4)
    assert telephone.said > 2


def test_a_waking_that_found_nobody_speaking_is_told() -> None:
    asked = Future[int]()
    woken: list[int] = []

    def say() -> bool:
        asked.set_result(1)  # just as the prompt comes to its end by itself
        return False

    assert cover(asked, 5, say, lambda: woken.append(1))
    assert woken == [1]


def test_a_citizen_who_hangs_up_is_woken_no_more() -> None:
    asked, woken = Future[int](), threading.Event()

    def say() -> bool:
        raise EOFError

    with pytest.raises(EOFError):
        cover(asked, 0.2, say, woken.set)
    asked.set_result(1)
    assert not woken.wait(0.3)
