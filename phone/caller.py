"""The side that calls: INVITE, what comes back, CANCEL."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from phone.address import Address
from phone.asking import NOBODY, Asking
from phone.datagrams import Place
from phone.dialog import AGENT, ALLOW, Dialog
from phone.session import Session, reason_of
from phone.sip import Request, Response, SipError

_CANCEL_PATIENCE = 5.0  # seconds until we stop waiting for the 487


class CallerSession(Session):
    """From the INVITE until the call stands or has failed."""

    _asking: Asking | None = None
    _cancel: Asking | None = None
    _to: Place = ("", 0)
    _provisional = _cancelling = False

    def start(self, uri: str, caller: Address, contact: str, to: Place, extra: Iterable[tuple[str, str]]) -> None:
        dialog = Dialog(f"{secrets.token_hex(12)}@{self.wire.host}", caller.with_tag(secrets.token_hex(6)),
                        Address(uri), uri, contact, secrets.randbelow(9000))  # fmt: skip
        self.dialog, self._to = dialog, to
        request = dialog.request("INVITE", self.wire.via())
        headers = (*request.headers, ("Allow", ALLOW), ("Content-Type", "application/sdp"), *extra)
        self._asking = self.wire.ask(Request(headers, self.offer(), "INVITE", uri), to, self._answered)

    def _answered(self, response: Response) -> None:
        self._dialog.cseq = max(self._dialog.cseq, response.cseq[0])
        if self.gone:
            return
        if response.status >= 200 and self._cancel:
            self.wire.forget(self._cancel)  # it has done its work, answered or not
        if response.status < 200:
            self._progress(response)
        elif response.status < 300:
            self._accepted(response)
        else:
            by = "us" if self._cancelling else "nobody" if response.phrase == NOBODY else "them"
            self.finish(by, response.status, *reason_of(response))

    def _progress(self, response: Response) -> None:
        if self.over:
            return None
        self._provisional = True
        if self._cancelling:
            return self._send_cancel()
        if response.status >= 180:
            if response.body:
                self._connect(response)  # early media: we listen, and speak only when the call is up
            self.listener.rang()
        return None

    def _accepted(self, response: Response) -> None:
        if self.up:
            return self.acknowledge(response)
        self._dialog.learn(response)
        self.acknowledge(response)
        self.up = True
        if self.over or self._cancelling:  # the 200 crossed our CANCEL
            self._bye()
            return self.finish("us", 487)
        if not self._connect(response):
            self._bye()
            return self.finish("us", 488)
        self.stream.start()
        self.listener.came_up()
        return None

    def _connect(self, response: Response) -> bool:
        try:
            self.connect(self.read(response.body))
        except (SipError, OSError):
            return False
        return True

    def hang_up(self) -> None:
        super().hang_up() if self.up else self.cancel()

    def cancel(self) -> None:
        """Stop ringing. May be sent only once the other side has shown that it has the INVITE."""
        if self.over or self._cancelling:
            return
        self._cancelling = True
        if self._provisional:
            self._send_cancel()
        self.wire.loop.after(_CANCEL_PATIENCE, self.wire.locked(lambda: self.finish("us", 487)))

    def _send_cancel(self) -> None:
        if self._asking is None:
            return
        invite, self._provisional = self._asking.latest.request, False
        keep = [h for h in invite.headers if h[0] in ("Via", "Max-Forwards", "From", "To", "Call-ID", "Route")]
        headers = (*keep, ("CSeq", f"{invite.cseq[0]} CANCEL"), ("User-Agent", AGENT))
        cancel = Request(headers, b"", "CANCEL", invite.uri)
        self._cancel = self.wire.ask(cancel, self._to, lambda _: self.listener.changed(0), retry=False)

    def open_asks(self) -> tuple[Asking | None, ...]:
        return self._asking, self._cancel
