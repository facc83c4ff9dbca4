"""Vosk, made safe.

Vosk 0.3.45 kills the whole Python process in several ways (no exception, just SIGSEGV, SIGABRT or an endless loop): a
sample rate of 0 or one that the model cannot take, a grammar that is not JSON or is empty, changing the grammar after
sound was fed. None of these can be reached through this module: the rate is fixed, a grammar is checked and given once.
`vosk.Model` without a path would also go to the internet; here there is only a path.
Still, recognition belongs into a worker process, never into the one that answers calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import vosk

from transcription.audio import BYTES_PER_SECOND, RATE, upsample
from transcription.transcript import Word

# Vosk looks for the end of an utterance once per call: 4 s at a time costs a tenth of the words, 0.2 s none.
CHUNK_SECONDS = 0.2
CHUNK_BYTES = int(BYTES_PER_SECOND * CHUNK_SECONDS)
UNKNOWN = "[unk]"
NEEDED = ("am/final.mdl", "conf/model.conf")
GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"))

vosk.SetLogLevel(-1)


class ModelProblem(Exception):
    """The folder is not a model that can be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance as it was understood. Seconds count from the first sound fed."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return joined(w.text for w in self.words)

    @property
    def confidence(self) -> float:
        return sum(w.confidence for w in self.words) / len(self.words) if self.words else 0.0


def joined(words: Iterator[str] | Sequence[str]) -> str:
    """Chinese words stand together, Latin ones apart."""
    text = ""
    for word in words:
        text += " " + word if text[-1:].isascii() and text and word[:1].isascii() else word
    return text


class SpeechModel:
    """A Vosk model in a folder. Loading checks everything that Vosk would only notice with the first call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rate = sample_rate(path)
        _check_folder(path)
        try:
            self._vosk = vosk.Model(str(path))
            Recognizer(self)
        except Exception as e:  # Vosk raises bare Exceptions
            raise ModelProblem(f"{path}: Vosk cannot use this model ({e}); fetch or build it again") from e

    def knows(self, word: str) -> bool:
        return bool(word) and self._vosk.vosk_model_find_word(word) >= 0

    def recognizer(self, *grammar: str) -> Any:
        """Vosk's own object; only `Recognizer` may ask for it."""
        return vosk.KaldiRecognizer(self._vosk, self.rate, *grammar)


@lru_cache(maxsize=2)
def load_model(path: Path) -> SpeechModel:
    """The model in this folder, loaded once per process."""
    return SpeechModel(path)


class Recognizer:
    """Hears one speaker. Feed it sound as it comes, then `finish`. It may be used again after `finish`."""

    def __init__(self, model: SpeechModel, phrases: Sequence[str] = ()) -> None:
        """`phrases`: understand nothing but these (space between words). Whoever says anything else, even besides, is
        heard to have said something, without words."""
        self._strict = bool(phrases)
        self._model_rate = model.rate
        self._resampling: Any = None
        self._vosk = model.recognizer(*([_grammar(model, phrases)] if phrases else []))
        self._vosk.SetWords(True)

    def feed(self, pcm: bytes) -> Iterator[Heard]:
        """Utterances that ended within this sound (8 kHz, 16 bit, mono)."""
        for at in range(0, len(pcm), CHUNK_BYTES):
            if self._vosk.AcceptWaveform(self._at_model_rate(bytes(pcm[at : at + CHUNK_BYTES]))):
                yield from self._heard(self._vosk.Result())

    @property
    def speaking(self) -> bool:
        """Has somebody begun to say something?"""
        return bool(json.loads(self._vosk.PartialResult()).get("partial"))

    def partial(self) -> str:
        """What is being said now, as far as it can be told. (With times Vosk would tell it a second later.)"""
        words = json.loads(self._vosk.PartialResult()).get("partial", "").split()
        return "" if self._strict else joined(w for w in words if w != UNKNOWN)

    def finish(self) -> Iterator[Heard]:
        """What was still being said when the sound ended."""
        yield from self._heard(self._vosk.FinalResult())

    def _at_model_rate(self, pcm: bytes) -> bytes:
        if self._model_rate == RATE:
            return pcm
        pcm, self._resampling = upsample(pcm, self._model_rate, self._resampling)
        return pcm

    def _heard(self, result: str) -> Iterator[Heard]:
        words = [
            Word(w["word"], max(0.0, w["start"]), w["end"], w["conf"]) for w in json.loads(result).get("result", [])
        ]
        if self._strict and any(w.text == UNKNOWN for w in words):
            yield Heard(())
            return
        words = [w for w in words if w.text != UNKNOWN]
        if words:
            yield Heard(tuple(words))


def sample_rate(path: Path) -> int:
    """The rate that the model was trained with. Sound at a lower one aborts the process, unless the model allows it."""
    options = [line.strip() for name in ("mfcc.conf", "fbank.conf") for line in _lines(path / "conf" / name)]
    if "--allow-upsample=true" in options:
        return RATE
    rates = [o.partition("=")[2] for o in options if o.startswith("--sample-frequency=")]
    rate = int(float(rates[0])) if rates else 16000  # Kaldi's own default
    return max(rate, RATE)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise ModelProblem(f"{path}: no such folder; set HOTLINE_VOSK_MODEL to a folder with a Vosk model")
    missing = [name for name in NEEDED if not (path / name).is_file()]
    if not any(all((path / name).is_file() for name in graph) for graph in GRAPHS):
        missing.append(" or ".join(" + ".join(graph) for graph in GRAPHS))
    if missing:
        raise ModelProblem(f"{path}: not a whole Vosk model, {'; '.join(missing)} is missing; fetch or build it again")


def _grammar(model: SpeechModel, phrases: Sequence[str]) -> str:
    if isinstance(phrases, str) or not all(isinstance(p, str) and p.strip() for p in phrases):
        raise ValueError("phrases: a list of texts, none of them empty")
    unknown = sorted({w for p in phrases for w in p.split() if not model.knows(w)})
    if unknown:
        raise ValueError(f"the model does not know: {' '.join(unknown)}")
    return json.dumps([*phrases, UNKNOWN], ensure_ascii=False)
