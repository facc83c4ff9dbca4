"""A telephone that a script holds in its hand. It registers like an operator's phone, or stands as a trunk's far end.

with Phone("1001", server=("127.0.0.1", 5060), password="…") as phone:
    phone.register()
    call = phone.call("12345").wait_up()
    call.play_tone(440)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

from phone import sip
from phone.address import Address, Uri
from phone.answering import Answering
from phone.call import PhoneCall, PhoneError
from phone.callee import CalleeSession
from phone.caller import CallerSession
from phone.datagrams import Place, place_of
from phone.dialog import AGENT, ALLOW
from phone.loop import Loop, shared
from phone.policy import Answerer, Policy, refusal
from phone.registration import Registration
from phone.rtp import Pacer, Stream
from phone.session import Session
from phone.sip import Request, Response, SipError
from phone.wire import Wire

_pacers: dict[Loop, Pacer] = {}
_pacers_lock = threading.Lock()


def _pacer(loop: Loop) -> Pacer:
    """One for each loop, which is one for the process."""
    with _pacers_lock:
        return _pacers.setdefault(loop, Pacer(loop))


class Phone:
    """A context manager: leaving it hangs up, signs off and closes the socket.

    `answering` may be a policy or a function from the call to one; the function and `when_up` run in the phones' shared
    thread and must not wait. `when_up` is called for every call that comes up, the place to start a tone.
    """

    def __init__(
        self,
        name: str,
        *,
        server: Place | None = None,
        password: str | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        contact_user: str | None = None,
        answering: Answerer = "manual",
        when_up: Callable[[PhoneCall], None] | None = None,
        codecs: tuple[str, ...] = ("PCMU", "PCMA"),
    ) -> None:
        self.name, self.server = name, server
        self.answering, self.when_up, self.codecs = answering, when_up, codecs
        self.calls: list[PhoneCall] = []  # every call of its life, both ways
        self._new: list[PhoneCall] = []  # came in and not yet taken by wait_for_ring
        self._sessions: dict[str, list[Session]] = {}  # by Call-ID; a phone that calls itself has two under one
        self._lock = threading.Condition(threading.RLock())
        self._loop = shared()
        self._wire = Wire(self._loop, (host, port), self._lock, self._hear)
        self._wire.asks.user, self._wire.asks.password = name, password or ""
        self.host, self.port = self._wire.host, self._wire.port
        self.contact = str(Uri(contact_user or name, self.host, self.port))
        self._registration = Registration(self._wire, self._lock, name, self.contact)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, within: float = 2.0) -> None:
        """Hang up, sign off, and wait a moment for the other side to have heard it."""
        if self._wire.dead:
            return
        with self._lock:
            for session in self._every_session():
                session.hang_up()
            self._registration.sign_off()
            if not self._loop.is_here:
                self._lock.wait_for(lambda: not self._wire.waits, within)
            self._wire.close()

    def vanish(self) -> None:
        """Lose the network: no BYE, no sign-off, no answer any more."""
        with self._lock:
            for session in self._every_session():
                session.abandon()
            self._wire.close()

    def _every_session(self) -> list[Session]:
        return [session for sessions in self._sessions.values() for session in sessions]

    # -- registering -------------------------------------------------------------------------------------------------

    def register(self, expires: int = 300, *, within: float = 5.0) -> Self:
        """Sign on, and stay so until `unregister`. Raises PhoneError when refused or not answered."""
        self._registration.sign_on(self._server(), expires, within)
        return self

    def unregister(self, *, within: float = 5.0) -> None:
        self._registration.sign_off_and_wait(within)

    @property
    def registered(self) -> bool:
        return self._registration.on

    def _server(self) -> Place:
        if self.server is None:
            raise PhoneError("this phone has no server")
        return self.server

    # -- calling -----------------------------------------------------------------------------------------------------

    def call(
        self,
        target: str,
        *,
        caller_id: str | None = None,
        display: str | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        when_up: Callable[[PhoneCall], None] | None = None,
    ) -> PhoneCall:
        """Start a call to a user of the server or to a whole SIP URI, from any number we like to show."""
        uri = target if target.startswith("sip:") else str(Uri(target, *self._server()))
        to = self.server or place_of(uri)
        domain = self.server[0] if self.server else self.host
        caller = Address(str(Uri(caller_id or self.name, domain)), display or "")
        call = PhoneCall(self._lock, self._wire.seen, "out")
        call.dialled, call.caller, call.display = Uri.parse(uri).user, caller.user, caller.display
        call.when_up = when_up or self.when_up
        session = CallerSession(self._wire, self._stream(), call, self.codecs)
        extra = headers.items() if isinstance(headers, Mapping) else headers
        with self._lock:
            try:
                session.start(uri, caller, self.contact, to, extra)
            except SipError:
                session.stream.close()
                raise
            self._keep(call, session)
        return call

    def wait_for_ring(self, timeout: float = 10.0) -> PhoneCall:
        """The next call that came in and was not refused by the policy, in the order of coming."""
        if self._loop.is_here:
            raise PhoneError("waiting for a ring inside a phone's own callback would stop all phones")
        with self._lock:
            if not self._lock.wait_for(lambda: self._new, timeout):
                lines = "\n  ".join(list(self._wire.seen)[-8:])
                raise PhoneError(f"waited {timeout:g} s in vain for a call to come in. Last messages:\n  {lines}")
            return self._new.pop(0)

    def forget_rings(self) -> None:
        """Calls that came in and were not taken by `wait_for_ring` are no longer waited for."""
        with self._lock:
            self._new.clear()

    def forget_calls(self) -> None:
        """Drop the calls that are over, with all they have heard: for a phone that lives through many tests."""
        with self._lock:
            self.calls[:] = [call for call in self.calls if call.state != "ended"]
            self._new[:] = [call for call in self._new if call.state != "ended"]
            alive = {id_: [s for s in sessions if not s.settled] for id_, sessions in self._sessions.items()}
            self._sessions = {id_: sessions for id_, sessions in alive.items() if sessions}

    def _stream(self) -> Stream:
        return Stream(self._loop, _pacer(self._loop), self.host, self._tell)

    def _tell(self) -> None:
        with self._lock:
            self._lock.notify_all()

    def _keep(self, call: PhoneCall, session: Session) -> None:
        call.carry(session)
        self.calls.append(call)
        if session.dialog:
            self._sessions.setdefault(session.dialog.call_id, []).append(session)

    # -- being called ------------------------------------------------------------------------------------------------

    def _hear(self, asked: Answering) -> None:
        """Every request that is new."""
        request = asked.request
        session = self._session_of(request)
        if request.method == "CANCEL" and isinstance(session, CalleeSession):
            session.cancelled(asked)
        elif session:
            session.hear(asked)
        elif request.method == "INVITE" and not request.to.tag:
            self._ring(asked)
        elif request.method != "ACK":
            self._say(asked, {"OPTIONS": 200, "NOTIFY": 200}.get(request.method, 481 if request.to.tag else 405))
        self._lock.notify_all()

    def _session_of(self, request: Request) -> Session | None:
        sessions = self._sessions.get(request.call_id, [])
        if request.method == "CANCEL":
            invited = (s for s in sessions if isinstance(s, CalleeSession))
            return next((s for s in invited if s.asked.request.branch == request.branch), None)
        tag = request.to.tag
        return next((s for s in sessions if tag and s.dialog and s.dialog.local.tag == tag), None)

    def _say(self, asked: Answering, status: int) -> None:
        response = sip.answer(asked.request, status, to_tag="none", source=asked.source)
        extra = [("Allow", ALLOW), ("Accept", "application/sdp"), ("User-Agent", AGENT)]
        self._wire.answer(asked, Response((*response.headers, *extra), b"", status, response.phrase))

    def _ring(self, asked: Answering) -> None:
        request = asked.request
        call = PhoneCall(self._lock, self._wire.seen, "in")
        call.dialled, call.caller = Uri.parse(request.uri).user, request.from_.user
        call.display, call.headers = request.from_.display, dict(request.headers)
        call.when_up = self.when_up
        session = CalleeSession(self._wire, self._stream(), call, self.codecs, asked, self.contact)
        self._keep(call, session)
        answering = self.answering
        policy = answering(call) if callable(answering) else answering
        self._apply(policy if isinstance(policy, Policy) else Policy(policy), call, session)

    def _apply(self, policy: Policy, call: PhoneCall, session: CalleeSession) -> None:
        if policy.what == "silent":
            return
        session.trying()
        code = refusal(policy.what)
        if code is None:
            self._new.append(call)
        if code is None or policy.after:
            session.ring()
        if code is not None:
            self._later(policy.after, lambda: session.reject(code))
        elif policy.what == "auto":
            self._later(policy.after, session.answer)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        if seconds > 0:
            self._loop.at(time.monotonic() + seconds, self._wire.locked(action))
        else:
            action()
