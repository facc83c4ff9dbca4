"""Rooms and participants as the API and the event stream tell them."""

from __future__ import annotations

from typing import Any

from ivr.board import Participant, Room


def room_json(room: Room) -> dict[str, Any]:
    """A room as the API and the event stream tell it."""
    return {
        "id": room.id,
        "caller": room.caller,
        "opened_at": room.opened_at.isoformat(),
        "ended_at": room.ended_at.isoformat() if room.ended_at else None,
        "recording": room.recording.value,
        "why": room.why,
        "participants": [participant_json(p) for p in room.participants],
    }


def participant_json(p: Participant) -> dict[str, Any]:
    return {
        "leg": p.leg,
        "role": p.role.value,
        "name": p.name,
        "title": p.title,
        "state": p.state.value,
        "muted": p.muted,
        "held": p.held,
        "whisper_to": p.whisper_to,
        "cause": p.cause.value if p.cause else None,
    }
