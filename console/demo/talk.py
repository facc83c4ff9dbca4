"""The three on the telephone: who speaks, who hears it, and when its caption stood on the desk."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from console.demo.listening import Event, Listening
from console.demo.script import VOICES, Line, Script
from console.demo.told import DemoFailed, Told
from console.pages.words import ROLES
from ivr.call import Role
from ivr.speech import speech
from phone import PhoneCall, hearing

CAPTION_SECONDS = 5.0
MOST_TIMES = 3  # that a sentence is said
_SETTLE_SECONDS = 0.3  # of sound on its way


class NotUnderstood(DemoFailed):
    """The recogniser did not hear what was said."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence: what was heard of it by the hotline, and by whom on the telephone."""

    line: Line
    caption: str
    delay_seconds: float  # from the end of the sentence until all its words stood on the desk; 0: before it ended
    final_seconds: float  # until the caption was final
    heard_by: tuple[Role, ...]


@dataclass(slots=True)
class Talk:
    """Add a call to `calls` when it is up."""

    listening: Listening
    told: Told
    sounds: dict[str, Path]
    calls: dict[Role, PhoneCall] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def speak(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.said.append(self._say_until_heard(line))

    def _say_until_heard(self, line: Line) -> Said:
        """As people do: what was not understood is said again. A machine that is busy may stutter."""
        for _time in range(MOST_TIMES - 1):
            with contextlib.suppress(NotUnderstood):
                return self._say(line)
            self.told.act("字幕没有听清，再说一遍 (misheard; it is said again)")
        return self._say(line)

    def _say(self, line: Line) -> Said:
        began, call = time.monotonic(), self.calls[line.who]
        self.told.says(line.who, line.text)
        call.play(self.sounds[line.text]).wait_played()
        ended = time.monotonic()
        heard_by = self._listeners(line.who, began, ended)
        captions = self._captions(line, began)
        return Said(
            line, text_of(captions), _after(ended, complete_at(captions)), _after(ended, captions[-1].at), heard_by
        )

    def _captions(self, line: Line, began: float) -> list[Event]:
        def heard() -> list[Event]:
            return [e for e in self.listening.captions(began) if e.data["role"] == line.who]

        def complete() -> bool:
            text = text_of([e for e in heard() if e.data["final"]])
            return all(word in text for word in line.words)

        if not self.listening.wait(complete, CAPTION_SECONDS):
            missing = "、".join(line.words)
            raise NotUnderstood(f"字幕里没有 (missing in the captions): {missing}；听到 heard: {text_of(heard())}")
        return heard()

    def _listeners(self, speaker: Role, began: float, ended: float) -> tuple[Role, ...]:
        """Everybody else must have heard it."""
        for role, call in self.calls.items():
            if role is not speaker and hearing.is_silent(call.heard_between(began + _SETTLE_SECONDS, ended)):
                raise DemoFailed(f"{ROLES[role]}没有听到{ROLES[speaker]} (the {role} did not hear the {speaker})")
        return tuple(role for role in self.calls if role is not speaker)


def _after(began: float, at: float) -> float:
    return round(max(0.0, at - began), 2)


def text_of(captions: Iterable[Event]) -> str:
    """The latest text of each line, in the order in which they began."""
    lines: dict[tuple[str, int], str] = {}
    for caption in captions:
        lines[caption.data["leg"], caption.data["number"]] = caption.data["text"]
    return "".join(lines.values())


def complete_at(captions: list[Event]) -> float:
    """When the whole text could first be read; a line that is told again as final had been there before."""
    whole = text_of(captions)
    return next(e.at for n, e in enumerate(captions, 1) if text_of(captions[:n]) == whole)


def record(script: Script, folder: Path) -> dict[str, Path]:
    """Every sentence as a sound file, in the voice of whoever says it."""
    folder.mkdir(parents=True, exist_ok=True)
    sounds = {}
    for number, line in enumerate(script.lines, 1):
        path = sounds[line.text] = folder / f"{number}-{line.who}.wav"
        path.write_bytes(speech(line.text, voice=VOICES[line.who]))
    return sounds
