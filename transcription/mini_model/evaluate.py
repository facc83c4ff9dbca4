"""How well a model hears sentences that it never learned, in voices it knows and in voices it does not, with noise.

python -m transcription.mini_model.evaluate [MODEL] [SENTENCES]
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transcription.mini_model.corpus import Corpus, Sentence
from transcription.mini_model.lexicon import Lexicon
from transcription.mini_model.speech import LEARNED_VOICES, RATE, UNHEARD_VOICES, speak
from transcription.mini_model.telephone import over_the_telephone
from transcription.recognizer import Recognizer, SpeechModel

SETS: dict[str, tuple[Sequence[str], float | None]] = {  # name -> voices, noise in dB
    "known voices, clean": (LEARNED_VOICES, None),
    "new voices, clean": (UNHEARD_VOICES, None),
    "new voices, 15 dB": (UNHEARD_VOICES, 15.0),
    "new voices, 8 dB": (UNHEARD_VOICES, 8.0),
}


@dataclass
class Score:
    """Errors are missing, wrong and surplus words."""

    errors: int = 0
    words: int = 0
    right: int = 0
    sentences: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    def __str__(self) -> str:
        return (f"word errors {self.errors / self.words:6.1%}   sentences right {self.right / self.sentences:6.1%}   "
                f"{self.seconds / self.cpu:4.0f} x real time")  # fmt: skip


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(heard) + 1))
    for i, x in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def spoken(sentences: Sequence[Sentence], voices: Sequence[str], snr: float | None) -> Iterator[tuple[Sentence, Any]]:
    """Sentences and how they arrive at the far end of a telephone line."""
    import numpy as np

    lexicon, others = Lexicon.load(), list[Any]()
    rng, noise_rng = random.Random(7), np.random.default_rng(7)  # noqa: S311  # not secrets
    for n, sentence in enumerate(sentences):
        speech, _soundings = speak(sentence, lexicon.readings, voices[n % len(voices)], rng)
        others = [*others[-29:], speech]
        pcm, _lead = over_the_telephone(speech, rng, noise_rng, others, clean=snr is None, snr=snr)
        yield sentence, pcm


def score(model: SpeechModel, sentences: Sequence[Sentence], voices: Sequence[str], snr: float | None) -> Score:
    total = Score()
    for sentence, pcm in spoken(sentences, voices, snr):
        began = time.process_time()
        recognizer = Recognizer(model)
        heard = [w.text for h in (*recognizer.feed(pcm.tobytes()), *recognizer.finish()) for w in h.words]
        total.cpu += time.process_time() - began
        wrong = edits(sentence, heard)
        total.errors, total.words = total.errors + wrong, total.words + len(sentence)
        total.right, total.sentences = total.right + (wrong == 0), total.sentences + 1
        total.seconds += len(pcm) / RATE
    return total


def main(model_path: str = "", sentences: str = "150") -> None:
    model = SpeechModel(Path(model_path) if model_path else Path(__file__).parent.parent / "model")
    _learned, held_out = Corpus.load().split(0, int(sentences), random.Random(1))  # noqa: S311
    for name, (voices, snr) in SETS.items():
        print(f"{name:22} {score(model, held_out, voices, snr)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
