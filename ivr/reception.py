"""The reception: carries out a call flow on a real call, action by action, over AGI.

A script takes the citizen through prompts and questions until the flow wants a room; it then names the way there in the
channel variable NEXT and ends, so that no thread is held while people talk. When the citizen comes back from the room,
another script goes on from the session kept in the spool, also in a process that was not there before.
"""

from __future__ import annotations

import logging
import time
import wave
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from asterisk.agi import AGIAppError, AGIHangup

from ivr import actions as do
from ivr import engine
from ivr import events as ev
from ivr.agi import Agi, BadPeer
from ivr.call import Kind
from ivr.collecting import MARGIN_SECONDS, WAKING_SECONDS, Question
from ivr.ear import Listen
from ivr.exchange import Exchange
from ivr.flow import Ask, Flows
from ivr.legs import WAKE, Briefing
from ivr.meanwhile import cover
from ivr.session import Facts, Session, Sprint
from ivr.visits import StillWaiting, Visit

log = logging.getLogger(__name__)

ALL_KEYS = "0123456789*#"
FACTS_SECONDS = 1.0

T = TypeVar("T")
Answer = tuple[Literal["ok", "not_found", "failed"], Mapping[str, str | int]]  # how (ok, not_found, failed), values


@dataclass(frozen=True, slots=True)
class Desk:
    """What the reception is given: the flows, the sound files, and what it may ask the case side."""

    flows: Callable[[], Flows]  # the live version, from memory
    sounds: Callable[[Flows, str, str, Mapping[str, str | int]], list[Path]]  # flows, language, prompt, values -> files
    facts: Callable[[str], Facts]  # caller -> what is known; may be slow, then it is not waited for
    ask: Callable[[str, Mapping[str, str | int], str], Answer]  # action, arguments, call id
    recordings_dir: Path
    clock: Callable[[], datetime]
    flow: str = "main"
    flows_of: Callable[[str], Flows | None] = lambda _version: None  # the version that a call began with
    listen: Listen = lambda _tap, _phrases: False  # to a citizen's voice; False: no recogniser is there, keys are


class Reception:
    """`inbound`, `resume` and `outgoing` are what the scripts do that the dialplan calls."""

    def __init__(self, exchange: Exchange, desk: Desk) -> None:
        self._exchange, self._desk = exchange, desk
        self._askers = ThreadPoolExecutor(16, thread_name_prefix="ask")

    def inbound(self, agi: Agi) -> None:
        """A citizen dials 12345. From now on the call belongs to the version that is live at this moment."""
        flows = self._desk.flows()
        if not (agi.env.get("agi_uniqueid") and agi.env.get("agi_channel")):
            raise BadPeer("an environment without a channel")
        visit = Visit.arrive(
            self._exchange,
            flow=self._desk.flow,
            version=flows.version,
            caller=agi.env.get("agi_callerid", "") if agi.env.get("agi_callerid") != "unknown" else "",
            dialled=agi.env.get("agi_dnid", ""),
            channel=agi.env.get("agi_uniqueid", ""),
            channel_name=agi.env.get("agi_channel", ""),
        )
        with visit:
            agi.answer()
            facts = self._within(FACTS_SECONDS, lambda: self._desk.facts(visit.caller)) or Facts(caller=visit.caller)
            sprint = engine.start(flows, self._desk.flow, facts, self._now())
            _Walk(self, agi, visit, flows).carry_out(sprint)

    def resume(self, agi: Agi) -> None:
        """A citizen is back from a room. Without a trace of the call, the dialplan takes the static path."""
        visit = Visit.back(self._exchange, agi.env.get("agi_uniqueid", ""))
        if visit is None:
            return
        with visit:
            _Walk(self, agi, visit, self._flows_of(visit)).back_from_room()

    def outgoing(self, agi: Agi) -> None:
        """A citizen whom a flow calls has answered. Without a trace of the call, the dialplan says goodbye."""
        visit = Visit.back(self._exchange, agi.env.get("agi_uniqueid", ""))
        begin = (visit.session() or {}).get("begin") if visit else None
        if visit is None or begin is None:
            return
        with visit:
            visit.picked_up()
            flows = (self._desk.flows_of(begin["version"]) if begin["version"] else None) or self._desk.flows()
            facts = Facts(caller=visit.caller, values=begin["values"])
            sprint = engine.start(flows, begin["flow"], facts, self._now())
            _Walk(self, agi, visit, flows).carry_out(sprint)

    # ---- parts
    def _flows_of(self, visit: Visit) -> Flows:
        """The version the call began with, whatever is live by now; what is live only when that version is gone."""
        kept = visit.session() or {}
        version = kept.get("session", {}).get("version", "")
        return (self._desk.flows_of(version) if version else None) or self._desk.flows()

    def _now(self) -> datetime:
        return self._desk.clock()

    def _within(self, seconds: float, work: Callable[[], T]) -> T | None:
        """The result of something that may hang, or None. A database that is locked must not hold a citizen up."""
        return self._answer(self._asked(work), seconds)

    def _asked(self, work: Callable[[], T]) -> Future[T]:
        return self._askers.submit(work)

    def _answer(self, asked: Future[T], seconds: float) -> T | None:
        try:
            return asked.result(seconds)
        except Exception as error:
            asked.cancel()  # nobody waits for it any more
            log.warning("no answer from the case side (%s); the call goes on without", type(error).__name__)
            return None


