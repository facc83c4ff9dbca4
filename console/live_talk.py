"""While people talk: captions to the desks of their room, and a draft that grows with every sentence.

The recogniser knows legs by a UUID. Nothing here touches the call: it may all fail, and people go on talking.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.city import City
from console.hub import Hub
from ivr import room as rooms
from ivr.board import RecordingState, Room
from ivr.exchange import Exchange
from ivr.legs import tap_id
from transcription.caption import Caption
from transcription.draft import draft
from transcription.transcript import Utterance

log = logging.getLogger(__name__)

UNSURE = 0.85  # below this a word is underlined; wrong words have 0.77 to 0.85 on average (measured)
ROOMS_KEPT = 50


@dataclass(slots=True)
class _Tap:
    room: Room
    leg: str
    role: str
    began: datetime  # of the tap: captions count from there
    number: int = 0  # of the latest caption
    closed: bool = False

    def goes_on_with(self, caption: Caption) -> bool:
        """False: the leg was tapped anew in the meantime (the recording was paused), and numbers begin again."""
        return caption.number > self.number or (caption.number == self.number and not self.closed)


@dataclass(slots=True)
class LiveTalk:
    exchange: Exchange
    hub: Hub
    city: City
    now: Callable[[], datetime]
    _taps: OrderedDict[str, _Tap] = field(default_factory=OrderedDict)
    _said: OrderedDict[str, list[Utterance]] = field(default_factory=OrderedDict)

    def on_caption(self, caption: Caption) -> None:
        """Called by the captions' own thread, in order."""
        tap = self._tap(caption)
        if tap is None:
            return
        tap.number, tap.closed = caption.number, caption.final
        start = (tap.began - tap.room.opened_at).total_seconds() + caption.start
        unsure = tuple(w.text for w in caption.words if w.confidence < UNSURE) if caption.final else ()
        number = int(tap.began.timestamp() * 10) % 10**8 * 1000 + caption.number  # a leg may be tapped twice
        self.hub.caption(tap.room.id, tap.leg, number, tap.role, caption.text, caption.final, start, unsure)
        if caption.final and caption.text:
            self._draft(tap, caption, start)

    def tap_again(self) -> None:
        """The recogniser was started again: every leg in a talk is sent to it anew."""

        def work() -> None:
            for room in self.exchange.board().rooms:
                if room.recording is RecordingState.ON and rooms.partners(room):
                    for p in room.participants:
                        if p.state in rooms.PRESENT:
                            self.exchange.legs.tap(p.leg)

        self._taps.clear()
        self.exchange.soon(work)

    def _tap(self, caption: Caption) -> _Tap | None:
        known = self._taps.get(caption.tap)
        if known is None or not known.goes_on_with(caption):
            began = self.now() - timedelta(seconds=caption.end)  # a caption comes when its sound has just ended
            for room in self.exchange.board().rooms:
                for p in room.participants:
                    if tap_id(p.leg) == caption.tap:
                        self._keep(caption.tap, _Tap(room, p.leg, p.role.value, began))
        return self._taps.get(caption.tap)

    def _keep(self, tap: str, found: _Tap) -> None:
        self._taps[tap] = found
        while len(self._taps) > ROOMS_KEPT * 4:
            self._taps.popitem(last=False)

    def _draft(self, tap: _Tap, caption: Caption, start: float) -> None:
        said = self._said.setdefault(tap.room.id, [])
        end = start + caption.end - caption.start
        said.append(Utterance(tap.leg, tap.role, start, end, caption.text, caption.confidence, caption.words))
        while len(self._said) > ROOMS_KEPT:
            self._said.popitem(last=False)
        found = draft(sorted(said, key=lambda u: u.start), self.city, caller=tap.room.caller, now=self.now())
        self.hub.draft(tap.room.id, found.to_json())
