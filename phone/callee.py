"""The side that is called: ringing, answering, refusing, and being cancelled."""

from __future__ import annotations

import secrets

from phone import sip
from phone.answering import Answering
from phone.dialog import AGENT, invited
from phone.rtp import Stream
from phone.session import Listener, Session, reason_of
from phone.sip import Response, SipError
from phone.wire import Wire


class CalleeSession(Session):
    """From their INVITE until we have said yes or no."""

    def __init__(
        self, wire: Wire, stream: Stream, listener: Listener, codecs: tuple[str, ...], asked: Answering, contact: str
    ) -> None:
        super().__init__(wire, stream, listener, codecs)
        self.asked = asked
        self.dialog = invited(asked.request, tag=secrets.token_hex(6), contact=contact)

    def trying(self) -> None:
        """We have it; no need to repeat."""
        self.wire.answer(self.asked, sip.answer(self.asked.request, 100, source=self.asked.source))

    def ring(self) -> None:
        if not (self.over or self.up):
            self.say(self.asked, 180)
            self.listener.rang()

    def answer(self) -> None:
        """200, and our audio starts at once."""
        if self.over or self.up:
            return None
        try:
            self.accept(self.asked)
        except SipError:
            return self.reject(488)
        self.up = True
        self.stream.start()
        self.listener.came_up()
        self.wire.loop.after(35.0, self.wire.locked(self._lost))
        return None

    def _lost(self) -> None:
        """No ACK ever came: nobody is there."""
        if self._unacknowledged is self.asked and not self.over:
            self._bye()
            self.finish("nobody", 408)

    def reject(self, status: int, reason: str = "") -> None:
        if self.over or self.up:
            return
        tag = self._dialog.local.tag
        response = sip.answer(self.asked.request, status, to_tag=tag, source=self.asked.source)
        extra = [("User-Agent", AGENT), *([("Reason", reason)] if reason else [])]
        self.wire.answer(self.asked, Response((*response.headers, *extra), b"", status, response.phrase))
        self.finish("us", status, reason)

    def hang_up(self) -> None:
        super().hang_up() if self.up else self.reject(603)

    def cancelled(self, asked: Answering) -> None:
        """Their CANCEL: 200 for it, 487 for the INVITE, unless we were faster."""
        if self.gone:
            return
        self.say(asked, 200)
        if not (self.over or self.up):
            status, (reason, cause) = 487, reason_of(asked.request)
            tag = self._dialog.local.tag
            self.wire.answer(self.asked, sip.answer(self.asked.request, status, to_tag=tag, source=self.asked.source))
            self.finish("them", status, reason, cause)

    def open_answers(self) -> tuple[Answering | None, ...]:
        return (self.asked,)