class _Walk:
    """One script's way through the flow."""

    def __init__(self, reception: Reception, agi: Agi, visit: Visit, flows: Flows) -> None:
        self._r, self._desk, self._agi, self._visit = reception, reception._desk, agi, visit
        self._flows = flows

    def carry_out(self, sprint: Sprint) -> None:
        """Carry out sprint after sprint, until the citizen is in a room or the call is over."""
        while True:
            event = None
            for action in sprint.actions:
                event = _CARRY_OUT[type(action)](self, action, sprint.session)
            if event is None or sprint.session.ended is not None:
                return
            before = sprint.session
            sprint = engine.step(self._flows, before, event, self._r._now())
            self._keep_typed(before, sprint.session)

    def _keep_typed(self, before: Session, after: Session) -> None:
        """What a citizen keys in may be private and is not written down, but it is what an outgoing call asks for."""
        act = self._flows.flows[before.flow].nodes[before.node].act
        name = act.digits.save if isinstance(act, Ask) and act.digits else ""
        if self._visit.outgoing and name in after.variables:
            self._visit.note(Kind.FACT_SET, name=name, value=after.variables[name])

    def back_from_room(self) -> None:
        back, kept = self._visit.came_back(), self._visit.session()
        if isinstance(back, StillWaiting):
            if back.position is not None:
                self._say((self._position(back.position, kept),))
            ended = self._visit.may_go_back()
            if ended is None:
                self._into_room()
                return
            back = ended
        if kept is None:
            return  # the static path
        session = Session.from_json(kept["session"])
        if session.version != self._flows.version:
            session = self._of_this_version(session)
        self.carry_out(engine.step(self._flows, session, back, self._r._now()))

    def _position(self, number: int, kept: dict[str, Any] | None) -> do.Spoken:
        """In the language that the citizen has chosen, when it has this prompt."""
        chosen = Session.from_json(kept["session"]).language if kept else ""
        usual = self._flows.flows[self._desk.flow].language
        return do.Spoken("position", {"number": number}, self._flows.language_of("position", chosen, usual) or usual)

    def _of_this_version(self, session: Session) -> Session:
        """The call's own version is gone. A node that is gone leads to the flow's on_error."""
        return replace(session, version=self._flows.version)

    # ---- one action each; returns the event it was answered by, or None
    def play(self, action: do.Play, _session: Session) -> ev.Event:
        return ev.Played(self._say(action.prompts, ALL_KEYS if action.interruptible else "") or None)

    def collect(self, action: do.Collect, _session: Session) -> ev.Event:
        typed = action.typed or self._say(action.prompts, ALL_KEYS)
        return Question(self._agi, self._visit, action, typed).answered(self._desk.listen)

    def record_message(self, action: do.RecordMessage, _session: Session) -> ev.Event:
        self._say((action.prompt, do.Spoken("beep")))
        path = self._visit.message_path()
        file, leg = self._desk.recordings_dir / path, Path(path).stem
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return ev.RecordFailed()
        self._visit.note(Kind.RECORDING_STARTED, leg=leg, path=path, what="message")
        self._agi.patience(action.max_seconds + MARGIN_SECONDS)
        try:
            how = self._agi.record(
                str(file.with_suffix("")), keys="#", seconds=action.max_seconds, silence=action.silence_seconds
            )
        except AGIHangup:
            raise
        except AGIAppError as error:
            log.error("call %s: no message could be recorded (%s)", self._visit.call_id, error)
            return ev.RecordFailed()
        finally:  # hanging up in the middle keeps what was said
            seconds = wav_seconds(file)
            self._visit.note(Kind.RECORDING_ENDED, leg=leg, seconds=round(seconds, 2))
        spoken = seconds - (action.silence_seconds if how == "silence" else 0)
        return ev.Recorded(max(0.0, spoken), how)  # type: ignore[arg-type]

    def set_recording(self, action: do.SetRecording, _session: Session) -> None:
        self._visit.set_recording(action.state)

    def join_line(self, action: do.JoinLine, session: Session) -> ev.Event | None:
        self._visit.keep_session({"session": session.to_json(), "wait": asdict(action)})
        self._record()
        ended = self._visit.wait_in_line(action)
        if ended is None:
            self._into_room()
        return ended

    def dial(self, action: do.DialDepartment, session: Session) -> ev.Event | None:
        self._visit.keep_session({"session": session.to_json()})
        self._record()
        ended = self._visit.dial(action, self._briefing(action.brief) if action.brief else None)
        if ended is None:
            self._into_room()
        return ended

    def callback(self, action: do.BookCallback, session: Session) -> ev.Event:
        return self._visit.book_callback(action, session.to_json())

    def ask(self, action: do.Do, _session: Session) -> ev.Event:
        self._agi.patience(action.timeout + MARGIN_SECONDS)
        asked = self._r._asked(lambda: self._desk.ask(action.action, action.args, self._visit.call_id))
        until = time.monotonic() + action.timeout
        if action.meanwhile and cover(asked, action.timeout, lambda: self._covers(action), self._visit.wake):
            self._agi.key_within(WAKING_SECONDS)  # it must not wake anybody else
        found = self._r._answer(asked, max(0.0, until - time.monotonic()))
        if action.action == "survey.save" and found:
            self._visit.note(Kind.FACT_SET, name="satisfaction", value=action.args["score"])
        return ev.Done(*found) if found else ev.Done("failed")

    def _covers(self, action: do.Do) -> bool:
        return bool(self._say(action.meanwhile, WAKE))

    def note(self, action: do.Note, _session: Session) -> None:
        self._visit.note(Kind.FACT_SET, name=action.name, value=action.value)

    def enter(self, action: do.Enter, _session: Session) -> None:
        self._visit.at_node(action.node, action.flow, action.way)

    def hang_up(self, action: do.Hangup, _session: Session) -> None:
        self._visit.ending(action.reason, action.node)
        self._agi.set("NEXT", "done,s,1")

    def fall_back(self, action: do.FallBack, _session: Session) -> None:
        self._visit.note(Kind.NOTE_TAKEN, text=f"the flow failed at {action.node}: {action.reason}")

    # ---- parts
    def _into_room(self) -> None:
        """Name the way into the room. STINT: after how many seconds of waiting the dialplan asks us again."""
        self._agi.set("STINT", self._visit.stint())
        self._agi.set("NEXT", f"citizen-room,{self._visit.call_id},1")
        self._visit.into_room()

    def _record(self) -> None:
        """Before anybody is called: an operator who answers at once draws the citizen into the room. TALKED belongs to
        the talk before, should there have been one."""
        record = self._visit.record_path()
        self._agi.set("RECORD", str(self._desk.recordings_dir / record) if record else "")
        self._agi.set("TALKED", "")

    def _say(self, prompts: tuple[do.Spoken, ...], keys: str = "") -> str:
        """Speak. Returns the key that interrupted, or ""."""
        for spoken in prompts:
            for file in self._sounds(spoken):
                self._agi.patience(wav_seconds(file) + MARGIN_SECONDS)
                if pressed := self._agi.stream(str(file.with_suffix("")), keys):
                    return pressed
            self._visit.note(Kind.PROMPT_PLAYED, prompt=spoken.prompt)
        return ""

    def _briefing(self, spoken: do.Spoken) -> Briefing:
        files = self._sounds(spoken)
        return Briefing(tuple(str(file.with_suffix("")) for file in files), sum(map(wav_seconds, files)))

    def _sounds(self, spoken: do.Spoken) -> list[Path]:
        return self._desk.sounds(self._flows, spoken.language, spoken.prompt, spoken.values)


def wav_seconds(file: Path) -> float:
    """How long a sound lasts; 0 for one that is not there or not whole."""
    try:
        with wave.open(str(file)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (OSError, EOFError, wave.Error, ZeroDivisionError):
        return 0.0


_CARRY_OUT: dict[type, Callable[[_Walk, Any, Session], ev.Event | None]] = {
    do.Play: _Walk.play,
    do.Collect: _Walk.collect,
    do.RecordMessage: _Walk.record_message,
    do.SetRecording: _Walk.set_recording,
    do.JoinLine: _Walk.join_line,
    do.DialDepartment: _Walk.dial,
    do.BookCallback: _Walk.callback,
    do.Do: _Walk.ask,
    do.Note: _Walk.note,
    do.Enter: _Walk.enter,
    do.Hangup: _Walk.hang_up,
    do.FallBack: _Walk.fall_back,
}
