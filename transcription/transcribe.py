"""The final transcript: every recording of a call, heard from beginning to end, merged in the order of time.

Runs in the worker process (`hotline worker`), never where calls are answered. A recording that is missing or broken
costs only its own words: the transcript says so in `problems`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ivr.call import Call, Recording
from transcription.audio import AudioProblem, Sound, load
from transcription.recognizer import Heard, Recognizer, SpeechModel, load_model
from transcription.spoken_numbers import to_digits
from transcription.transcript import Transcript, Utterance, Word


def transcribe_call(call: Call, recordings_dir: Path, model_path: Path) -> Transcript:
    """What each leg said. Raises ModelProblem when there is no model; nothing else."""
    model = load_model(model_path)
    utterances: list[Utterance] = []
    problems: list[str] = []
    for recording in call.recordings:
        try:
            sound = load(_inside(recordings_dir, recording.path))
        except AudioProblem as e:
            problems.append(str(e))
            continue
        if sound.repaired:
            problems.append(f"{Path(recording.path).name}: was not closed; its end may be missing")
        utterances += _of_recording(call, recording, sound, model)
    return Transcript(call.id, tuple(sorted(utterances, key=lambda u: (u.start, u.end))), tuple(problems))


def transcribe_sound(
    sound: Sound, model: SpeechModel, *, leg: str, role: str = "", offset: float = 0.0
) -> Iterator[Utterance]:
    """The utterances of one speaker; `offset` is the second at which the sound begins."""
    recognizer = Recognizer(model)
    for heard in (*recognizer.feed(sound.pcm), *recognizer.finish()):
        yield _utterance(heard, leg, role, offset)


def _of_recording(call: Call, recording: Recording, sound: Sound, model: SpeechModel) -> Iterator[Utterance]:
    leg = call.leg(recording.leg)
    offset = (recording.started_at - call.started_at).total_seconds()
    return transcribe_sound(sound, model, leg=recording.leg, role=leg.role if leg else "", offset=offset)


def _utterance(heard: Heard, leg: str, role: str, offset: float) -> Utterance:
    words = tuple(_later(w, offset) for w in heard.words)
    return Utterance(leg, role, words[0].start, words[-1].end, to_digits(heard.text), heard.confidence, words)


def _later(word: Word, offset: float) -> Word:
    return replace(word, start=word.start + offset, end=word.end + offset)


def _inside(folder: Path, name: str) -> Path:
    """A recording's path never leaves the recordings folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise AudioProblem(f"{Path(name).name}: lies outside the folder of recordings")
    return path
