"""Somebody has come into a room: the line, the recording and the captions follow. In the exchange's thread."""

from __future__ import annotations

from ivr import conduct
from ivr import line as waiting_line
from ivr import room as rooms
from ivr.board import Participant, ParticipantState, RecordingState
from ivr.call import Kind, Role
from ivr.floor import Floor
from ivr.live import LiveCall, recording_path
from ivr.room import Step


def citizen_joined(floor: Floor, call: LiveCall) -> None:
    """The citizen is among the others: for the first time, or back from an announcement or from hold."""
    call.in_conference = True
    who = call.room.participant(call.leg) if call.room else None
    if who and who.state in rooms.COMING:
        _called_citizen_came(floor, call, who)
    if call.recording is not RecordingState.ON:  # the flow has switched it off again, or not on for this room
        floor.legs.pause_recording(call.leg, True)
    _mute_again(floor, call, call.leg)


def _called_citizen_came(floor: Floor, call: LiveCall, who: Participant) -> None:
    """Whom we called is in the room."""
    conduct.step(floor, call, who.leg, Step.JOINED)
    conduct.note(floor, call, Kind.LEG_JOINED, leg=who.leg, role=who.role.value, name="")
    _record_and_tap(floor, call, who)
    if call.room and rooms.partners(call.room):
        floor.legs.set(call.leg, "TALKED", "1")


def leg_joined(floor: Floor, call: LiveCall, leg: str) -> None:
    """Somebody else is in the room. Whoever is not awaited there (any more) has to go."""
    who = call.room.participant(leg) if call.room else None
    if who is None or call.hung_up or not call.room or call.room.ended_at or leg in floor.legs.told_to_go:
        floor.legs.hang_up(leg)
    elif who.state in rooms.COMING:
        _for_the_first_time(floor, call, leg)
        _mute_again(floor, call, leg)
    elif who.state in rooms.PRESENT:
        _mute_again(floor, call, leg)
    else:
        floor.legs.hang_up(leg)


def _mute_again(floor: Floor, call: LiveCall, leg: str) -> None:
    """Asterisk forgets who is muted when they leave the room for hold or a whisper."""
    who = call.room.participant(leg) if call.room else None
    channel = floor.legs.channels.get(leg)
    if who and channel and who.muted and who.state is ParticipantState.TALKING:
        floor.legs.mute(channel, call.id, True)


def _for_the_first_time(floor: Floor, call: LiveCall, leg: str) -> None:
    conduct.step(floor, call, leg, Step.JOINED)
    who = call.room.participant(leg) if call.room else None
    if call.room is None or who is None:
        return
    conduct.note(floor, call, Kind.LEG_JOINED, leg=leg, role=who.role.value, name=who.name)
    _record_and_tap(floor, call, who)
    if who in rooms.partners(call.room):
        floor.legs.set(call.leg, "TALKED", "1")
        _wait_is_over(floor, call, who)
    if who.role is Role.OPERATOR or (who.role is Role.SUPERVISOR and floor.line.operator(who.name)):
        floor.wrap_up.pop(who.name, None)
        conduct.settle_line(floor, waiting_line.operator_busy(floor.line, who.name, call.id, floor.clock()), ())
    channel = floor.legs.channels.get(call.leg)
    if channel and call.scripts and not call.in_conference:  # the citizen hears an announcement: enough of it
        floor.legs.to_room(channel, Role.CITIZEN, call.id)


def _wait_is_over(floor: Floor, call: LiveCall, who: Participant) -> None:
    """Whoever comes to talk with a waiting citizen answers the wait. Another telephone that rings for it stops."""
    if floor.line.find(call.id) is None:
        return
    if conduct.waits(call):
        conduct.note(floor, call, Kind.LINE_LEFT, reason="answered")
    if who.role in conduct.STAFF:
        conduct.settle_line(floor, *waiting_line.answered(floor.line, call.id, who.name, floor.clock()))
    else:
        conduct.settle_line(floor, *waiting_line.leave(floor.line, call.id, floor.clock()))


def _record_and_tap(floor: Floor, call: LiveCall, who: Participant) -> None:
    if call.recording is RecordingState.OFF or who.role is Role.SUPERVISOR:
        return
    conduct.note(floor, call, Kind.RECORDING_STARTED, leg=who.leg, path=recording_path(call, who.leg), what="leg")
    if call.recording is RecordingState.PAUSED:
        floor.legs.pause_recording(who.leg, True)
        return
    floor.legs.tap(call.leg)
    floor.legs.tap(who.leg)
