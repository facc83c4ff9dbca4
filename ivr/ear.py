"""One question's listening, as its script uses it: a context manager that taps the citizen's voice."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from ivr import listening
from ivr.exchange import Exchange
from ivr.live import LiveCall, Said

Listen = Callable[[str, Sequence[str]], bool]  # tap, phrases -> is anybody there who listens?


class Ear:
    """Deaf without phrases, and when no recogniser is there."""

    def __init__(self, exchange: Exchange, call: LiveCall, phrases: Sequence[str], listen: Listen) -> None:
        self._x, self._call, self._phrases, self._listen = exchange, call, phrases, listen
        self.open = False

    def __enter__(self) -> Self:
        tap = str(uuid.uuid4())
        self.open = bool(self._phrases) and self._listen(tap, self._phrases)
        if self.open:
            self._x.ask(lambda: listening.begin(self._x, self._call, tap))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def said(self) -> list[Said]:
        """What was said since this was last asked."""
        return self._x.ask(lambda: listening.take(self._call)) if self.open else []

    def speaking(self) -> bool:
        """Is somebody in the middle of saying something?"""
        return self.open and self._x.ask(lambda: bool(self._call.question and self._call.question.speaking))

    def close(self) -> bool:
        """Listen no longer. Was something said, for which the script is still to be woken?"""
        was_open, self.open = self.open, False
        return was_open and bool(self._x.ask(lambda: listening.end(self._x, self._call)))
