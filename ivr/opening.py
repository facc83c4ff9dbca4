"""A room is opened: for a citizen who has called, or for one whom the hotline calls. In the exchange's thread."""

from __future__ import annotations

import logging
from dataclasses import replace

from ivr import callbacks
from ivr import room as rooms
from ivr.board import Room
from ivr.floor import Floor
from ivr.live import LiveCall, recording_path

log = logging.getLogger(__name__)


def room(floor: Floor, call: LiveCall) -> Room:
    """A room for this citizen, with the citizen in it. Recording follows what the flow has switched on."""
    now = floor.clock()
    opened = rooms.reopen(call.room, now) if call.room else rooms.open_room(call.id, call.caller, call.leg, now)
    return _opened(floor, call, opened)


def room_for_called(floor: Floor, call: LiveCall) -> Room:
    """A room for a citizen whom we call: they are awaited there. Each try of a callback has a leg of its own."""
    why = ""
    if call.booking:
        call.called_leg, why = call.new_leg(), callbacks.why(call.booking, callbacks.tries_in(call.events))
    opened = rooms.open_room(call.id, call.caller, call.leg, floor.clock(), why=why, called=True)
    return _opened(floor, call, opened)


def _opened(floor: Floor, call: LiveCall, opened: Room) -> Room:
    call.room = replace(opened, recording=call.recording)
    call.outcome = None
    floor.changed("room", call.id)
    return call.room


def recordings_folder(floor: Floor, call: LiveCall) -> str:
    """Where the citizen's voice will be kept, below the recordings folder."""
    path = recording_path(call, call.leg)
    try:
        (floor.rules.recordings_dir / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        log.error("call %s: no folder for its recordings (%s)", call.id, error.strerror)
    return path
