"""Somebody has come into a room: the line, the recording and the captions follow. In the exchange's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import conduct
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Participant, ParticipantState, RecordingState
from ivr.call import Kind, Role
from ivr.live import LiveCall, recording_path
from ivr.room import Step

if TYPE_CHECKING:
    from ivr.exchange import Exchange


def citizen_joined(x: Exchange, call: LiveCall) -> None:
    """The citizen is among the others: for the first time, or back from an announcement or from hold."""
    call.in_conference = True
    if call.recording is not RecordingState.ON:  # the flow has switched it off again, or not on for this room
        x.legs.pause_recording(call.leg, True)
    _mute_again(x, call, call.leg)


def leg_joined(x: Exchange, call: LiveCall, leg: str) -> None:
    """Somebody else is in the room. Whoever is not awaited there (any more) has to go."""
    who = call.room.participant(leg) if call.room else None
    if who is None or call.hung_up or not call.room or call.room.ended_at or leg in x.legs.told_to_go:
        x.legs.hang_up(leg)
    elif who.state in rooms.COMING:
        _for_the_first_time(x, call, leg)
        _mute_again(x, call, leg)
    elif who.state in rooms.PRESENT:
        _mute_again(x, call, leg)
    else:
        x.legs.hang_up(leg)


def _mute_again(x: Exchange, call: LiveCall, leg: str) -> None:
    """Asterisk forgets who is muted when they leave the room for hold or a whisper."""
    who = call.room.participant(leg) if call.room else None
    channel = x.legs.channels.get(leg)
    if who and channel and who.muted and who.state is ParticipantState.TALKING:
        x.legs.mute(channel, call.id, True)


def _for_the_first_time(x: Exchange, call: LiveCall, leg: str) -> None:
    conduct.step(x, call, leg, Step.JOINED)
    who = call.room.participant(leg) if call.room else None
    if call.room is None or who is None:
        return
    conduct.note(x, call, Kind.LEG_JOINED, leg=leg, role=who.role.value, name=who.name)
    _record_and_tap(x, call, who)
    if who in rooms.partners(call.room):
        x.legs.set(call.leg, "TALKED", "1")
        _wait_is_over(x, call, who)
    if who.role is Role.OPERATOR or (who.role is Role.SUPERVISOR and x.line.operator(who.name)):
        x.wrap_up.pop(who.name, None)
        conduct.settle_line(x, waiting_line.operator_busy(x.line, who.name, call.id, x.clock()), ())
    channel = x.legs.channels.get(call.leg)
    if channel and call.scripts and not call.in_conference:  # the citizen hears an announcement: enough of it
        x.legs.to_room(channel, Role.CITIZEN, call.id)


def _wait_is_over(x: Exchange, call: LiveCall, who: Participant) -> None:
    """Whoever comes to talk with a waiting citizen answers the wait. Another telephone that rings for it stops."""
    if x.line.find(call.id) is None:
        return
    conduct.note(x, call, Kind.LINE_LEFT, reason="answered")
    if who.role in conduct.STAFF:
        conduct.settle_line(x, *waiting_line.answered(x.line, call.id, who.name, x.clock()))
    else:
        conduct.settle_line(x, *waiting_line.leave(x.line, call.id, x.clock()))


def _record_and_tap(x: Exchange, call: LiveCall, who: Participant) -> None:
    if call.recording is RecordingState.OFF or who.role is Role.SUPERVISOR:
        return
    conduct.note(x, call, Kind.RECORDING_STARTED, leg=who.leg, path=recording_path(call, who.leg), what="leg")
    if call.recording is RecordingState.PAUSED:
        x.legs.pause_recording(who.leg, True)
        return
    x.legs.tap(call.leg)
    x.legs.tap(who.leg)
