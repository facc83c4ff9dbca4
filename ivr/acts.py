"""What each of the 13 kinds of nodes does: on entry, and with each event that answers it. One small function each.

A function returns the name of the exit to leave by, or None when the node awaits an event (or the call is over).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivr import actions as do
from ivr import events as ev
from ivr.flow import (
    ACTIONS,
    DIGIT_TYPES,
    PRIORITIES,
    Ask,
    Callback,
    Dial,
    DoAction,
    End,
    Hours,
    Queue,
    Record,
    Recording,
    Run,
    Say,
    Set,
    Switch,
    fits,
)
from ivr.hours import branch
from ivr.spoken_answers import chosen, digits_said
from ivr.walk import FlowError, Walk

SHORTEST_MESSAGE = 1.5  # seconds; a silence of 5 s leaves up to a second of room noise
UNCLEAR = "?"  # was said, and is no answer

# --- what each kind does when it is entered ---------------------------------------------------------------------------


def _enter_say(walk: Walk, act: Say) -> None:
    walk.tell(do.Play(walk.spoken(act.prompts), act.interruptible))


def _enter_ask(walk: Walk, act: Ask) -> str | None:
    typed = walk.session.typed
    walk.change(typed="")
    if walk.session.visits[f"{walk.session.flow}.{walk.session.node}"] > act.visits:
        return "too_many"
    if typed and any(choice.key == typed for choice in act.choices):
        return typed
    walk.tell(_question(walk, act, (), typed if act.digits else ""))
    return None


def _question(walk: Walk, act: Ask, before: tuple[str, ...], typed: str = "") -> do.Collect:
    keys = tuple(do.Key(choice.key, choice.words) for choice in act.choices)
    wanted = act.digits
    low, high, end = (wanted.min, wanted.max, wanted.end) if wanted else (1, 1, "")
    return do.Collect(walk.spoken(before + act.prompts), low, high, end, act.timeout, act.between, keys, typed,
                      spoken=bool(wanted and wanted.spoken))  # fmt: skip


def _enter_switch(walk: Walk, act: Switch) -> str:
    value = _fact(walk, act.fact)
    cases = (edge.exit for edge in walk.node.edges if edge.exit != "otherwise")
    return next((case for case in cases if fits(case, value)), "otherwise")


def _fact(walk: Walk, name: str) -> str | int:
    """A variable nobody has set is "", so that `otherwise` takes it."""
    facts = walk.session.facts
    known = {"caller.list": facts.caller_list, "caller.open_case": "yes" if facts.open_case else "no",
             "line.waiting": facts.line_waiting}  # fmt: skip
    if name.startswith("count."):
        return walk.session.visits.get(f"{walk.session.flow}.{name.removeprefix('count.')}", 0)
    return known[name] if name in known else walk.session.variables.get(name, "")


def _enter_hours(walk: Walk, act: Hours) -> str:
    if act.calendar not in walk.flows.calendars:
        raise FlowError(f"no calendar '{act.calendar}'")
    return branch(walk.flows.calendars[act.calendar], walk.now)


def _enter_set(walk: Walk, act: Set) -> str:
    for name, value in act.values:
        walk.keep(name, value)
        walk.tell(do.Note(name, value))
    return "next"


def _enter_do(walk: Walk, act: DoAction) -> None:
    given = dict(act.given)
    needs = ACTIONS.get(act.action, ((), ()))[0]
    args = {name: walk.variable(given.get(name, name)) for name in needs}
    walk.tell(do.Do(act.action, args, act.timeout, walk.spoken(act.meanwhile)))


def _enter_record(walk: Walk, act: Record) -> None:
    walk.tell(do.RecordMessage(walk.spoken((act.prompt,))[0], act.max_seconds, act.silence_seconds))


def _enter_recording(walk: Walk, act: Recording) -> str | None:
    if act.state == "on" and act.notice:
        walk.tell(do.Play(walk.spoken((act.notice,)), interruptible=False))
        return None
    if act.state == "on" and not walk.session.noticed:
        raise FlowError("recording without a notice")
    return _record(walk, act.state)


def _record(walk: Walk, state: str) -> str:
    walk.change(recording=state)
    walk.tell(do.SetRecording(state))
    return "next"


def _enter_queue(walk: Walk, act: Queue) -> None:
    word = act.priority or str(walk.session.variables.get("priority", "normal"))
    walk.tell(do.JoinLine(act.line, act.skills, PRIORITIES.get(word, 0), act.announce_every, act.announce_position,
                          act.max_wait, act.keys, act.music))  # fmt: skip


def _enter_dial(walk: Walk, act: Dial) -> None:
    brief = walk.spoken((act.brief,))[0] if act.brief else None
    walk.tell(do.DialDepartment(act.department, act.timeout, brief))


def _enter_callback(walk: Walk, act: Callback) -> str | None:
    number = walk.session.facts.caller if act.number == "caller" else str(walk.variable(act.number))
    if not DIGIT_TYPES["phone"].fullmatch(number):
        return "refused"
    walk.tell(do.BookCallback(number, act.window_minutes, act.attempts))
    return None


def _enter_run(walk: Walk, act: Run) -> str:
    return walk.into(act.flow, "done", "failed")


def _enter_end(walk: Walk, act: End) -> str | None:
    if act.prompt:
        walk.tell(do.Play(walk.spoken((act.prompt,))))
        return None
    return walk.finish(act.reason)


ON_ENTRY: dict[type, Callable[[Walk, Any], str | None]] = {
    Say: _enter_say, Ask: _enter_ask, Switch: _enter_switch, Hours: _enter_hours, Set: _enter_set, DoAction: _enter_do,
    Record: _enter_record, Recording: _enter_recording, Queue: _enter_queue, Dial: _enter_dial,
    Callback: _enter_callback, Run: _enter_run, End: _enter_end,
}  # fmt: skip


# --- what each kind makes of an event ---------------------------------------------------------------------------------


def _said(walk: Walk, _act: Say, event: ev.Played) -> str:
    walk.change(typed=event.interrupted_by or "")
    return "next"


def _noticed(walk: Walk, act: Recording, _event: ev.Played) -> str:
    walk.change(noticed=True)
    return _record(walk, act.state)


def _farewell(walk: Walk, act: End, _event: ev.Played) -> str | None:
    return walk.finish(act.reason)


def _keyed(walk: Walk, act: Ask, event: ev.Digits) -> str | None:
    text, wanted = event.text, act.digits
    if wanted is None:
        return text if any(choice.key == text for choice in act.choices) else _missed(walk, act, text)
    text = text.removesuffix(wanted.end) if wanted.end else text
    if not (wanted.min <= len(text) <= wanted.max and DIGIT_TYPES[wanted.type].fullmatch(text)):
        return _missed(walk, act, text)
    walk.keep(wanted.save, int(text) if wanted.type == "integer" else text)
    return "ok"


def _heard(walk: Walk, act: Ask, event: ev.Heard) -> str | None:
    """Words count like the keys they stand for. Whatever else was said is a wrong key, never silence."""
    if act.digits is None:
        return chosen(act.choices, event.words) or _missed(walk, act, UNCLEAR)
    said = digits_said(event.words) if act.digits.spoken else ""
    return _keyed(walk, act, ev.Digits(said)) if said else _missed(walk, act, UNCLEAR)


def _silent(walk: Walk, act: Ask, _event: ev.NoInput) -> str | None:
    return _missed(walk, act, "")


def _missed(walk: Walk, act: Ask, given: str) -> str | None:
    """Ask again, `tries` times in all; the last miss decides the exit."""
    walk.change(misses=walk.session.misses + 1)
    if walk.session.misses >= act.tries:
        return "no_match" if given else "no_input"
    walk.tell(_question(walk, act, act.retry_no_match if given else act.retry_no_input))
    return None


def _recorded(_walk: Walk, _act: Record, event: ev.Recorded) -> str:
    return "left" if event.seconds >= SHORTEST_MESSAGE else "empty"


def _record_failed(_walk: Walk, _act: Record, _event: ev.RecordFailed) -> str:
    return "failed"


def _line_ended(walk: Walk, act: Queue, event: ev.LineEnded) -> str:
    if event.how == "failed":
        raise FlowError("the waiting line failed")
    if event.how == "key":
        if event.key not in act.keys:
            raise ev.ProtocolError(f"a key that node '{walk.session.node}' does not offer")
        return event.key
    return walk.after_talk("talked") if event.how == "talked" else event.how


def _dial_ended(walk: Walk, _act: Dial, event: ev.DialEnded) -> str:
    return walk.after_talk("joined") if event.how == "joined" else event.how


def _callback_ended(_walk: Walk, _act: Callback, event: ev.CallbackEnded) -> str:
    return event.how


def _called_back(walk: Walk, _act: Callback, event: ev.LineEnded) -> str | None:
    """In the callback's own call: the talk that was promised is over; or nobody was there, and it counts as refused."""
    return walk.after_callback() if event.how == "talked" else "refused"


def _done(walk: Walk, act: DoAction, event: ev.Done) -> str:
    wanted = act.save or ACTIONS.get(act.action, ((), ()))[1]
    for name in wanted if event.how == "ok" else ():
        if name not in event.values:
            return "failed"
        walk.keep(name, event.values[name])
    return event.how


ON_EVENT: dict[tuple[type, type], Callable[[Walk, Any, Any], str | None]] = {
    (Say, ev.Played): _said,
    (Recording, ev.Played): _noticed,
    (End, ev.Played): _farewell,
    (Ask, ev.Digits): _keyed,
    (Ask, ev.Heard): _heard,
    (Ask, ev.NoInput): _silent,
    (Record, ev.Recorded): _recorded,
    (Record, ev.RecordFailed): _record_failed,
    (Queue, ev.LineEnded): _line_ended,
    (Dial, ev.DialEnded): _dial_ended,
    (Callback, ev.CallbackEnded): _callback_ended,
    (Callback, ev.LineEnded): _called_back,
    (DoAction, ev.Done): _done,
}
