"""Listening to what a citizen answers to a question, beside the script that waits for a key.

The citizen's voice goes to the recogniser by a tap, as captions do. What it makes of it arrives here, and the script is
woken by a key that no telephone of a citizen has. So the question's time and its keys stay with Asterisk alone: a
recogniser that is dead, slow or wrong costs nobody a key, and no call a second. In the exchange's thread.
"""

from __future__ import annotations

from ivr.floor import Floor
from ivr.live import LiveCall, Question, Said


def begin(floor: Floor, call: LiveCall, tap: str) -> None:
    """From now on the citizen is heard as `tap`."""
    call.question = Question(tap, call.new_leg())
    floor.legs.listen(call.leg, call.question.leg, tap)


def understood(floor: Floor, tap: str, words: str, confidence: float, *, final: bool) -> None:
    """The recogniser tells what it has heard. What comes when the question is over is nobody's answer."""
    for call in floor.calls.values():
        if call.question is None or call.question.tap != tap:
            continue
        call.question.speaking = not final
        if final:
            call.question.said.append(Said(words, confidence))
            floor.legs.wake(call.leg)


def take(call: LiveCall) -> list[Said]:
    """What was said since this was last asked."""
    if call.question is None:
        return []
    said, call.question.said = call.question.said, []
    return said


def end(floor: Floor, call: LiveCall) -> list[Said]:
    """The question is over. What was said and not taken has woken the script, or will in a moment."""
    question, call.question = call.question, None
    if question is None:
        return []
    floor.legs.stop_listening(question.leg)
    return question.said
