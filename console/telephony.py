"""The telephone half, put together: Asterisk, the exchange, the scripts of calls. Needs no database to run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from agi_scripts import inbound, resume, return_visit
from config.settings import Settings
from ivr.agi import Agi, FastAgiServer
from ivr.ami import Ami
from ivr.board import Operator, Status
from ivr.exchange import Exchange
from ivr.floor import CallRules, Directory, Rules
from ivr.legs import Legs
from ivr.reception import Desk, Reception
from ivr.spool import Spool

log = logging.getLogger(__name__)


class Telephony:
    """`start` when Asterisk runs; `exchange` is what pages and the API talk to."""

    def __init__(
        self,
        settings: Settings,
        ami_login: tuple[str, str],
        directory: Directory,
        desk: Desk,
        *,
        operators: Iterable[Operator] = (),
        keep_status: Callable[[str, Status, str], None] = lambda *_: None,
    ) -> None:
        self.spool = Spool(settings.spool_dir)
        self.ami = Ami((settings.ami_host, settings.ami_port), *ami_login, on_message=lambda m: self.exchange.hears(m))
        self.exchange = Exchange(
            Legs(self.ami, audiosocket=f"127.0.0.1:{settings.audiosocket_port}"),
            self.spool,
            directory,
            _rules(settings),
            clock=desk.clock,
            operators=operators,
            keep_status=keep_status,
        )
        self._flows = desk.flows
        self._reception = Reception(self.exchange, desk)
        self._address = ("127.0.0.1", settings.agi_port)
        self._agi: FastAgiServer | None = None

    def start(self, *, telephone: bool = True) -> None:
        """Answer calls from now on. Raises OSError when the FastAGI port is taken.

        Without `telephone`, people and rooms can be asked for, and nobody is ever called.
        """
        self.exchange.start()
        if not telephone:
            return
        scripts: dict[str, Callable[[Agi], None]] = {
            "inbound": lambda agi: inbound.run(agi, self._reception),
            "resume": lambda agi: resume.run(agi, self._reception),
            "return_visit": lambda agi: return_visit.run(agi, self._reception),
        }
        self._agi = FastAgiServer(self._address, scripts)
        self.ami.start()
        self._agi.start()

    def call_out(self, call_id: str, number: str, flow: str, values: Mapping[str, str | int]) -> None:
        """Call a citizen and take them through a flow (of use `outgoing`) of the live version. `call_id` is from
        `ivr.call_ids`; asked again with the same one, nothing happens. What came of it: `ivr.outgoing.result_of` the
        call's events, when it is imported. Raises Refused (`not_now`: ask again later)."""
        self.exchange.call_out(call_id, number, flow, values, self._flows().version)

    def stop(self) -> None:
        """Leave Asterisk alone with its calls: talks go on, new calls take the static path."""
        if self._agi:
            self._agi.stop()
        self.ami.stop()
        self.exchange.stop()


def _rules(settings: Settings) -> Rules:
    return Rules(
        operator_ring_seconds=settings.operator_ring_seconds,
        department_ring_seconds=settings.department_ring_seconds,
        wrap_up_seconds=settings.wrap_up_seconds,
        trunk=settings.sip_trunk,
        recordings_dir=settings.recordings_dir,
        calls=CallRules(
            ring_seconds=settings.citizen_ring_seconds,
            callbacks=settings.callback_limit,
            retry_seconds=settings.callback_retry_seconds,
            prefixes=settings.outgoing_prefixes,
            at_once=settings.outgoing_calls,
            spare_operators=settings.outgoing_spare_operators,
            trunk_lines=settings.trunk_lines,
        ),
    )
