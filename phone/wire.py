"""SIP as the calls of one phone see it: ask, answer, send. Joins the socket and both kinds of transactions."""

from __future__ import annotations

import threading
from collections.abc import Callable

from phone.answering import Answering, Answers
from phone.asking import Asking, Asks
from phone.datagrams import Datagrams, Message, Place
from phone.loop import Loop
from phone.sip import Request, Response


class Wire(Datagrams):
    """`on_request` gets every new request, under the lock, in the shared loop."""

    def __init__(
        self, loop: Loop, place: Place, lock: threading.Condition, on_request: Callable[[Answering], None]
    ) -> None:
        super().__init__(loop, place, lock, self._sort)
        self.asks = Asks(self)
        self.answers = Answers(self, on_request)

    def _sort(self, message: Message, source: Place) -> None:
        if isinstance(message, Response):
            self.asks.hear(message)
        else:
            self.answers.hear(message, source)

    @property
    def waits(self) -> bool:
        """Is the other side still to answer or to acknowledge something?"""
        return self.asks.waits or self.answers.waits

    def ask(self, request: Request, to: Place, answered: Callable[[Response], None], *, retry: bool = True) -> Asking:
        return self.asks.ask(request, to, answered, retry=retry)

    def forget(self, asking: Asking) -> None:
        self.asks.forget(asking)

    def answer(self, asked: Answering, response: Response) -> None:
        self.answers.answer(asked, response)

    def settle(self, asked: Answering) -> None:
        self.answers.settle(asked)
