"""Signing on at a registrar and staying so (RFC 3261 10)."""

from __future__ import annotations

import secrets
from threading import Condition

from phone.address import Address, Uri
from phone.asking import NOBODY
from phone.call import PhoneError
from phone.datagrams import Place
from phone.dialog import AGENT
from phone.loop import Timer
from phone.sip import Request, Response
from phone.wire import Wire

_EARLY = 0.7  # renew after this share of the granted time


class Registration:
    """One Contact at one registrar."""

    def __init__(self, wire: Wire, lock: Condition, name: str, contact: str) -> None:
        self.on = False
        self._wire, self._lock, self._name, self._contact = wire, lock, name, contact
        self._call_id, self._tag, self._number = secrets.token_hex(12), secrets.token_hex(6), secrets.randbelow(9000)
        self._server: Place | None = None
        self._expires = 0
        self._said: Response | None = None
        self._renewal: Timer | None = None

    def sign_on(self, server: Place, expires: int, within: float) -> None:
        with self._lock:
            self._server, self._expires, self._said = server, expires, None
            self._ask(expires)
            self._wait(within, "the registrar")
            if not self.on:
                raise PhoneError(f"the registrar refused with {self._status()}: is the name or the password wrong?")

    def sign_off_and_wait(self, within: float) -> None:
        with self._lock:
            self._said = None
            if self.sign_off():
                self._wait(within, "the registrar to let go")

    def sign_off(self) -> bool:
        """Nothing to do for a phone that never signed on."""
        if self._renewal:
            self._renewal.cancel()
        if self.on:
            self._ask(0)
            return True
        return False

    def _wait(self, within: float, what: str) -> None:
        if not self._lock.wait_for(lambda: self._said is not None, within):
            lines = "\n  ".join(list(self._wire.seen)[-8:])
            raise PhoneError(f"waited {within:g} s in vain for {what}. Last messages:\n  {lines}")

    def _status(self) -> int:
        return self._said.status if self._said else 0

    def _ask(self, expires: int) -> None:
        if self._server is None:
            return
        self._number += 1
        host, port = self._server
        us = Address(str(Uri(self._name, host)))
        headers = (
            ("Via", self._wire.via()), ("Max-Forwards", "70"), ("From", str(us.with_tag(self._tag))), ("To", str(us)),
            ("Call-ID", self._call_id), ("CSeq", f"{self._number} REGISTER"),
            ("Contact", f"<{self._contact}>;expires={expires}"), ("Expires", str(expires)), ("User-Agent", AGENT),
        )  # fmt: skip
        request = Request(headers, b"", "REGISTER", str(Uri("", host, port)))
        self._wire.ask(request, self._server, lambda response: self._answered(response, expires))

    def _answered(self, response: Response, expires: int) -> None:
        if response.status < 200:
            return None
        self._number = max(self._number, response.cseq[0])
        shortest = response.header("Min-Expires")
        if response.status == 423 and shortest.isascii() and shortest.isdigit() and int(shortest) > expires:
            self._expires = int(shortest)
            return self._ask(self._expires)
        self._said = response
        if response.phrase != NOBODY or not self.on:
            self.on = response.status < 300 and expires > 0
        if self.on:
            self._renew_after(_EARLY * self._granted(response))
        self._lock.notify_all()
        return None

    def _granted(self, response: Response) -> int:
        """The registrar may grant less than was asked for."""
        ours = (Address.parse(value) for value in response.every("Contact"))
        text = next((a.param("expires") for a in ours if a.uri.partition(";")[0] == self._contact), "")
        text = text or response.header("Expires")
        return int(text) if text.isascii() and text.isdigit() else self._expires

    def _renew_after(self, seconds: float) -> None:
        if self._renewal:
            self._renewal.cancel()
        self._renewal = self._wire.loop.after(max(1.0, seconds), self._wire.locked(lambda: self._ask(self._expires)))
