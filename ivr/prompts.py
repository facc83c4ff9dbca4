"""Prompts made into audio ahead of time, never during a call.

Each text of the catalogue becomes a sound, 8 kHz, 16 bit, mono, kept by what it was made from:

    <prompts folder>/sounds/<hash>.wav          shared by all versions of the call flows, never changed
    <prompts folder>/<language>/<id>.wav        names for the sounds of the live version, for the static dialplan

So two versions may say different words under one id, and a call that began with the old words ends with them. A
recording of the prompt's name in `call_flows/prompts/recorded/<language>/` always wins over the synthetic voice. Every
file appears whole or not at all, so this may run while calls play from the folder.
"""

from __future__ import annotations

import filecmp
import hashlib
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

SOUNDS = "sounds"
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
    settings: Settings,
    *,
    phrases: Iterable[str] = (),
    progress: Callable[[str], None] = lambda _text: None,
    named: bool = True,
) -> list[Made]:
    """Make what is new or changed. `phrases` are texts that values may bring in, such as names of departments.

    `named`: give the sounds their names, too. That is for what is live, because the static dialplan plays the names.
    """
    made: list[Made] = []
    for language, texts in _wanted(settings, tuple(phrases)).items():
        made += _Maker(settings, language, named).make_all(texts, progress)
    return made


def missing_prompts(settings: Settings) -> list[str]:
    """`zh-CN/welcome` and the like: prompts that cannot be played, or not by the static dialplan."""
    folder = settings.prompts_dir
    return [
        f"{language}/{stem}"
        for language, texts in _wanted(settings).items()
        for stem, text in texts.items()
        if not _is_named(folder / SOUNDS / f"{text.source}.wav", folder / language / f"{stem}.wav")
    ]


class Sounds:
    """Which files say the prompts of one version: found by what they were made from, not by their names."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.prompts_dir
        self._sources = {
            (language, stem): text.source
            for language, texts in _wanted(settings).items()
            for stem, text in texts.items()
        }

    def files(self, language: str, prompt: Prompt, values: Mapping[str, str | int]) -> list[Path]:
        """What has not been made is left out, not waited for."""
        files = (self._file(language, stem) for stem in spoken(prompt, values))
        return [file for file in files if file.is_file()]

    def _file(self, language: str, stem: str) -> Path:
        """By its name when there is no such sound: better the words of another version than none."""
        sound = self._folder / SOUNDS / f"{self._sources.get((language, stem))}.wav"
        return sound if sound.is_file() else self._folder / language / f"{stem}.wav"


def prompt_files(folder: Path, language: str, prompt: Prompt, values: Mapping[str, str | int]) -> list[Path]:
    """The same by names, for what is live."""
    files = (folder / language / f"{stem}.wav" for stem in spoken(prompt, values))
    return [file for file in files if file.is_file()]


@dataclass(frozen=True, slots=True)
class _Text:
    """What is to be sound. `source` is a hash of all that the sound depends on."""

    text: str
    recording: Path | None
    source: str


def _wanted(settings: Settings, phrases: tuple[str, ...] = ()) -> dict[str, dict[str, _Text]]:
    """Language -> file stem -> text, of everything that must be sound."""
    wanted = {}
    for language, catalogue in catalogues(settings).items():
        recordings = _Recordings(settings.flows_dir, language, catalogue)
        texts = _texts(language, catalogue.values(), phrases)
        texts |= {stem: text for stem, text in prepared().items() if stem not in texts and recordings.find(stem)}
        wanted[language] = {stem: _text(text, recordings.find(stem)) for stem, text in texts.items()}
    return wanted


def _texts(language: str, catalogue: Iterable[Prompt], phrases: Iterable[str]) -> dict[str, str]:
    texts = {stem: text for prompt in catalogue for stem, text in pieces(prompt)}
    if language.startswith(SYNTHETIC):
        texts |= prepared() | {phrase_stem(phrase): phrase for phrase in phrases}
    return texts


def _text(text: str, recording: Path | None) -> _Text:
    return _Text(text, recording, _hash(recording.read_bytes() if recording else _spoken_source(text)))


class _Recordings:
    """What people have recorded for the prompts of one language."""

    def __init__(self, flows_dir: Path, language: str, catalogue: Mapping[str, Prompt]) -> None:
        self._folder, self._language = flows_dir / "prompts" / "recorded", language
        self._named = {prompt.id: prompt.file for prompt in catalogue.values() if prompt.file}

    def find(self, stem: str) -> Path | None:
        """The catalogue's own `file`, or a file of the prompt's name in the folder of its language."""
        if named := self._named.get(stem):
            if not (self._folder / named).is_file():
                raise PromptProblem(f"prompt {stem}: there is no recording {self._folder / named}; record it, "
                                    "or take `file` out of the catalogue")  # fmt: skip
            return self._folder / named
        candidates = (self._folder / self._language / f"{stem}{kind}" for kind in RECORDED_KINDS)
        return next((path for path in candidates if path.is_file()), None)


class _Maker:
    """Makes the files of one language."""

    def __init__(self, settings: Settings, language: str, named: bool) -> None:
        self._sounds, self._folder = settings.prompts_dir / SOUNDS, settings.prompts_dir / language
        self._recorded = settings.flows_dir / "prompts" / "recorded"
        self._language, self._named = language, named
        for folder in (self._sounds, self._folder):
            folder.mkdir(parents=True, exist_ok=True)

    def make_all(self, texts: Mapping[str, _Text], progress: Callable[[str], None]) -> list[Made]:
        results: list[Made] = []
        for number, (stem, text) in enumerate(texts.items(), 1):
            results.append(Made(stem, self._make(stem, text)))
            if results[-1].how is not How.UNCHANGED and number % 25 == 0:
                progress(f"{number} of {len(texts)} prompts")
        return results

    def _make(self, stem: str, text: _Text) -> How:
        sound, name = self._sounds / f"{text.source}.wav", self._folder / f"{stem}.wav"
        if _is_named(sound, name) or (not self._named and sound.is_file()):
            return How.UNCHANGED
        if not sound.is_file():
            _write(sound, to_wav(_from_recording(text.recording) if text.recording else self._say(stem, text.text)))
        if self._named:
            _write(name, sound.read_bytes())
        return How.RECORDED if text.recording else How.SPOKEN

    def _say(self, stem: str, text: str) -> bytes:
        if not self._language.startswith(SYNTHETIC):
            raise PromptProblem(
                f"prompt {stem} of {self._language}: the synthetic voice speaks Chinese only; record it as "
                f"{self._recorded / self._language / stem}.wav"
            )
        return say(text)


def _is_named(sound: Path, name: Path) -> bool:
    """Is there this sound, and is it what stands under this name?"""
    return sound.is_file() and name.is_file() and filecmp.cmp(sound, name, shallow=False)


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


def _write(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(name).chmod(0o644)
    Path(name).replace(path)
