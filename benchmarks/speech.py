"""Our speech path against raw Vosk on the same sound in the same run.

    python -m benchmarks.speech [--legs 6] [--rounds 5] [--json]

Batch: a recording on disk -> utterances, against a bare loop around Vosk. Aim: at least 90 % of its speed.
Live: several legs in real time through the AudioSocket worker. The delay beyond Vosk's own is the time between the
moment at which raw Vosk, fed the same 0.2 s pieces, knows the words, and the moment at which our caller has them; aim:
at most 300 ms for 95 of 100 captions. And the worker's CPU for each leg, against a bare loop that feeds Vosk as many
legs in real time, without sockets. (Waking up five times a second finds cold caches: Vosk needs more than in one go.)
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
import wave
from pathlib import Path

import vosk

from config.settings import Settings
from tests.transcription.speakers import CLIPS, Speaker, clip
from transcription.audio import BYTES_PER_SECOND, load
from transcription.live import Captions
from transcription.recognizer import CHUNK_BYTES, load_model
from transcription.spoken_numbers import to_digits
from transcription.transcribe import transcribe_sound

PAUSE = bytes(int(1.5 * BYTES_PER_SECOND))


def conversation(repeats: int = 1) -> bytes:
    return b"".join(clip(p.stem).pcm + PAUSE for p in sorted(CLIPS.glob("*.wav"))) * repeats


def cpu(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def raw_batch(path: Path) -> None:
    recognizer = vosk.KaldiRecognizer(RAW, 8000)
    recognizer.SetWords(True)
    with wave.open(str(path)) as w:
        while data := w.readframes(CHUNK_BYTES // 2):
            if recognizer.AcceptWaveform(data):
                json.loads(recognizer.Result())
    json.loads(recognizer.FinalResult())


def our_batch(path: Path) -> None:
    list(transcribe_sound(load(path), load_model(Settings().vosk_model), leg="1"))


def batch(rounds: int) -> dict[str, float]:
    pcm = conversation(4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "talk.wav")
        with wave.open(str(path), "wb") as w:
            w.setparams((1, 2, 8000, 0, "NONE", ""))
            w.writeframes(pcm)
        raw, ours = [], []
        raw_batch(path), our_batch(path)
        for _ in range(rounds):  # in turn, so that a busy machine is equally unkind to both
            raw.append(cpu(lambda: raw_batch(path)))
            ours.append(cpu(lambda: our_batch(path)))
    seconds = len(pcm) / BYTES_PER_SECOND
    return {
        "raw_x_real_time": round(seconds / min(raw), 1),
        "ours_x_real_time": round(seconds / min(ours), 1),
        "ratio": round(min(raw) / min(ours), 3),
    }


def raw_moments(pcm: bytes) -> dict[tuple[bool, str], list[float]]:
    """(final?, text) -> seconds of the sound after which raw Vosk knows it."""
    recognizer = vosk.KaldiRecognizer(RAW, 8000)
    recognizer.SetWords(True)
    moments: dict[tuple[bool, str], list[float]] = {}
    shown = ""
    for at in range(0, len(pcm), CHUNK_BYTES):
        final = bool(recognizer.AcceptWaveform(pcm[at : at + CHUNK_BYTES]))
        value = json.loads(recognizer.Result() if final else recognizer.PartialResult())
        text = value.get("text" if final else "partial", "").replace(" ", "")
        if text and (final or text != shown):
            second = (at + CHUNK_BYTES) / BYTES_PER_SECOND
            moments.setdefault((final, to_digits(text) if final else text), []).append(second)
            shown = text
    return moments


def raw_live(pcm: bytes, legs: int) -> float:
    """CPU seconds of a bare loop that feeds Vosk so many legs in real time."""
    recognizers = [vosk.KaldiRecognizer(RAW, 8000) for _ in range(legs)]
    for recognizer in recognizers:
        recognizer.SetWords(True)
    began, due = time.process_time(), time.monotonic()
    for at in range(0, len(pcm), CHUNK_BYTES):
        due += CHUNK_BYTES / BYTES_PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        for recognizer in recognizers:
            final = recognizer.AcceptWaveform(pcm[at : at + CHUNK_BYTES])
            json.loads(recognizer.Result() if final else recognizer.PartialResult())
    return time.process_time() - began


def worker_cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def live(legs: int) -> dict[str, float]:
    pcm = conversation()
    moments = raw_moments(pcm)
    raw_cpu = raw_live(pcm, legs)
    heard = []
    captions = Captions(Settings(), lambda c: heard.append((time.monotonic(), c)), port=0)
    captions.start()
    while not captions.health().ok:
        time.sleep(0.05)
    cpu_before = worker_cpu(captions.worker_pid)
    speakers = []
    threads = []
    for n in range(legs):
        time.sleep(0.2 / legs)
        speakers.append(Speaker(captions.address))
        threads.append(threading.Thread(target=speakers[n].say, args=(pcm,)))
        threads[n].start()
    for thread in threads:
        thread.join()
    time.sleep(1)
    used = worker_cpu(captions.worker_pid) - cpu_before
    health = captions.health()
    captions.stop()
    began = {str(s.tap): s.began for s in speakers}
    delays, unmatched = [], 0
    for at, c in heard:
        second = at - began[c.tap]
        known = [m for m in moments.get((c.final, c.text), []) if second - m < 5]
        if known:
            delays.append(second - min(known, key=lambda m: abs(second - m)))
        else:
            unmatched += 1
    finals = sum(c.final for _at, c in heard)
    assert finals == legs * sum(len(at) for (final, _text), at in moments.items() if final), "captions were lost"
    ranked = sorted(delays)
    return {
        "legs": legs,
        "captions": len(delays),
        "captions_raw_vosk_words_otherwise": unmatched,
        "delay_beyond_vosk_ms_median": round(1000 * statistics.median(ranked)),
        "delay_beyond_vosk_ms_p95": round(1000 * ranked[int(0.95 * len(ranked))]),
        "delay_beyond_vosk_ms_max": round(1000 * ranked[-1]),
        "dropped_seconds": health.dropped_seconds,
        "cpu_percent_per_leg": round(100 * used / legs / (len(pcm) / BYTES_PER_SECOND), 2),
        "raw_cpu_percent_per_leg": round(100 * raw_cpu / legs / (len(pcm) / BYTES_PER_SECOND), 2),
        "cpu_ratio_raw_to_ours": round(raw_cpu / used, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Our speech path against raw Vosk.")
    parser.add_argument("--legs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = {"batch": batch(options.rounds), "live": live(options.legs)}
    if options.json:
        print(json.dumps(result))
        return
    for part, figures in result.items():
        for name, value in figures.items():
            print(f"{part:6} {name:36} {value}")


vosk.SetLogLevel(-1)
RAW = vosk.Model(str(Settings().vosk_model))

if __name__ == "__main__":
    main()
