"""A question on the telephone: keys and words, whichever comes first, and when to wait no longer.

Words count from the end of the question on: it says the very words itself, and an echo of it must answer for nobody.
Keys count at once. Measured on real calls: a word acts 0.65 to 0.75 s after its end, 0.5 s of which is the silence by
which the recogniser knows that it was the end.
"""

from __future__ import annotations

from ivr import actions as do
from ivr import events as ev
from ivr.agi import Agi
from ivr.call import Kind
from ivr.ear import Ear, Listen
from ivr.legs import WAKE
from ivr.live import Said
from ivr.spoken_answers import DIGIT_WORDS, chosen, digits_said
from ivr.visits import Visit

MARGIN_SECONDS = 5  # how long Asterisk waits for us beyond what a prompt or a question takes
LATE_SECONDS = 0.8  # so late the recogniser knows that somebody speaks
SENTENCE_SECONDS = 4.0  # whoever speaks when the time is up is heard out for so long
WAKING_SECONDS = 0.3
CERTAIN = 0.6  # less than this is no answer; right words have 0.99, wrong ones 0.8 on average (measured)


def phrases(action: do.Collect) -> tuple[str, ...]:
    """What may be said instead of keys."""
    return DIGIT_WORDS if action.spoken else tuple(word for key in action.choices for word in key.words)


class Question:
    """One time that a question is asked. `typed` are the keys that were pressed before its end."""

    def __init__(self, agi: Agi, visit: Visit, action: do.Collect, typed: str) -> None:
        self._agi, self._visit, self._action, self._keys = agi, visit, action, typed
        self._said: Said | None = None  # the last thing
        self._phrases = phrases(action)

    def answered(self, listen: Listen) -> ev.Digits | ev.Heard | ev.NoInput:
        with self._visit.ear(() if self._complete else self._phrases, listen) as ear:
            self._wait(ear)
            if ear.close():
                self._agi.key_within(WAKING_SECONDS)  # it must not wake anybody else
        return self._answer()

    @property
    def _complete(self) -> bool:
        end = self._action.end_key
        return len(self._keys) >= self._action.max or bool(end and self._keys.endswith(end))

    def _wait(self, ear: Ear) -> None:
        seconds, heard_out = self._action.first_timeout + (LATE_SECONDS if ear.open else 0), False
        while not self._complete:
            pressed = self._key_within(self._action.between_timeout if self._keys else seconds)
            said = ear.said() if pressed in ("", WAKE) else []
            if said and not pressed:  # in the very moment the time was up
                self._agi.key_within(WAKING_SECONDS)
            if said:
                if not all(self._hear(one) for one in said):
                    return
            elif pressed:
                self._keys += pressed
            elif not heard_out and ear.speaking():
                seconds, heard_out = SENTENCE_SECONDS, True
            else:
                return

    def _key_within(self, seconds: float) -> str:
        self._agi.patience(seconds + MARGIN_SECONDS)
        return self._agi.key_within(seconds)

    def _hear(self, said: Said) -> bool:
        """Is there more to be said? Digits may come in groups; a word is the whole answer."""
        self._said = said
        digits = digits_said(self._certain(said)) if self._action.spoken else ""
        self._keys += digits
        return bool(digits)

    def _certain(self, said: Said) -> str:
        """The words, if they are a whole answer. A recogniser that knows few words makes other speech of several of
        them: "the hospital" was 解决, "what fine weather" 解决 解决 转人工 (found by trying)."""
        whole = self._action.spoken or said.words in self._phrases
        return said.words if whole and said.confidence >= CERTAIN else ""

    def _answer(self) -> ev.Digits | ev.Heard | ev.NoInput:
        end = self._action.end_key
        keys = self._keys.removesuffix(end) if end else self._keys
        if self._said is None:
            self._visit.note(Kind.KEYS_PRESSED, keys=len(self._keys))
            return ev.Digits(keys) if self._keys else ev.NoInput()
        certain = self._certain(self._said)
        key = chosen(self._action.choices, certain)
        self._visit.note(Kind.WORDS_HEARD, choice=key, keys=len(self._keys), confidence=round(self._said.confidence, 2))
        return ev.Digits(keys) if self._action.spoken and digits_said(certain) else ev.Heard(certain)
