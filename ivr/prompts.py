"""Prompts made into audio ahead of time, never during a call.

Each text of the catalogue becomes `<prompts folder>/<language>/<id>.wav`, 8 kHz, 16 bit, mono. A recording of the
same name in `call_flows/prompts/recorded/<language>/` always wins over the synthetic voice. What has not changed since
it was made is left alone; every file appears whole or not at all, so this may run while calls play from the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.problems import Problems, Unsound
from config.settings import Settings
from ivr.flow import Prompt
from ivr.load import load_flows
from ivr.speech import POLYPHONES, RATE, VOICE, WORDS_PER_MINUTE, even, say, telephone, to_wav
from ivr.spoken_words import phrase_stem, pieces, prepared, spoken

MADE = "made.json"  # file stem -> what it was made from
RECORDED_KINDS = (".wav", ".mp3", ".ogg", ".flac", ".m4a")
SYNTHETIC = "zh"  # the languages our synthetic voice speaks


class How(StrEnum):
    SPOKEN = "spoken"  # by the synthetic voice
    RECORDED = "recorded"  # by a person
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Made:
    """One prompt file, and how it came about this time."""

    stem: str
    how: How


class PromptProblem(Exception):
    """A prompt could not be made. The text says which and what to do."""


def catalogues(settings: Settings) -> Mapping[str, Mapping[str, Prompt]]:
    """Language -> id -> prompt. Raises Unsound, with every mistake that is in the catalogues."""
    found = Problems()
    flows = load_flows(settings.flows_dir, settings.city_dir, found)
    if grave := [p for p in found if "prompts" in Path(p.file).parts]:
        raise Unsound(grave)
    return flows.prompts


def make_prompts(
    settings: Settings, *, phrases: Iterable[str] = (), progress: Callable[[str], None] = lambda _text: None
) -> list[Made]:
    """Make what is new or changed. `phrases` are texts that values may bring in, such as names of departments."""
    phrases = tuple(phrases)
    made: list[Made] = []
    for language, catalogue in catalogues(settings).items():
        maker = _Maker(settings, language, {prompt.id: prompt.file for prompt in catalogue.values() if prompt.file})
        made += maker.make_all(_texts(language, catalogue.values(), phrases), progress)
    return made


def missing_prompts(settings: Settings) -> list[str]:
    """`zh-CN/welcome` and the like: prompts that cannot be played because nobody has made them."""
    wanted = ((language, stem) for language, c in catalogues(settings).items() for stem in _texts(language, c.values()))
    return [f"{lang}/{stem}" for lang, stem in wanted if not (settings.prompts_dir / lang / f"{stem}.wav").is_file()]


def prompt_files(folder: Path, language: str, prompt: Prompt, values: Mapping[str, str | int]) -> list[Path]:
    """The sound files that say a prompt with these values. What has not been made is left out, not waited for."""
    files = (folder / language / f"{stem}.wav" for stem in spoken(prompt, values))
    return [file for file in files if file.is_file()]


def _texts(language: str, catalogue: Iterable[Prompt], phrases: Iterable[str] = ()) -> dict[str, str]:
    """File stem -> text, of everything that must be sound."""
    texts = {stem: text for prompt in catalogue for stem, text in pieces(prompt)}
    if language.startswith(SYNTHETIC):
        texts |= prepared() | {phrase_stem(phrase): phrase for phrase in phrases}
    return texts


class _Maker:
    """Makes the files of one language."""

    def __init__(self, settings: Settings, language: str, named: Mapping[str, str]) -> None:
        self._folder = settings.prompts_dir / language
        self._recorded = settings.flows_dir / "prompts" / "recorded"
        self._language, self._named = language, named
        self._folder.mkdir(parents=True, exist_ok=True)
        self._made: dict[str, str] = _read(self._folder / MADE)

    def make_all(self, texts: Mapping[str, str], progress: Callable[[str], None]) -> list[Made]:
        results: list[Made] = []
        try:
            for number, (stem, text) in enumerate(texts.items(), 1):
                results.append(Made(stem, self._make(stem, text)))
                if results[-1].how is not How.UNCHANGED and number % 25 == 0:
                    progress(f"{number} of {len(texts)} prompts")
        finally:
            _write(self._folder / MADE, json.dumps(self._made, indent=0, sort_keys=True).encode())
        return results

    def _make(self, stem: str, text: str) -> How:
        recording = self._recording(stem)
        source = _hash(recording.read_bytes()) if recording else _hash(_spoken_source(text))
        target = self._folder / f"{stem}.wav"
        if self._made.get(stem) == source and target.is_file():
            return How.UNCHANGED
        _write(target, to_wav(_from_recording(recording) if recording else self._say(stem, text)))
        self._made[stem] = source
        return How.RECORDED if recording else How.SPOKEN

    def _say(self, stem: str, text: str) -> bytes:
        if not self._language.startswith(SYNTHETIC):
            raise PromptProblem(
                f"prompt {stem} of {self._language}: the synthetic voice speaks Chinese only; record it as "
                f"{self._recorded / self._language / stem}.wav"
            )
        return say(text)

    def _recording(self, stem: str) -> Path | None:
        """The catalogue's own `file`, or a file of the prompt's name in the folder of its language."""
        if named := self._named.get(stem):
            if not (self._recorded / named).is_file():
                raise PromptProblem(f"prompt {stem}: there is no recording {self._recorded / named}; record it, "
                                    "or take `file` out of the catalogue")  # fmt: skip
            return self._recorded / named
        candidates = (self._recorded / self._language / f"{stem}{kind}" for kind in RECORDED_KINDS)
        return next((path for path in candidates if path.is_file()), None)


def _spoken_source(text: str) -> bytes:
    return f"{text}|{VOICE}|{WORDS_PER_MINUTE}|{sorted(POLYPHONES)}".encode()


def _from_recording(path: Path) -> bytes:
    from pydub import AudioSegment  # here, because it complains about a missing ffmpeg when it is imported
    from pydub.exceptions import CouldntDecodeError

    try:
        segment = AudioSegment.from_file(str(path)).set_channels(1).set_sample_width(2)
    except (CouldntDecodeError, OSError, ValueError, IndexError, KeyError) as problem:
        raise PromptProblem(
            f"{path} cannot be read as sound; save it as WAV (anything else needs ffmpeg on this machine)"
        ) from problem
    if segment.frame_rate < RATE or not segment.raw_data:
        raise PromptProblem(f"{path} is empty or of less than telephone quality; record it with {RATE} Hz or more")
    return even(telephone(segment.raw_data, segment.frame_rate))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}  # everything is made again


def _write(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(name).chmod(0o644)
    Path(name).replace(path)
