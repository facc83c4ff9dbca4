"""The signalling of one call once it stands: BYE, re-INVITE, hold.

The two ways to get there are in caller.py and callee.py. Everything here runs under the phone's lock.
"""

from __future__ import annotations

import random
from typing import Protocol

from phone import sdp, sip
from phone.address import split_params
from phone.answering import Answering
from phone.asking import Asking
from phone.datagrams import Place, place_of
from phone.dialog import AGENT, ALLOW, Dialog
from phone.rtp import Stream
from phone.sdp import EVENT_PAYLOAD, EVENTS, Description
from phone.sip import Request, Response, SipError
from phone.wire import Wire

_GLARE_PAUSE = 0.3  # before asking again when both sides asked at once (491)
_TRIES = 4


class Listener(Protocol):
    """Who is told what becomes of the call."""

    def rang(self) -> None: ...
    def came_up(self) -> None: ...
    def changed(self, status: int) -> None: ...
    def ended(self, by: str, status: int, reason: str = "", cause: str = "") -> None: ...


class Session:
    """A dialog, its audio, and the transactions that are open between the two sides."""

    def __init__(self, wire: Wire, stream: Stream, listener: Listener, codecs: tuple[str, ...]) -> None:
        self.wire, self.stream, self.listener, self.codecs = wire, stream, listener, codecs
        self.dialog: Dialog | None = None
        self.up = self.over = self.gone = False
        self.direction = "sendrecv"  # ours: sendonly while we hold the other side
        self.held_by_them = False
        self._number, self._version = random.getrandbits(31), 0
        self._reinvite: Asking | None = None
        self._unacknowledged: Answering | None = None  # an INVITE of theirs that we accepted
        self._offered = False  # by us in a 200, so that their ACK brings the answer

    # -- descriptions ------------------------------------------------------------------------------------------------

    def offer(self) -> bytes:
        payloads = {name: sdp.CODECS[name] for name in self.codecs} | {EVENTS: EVENT_PAYLOAD}
        return self._describe(payloads, self.direction)

    def reply(self, theirs: Description) -> bytes:
        """The answer to their offer: the one codec of our choice, and their number for telephone events."""
        codec = theirs.codec
        payloads = {codec: theirs.payloads[codec]}
        if theirs.events is not None:
            payloads[EVENTS] = theirs.events
        ours = theirs.answered_direction
        if self.direction == "sendonly":  # we hold them, and go on doing so
            ours = {"sendrecv": "sendonly", "recvonly": "inactive"}.get(ours, ours)
        return self._describe(payloads, ours, theirs.kinds)

    def _describe(self, payloads: dict[str, int], direction: str, kinds: tuple[str, ...] = ("audio",)) -> bytes:
        self._version += 1
        here = Description(self.stream.host, self.stream.port, payloads, direction, kinds)
        return sdp.write(here, session=self._number, version=self._version)

    def read(self, body: bytes) -> Description:
        return sdp.read(body).limited_to(self.codecs)

    def connect(self, theirs: Description) -> None:
        self.held_by_them = theirs.direction in ("sendonly", "inactive") or theirs.host == "0.0.0.0"  # noqa: S104
        self.stream.connect(theirs, sends=theirs.direction in ("sendrecv", "recvonly"))

    # -- what we ask -------------------------------------------------------------------------------------------------

    def place(self) -> Place:
        return place_of(self._dialog.next_hop)

    @property
    def _dialog(self) -> Dialog:
        if self.dialog is None:
            raise SipError("there is no dialog yet")
        return self.dialog

    def hang_up(self) -> None:
        """BYE. A callee waits for the ACK first (RFC 3261 15)."""
        if self.over:
            return
        self.finish("us", 200)
        if self._unacknowledged is None:
            self._bye()

    def _bye(self) -> None:
        request = self._dialog.request("BYE", self.wire.via())
        self.wire.ask(request, self.place(), lambda _: self.listener.changed(0))

    def finish(self, by: str, status: int, reason: str = "", cause: str = "") -> None:
        if not self.over:
            self.over = True
            self.stream.close()
            self.listener.ended(by, status, reason, cause)

    def abandon(self) -> None:
        """Vanish: no word, no sound, no answer to anything any more."""
        self.gone = True
        for asking in filter(None, (self._reinvite, *self.open_asks())):
            self.wire.forget(asking)
        for asked in filter(None, (self._unacknowledged, *self.open_answers())):
            self.wire.settle(asked)
        self.finish("us", 0)

    @property
    def settled(self) -> bool:
        """Over, and nothing of it is still on its way."""
        return self.over and self._unacknowledged is None

    def open_asks(self) -> tuple[Asking | None, ...]:
        return ()

    def open_answers(self) -> tuple[Answering | None, ...]:
        return ()

    def reinvite(self, direction: str, tries: int = _TRIES) -> None:
        """Change the direction of the audio: sendonly puts the other side on hold."""
        if self.over or not self.up:
            return self.listener.changed(481)
        if self._reinvite and not self._reinvite.latest.done:
            return self.listener.changed(491)
        self.direction = direction
        request = self._with_body(self._dialog.request("INVITE", self.wire.via()), self.offer())
        self._reinvite = self.wire.ask(request, self.place(), lambda r: self._reinvited(r, direction, tries))
        return None

    def _reinvited(self, response: Response, direction: str, tries: int) -> None:
        self._dialog.cseq = max(self._dialog.cseq, response.cseq[0])
        if self.gone or response.status < 200:
            return
        if response.status < 300:
            self.acknowledge(response)
            self.connect(self.read(response.body))
        elif response.status == 491 and tries > 1:
            self._reinvite = None
            again = self.wire.locked(lambda: self.reinvite(direction, tries - 1))
            self.wire.loop.after(_GLARE_PAUSE * (0.5 + random.random()), again)  # noqa: S311
            return
        elif response.status in (408, 481):
            self.finish("nobody", response.status)
        self.listener.changed(response.status)

    def acknowledge(self, response: Response) -> None:
        """ACK for a 200; sent again for each repetition of it."""
        self.wire.send(self._dialog.request("ACK", self.wire.via(), number=response.cseq[0]), self.place())

    def _with_body(self, message: Request, body: bytes) -> Request:
        headers = (*message.headers, ("Allow", ALLOW), ("Content-Type", "application/sdp"))
        return Request(headers, body, message.method, message.uri)

    # -- what they ask -----------------------------------------------------------------------------------------------

    def hear(self, asked: Answering) -> None:
        """A request within this dialog."""
        if self.gone:
            return
        match asked.request.method:
            case "ACK":
                self._acknowledged(asked.request)
            case "BYE":
                self._bye_heard(asked)
            case "INVITE":
                self._reinvite_heard(asked)
            case "INFO" | "NOTIFY" | "OPTIONS":
                self.say(asked, 200 if not self.over else 481)
            case _:
                self.say(asked, 405)

    def say(self, asked: Answering, status: int, body: bytes = b"") -> None:
        """Answer a request with what every answer of ours carries."""
        tag = self.dialog.local.tag if self.dialog else ""
        response = sip.answer(asked.request, status, to_tag=tag, source=asked.source)
        headers = [*response.headers, ("Allow", ALLOW), ("User-Agent", AGENT)]
        if self.dialog and status < 300:
            headers.append(("Contact", f"<{self.dialog.contact}>"))
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self.wire.answer(asked, Response(tuple(headers), body, status, response.phrase))

    def accept(self, asked: Answering) -> None:
        """200 with an answer to their offer, or with an offer when they made none."""
        if asked.request.body:
            theirs = self.read(asked.request.body)
            body = self.reply(theirs)
            self.connect(theirs)
        else:
            self._offered, body = True, self.offer()
        self._unacknowledged = asked
        self.say(asked, 200, body)

    def _acknowledged(self, ack: Request) -> None:
        asked, self._unacknowledged = self._unacknowledged, None
        if asked is None:
            return
        self.wire.settle(asked)
        if self._offered and ack.body:
            self.connect(self.read(ack.body))
        self._offered = False
        if self.over:
            self._bye()  # we hung up in between

    def _bye_heard(self, asked: Answering) -> None:
        self.say(asked, 200 if not self.over else 481)
        if self._unacknowledged:
            self.wire.settle(self._unacknowledged)
        reason, cause = reason_of(asked.request)
        self.finish("them", 200, reason, cause)

    def _reinvite_heard(self, asked: Answering) -> None:
        if self.over:
            return self.say(asked, 481)
        if self._reinvite and not self._reinvite.latest.done:
            return self.say(asked, 491)
        if asked.request.contact:
            self._dialog.target = asked.request.contact
        try:
            self.accept(asked)
        except SipError:
            return self.say(asked, 488)
        self.listener.changed(0)
        return None


def reason_of(message: Request | Response) -> tuple[str, str]:
    """The Reason header as it came, and the Q.850 cause in it (Asterisk also has a header of its own)."""
    reason = message.header("Reason")
    cause = split_params(reason)[1].get("cause", "") if reason.upper().startswith("Q.850") else ""
    return reason, cause or message.header("X-Asterisk-HangupCauseCode")
