"""The decoding graph: which sounds make which words (HCL) in which order (G), composed by Vosk while it hears.

H tells the states of a phoneme, L the phonemes of a word; with phonemes that do not look at their neighbours C is the
identity. Homophones are told apart by disambiguation symbols (#1, #2, ...), which Vosk removes (`disambig_tid.int`).
After Mohri, Pereira and Riley (2002) and Kaldi's `mkgraph_lookahead.sh`.
"""

from __future__ import annotations

import math
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from transcription.mini_model.corpus import Corpus
from transcription.mini_model.fst import Fst, from_kaldifst
from transcription.mini_model.kaldi_files import Topology
from transcription.mini_model.lexicon import SILENCE, Lexicon
from transcription.mini_model.ngram import Ngram

SENTENCES = 40000
PAUSE = 0.3  # probability of a silence after a word
POSITIONS = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}


def write_graph(folder: Path, lexicon: Lexicon, corpus: Corpus, sentences: int = SENTENCES) -> None:
    """HCLr.fst, Gr.fst, words.txt and their companions. With OpenFst's tools the graph looks ahead and is faster."""
    import kaldifst

    folder.joinpath("phones").mkdir(parents=True, exist_ok=True)
    topology = Topology(lexicon)
    words = {w: n for n, w in enumerate(["<eps>", *sorted(lexicon.pronunciations), "#0", "<s>", "</s>"])}
    spoken, marks = lexicon_fst(lexicon, words)
    hmm, mark_ids = hmm_fst(topology, marks)
    spoken = spoken.compiled()
    kaldifst.determinize_star(spoken)
    kaldifst.arcsort(spoken, "ilabel")
    graph = kaldifst.compose(hmm.compiled("olabel"), spoken)
    kaldifst.determinize_star(graph)
    words = _write_hcl(with_self_loops(from_kaldifst(graph), topology).compiled("olabel"), folder / "HCLr.fst", words)
    rng = random.Random(3)  # noqa: S311  # sentences, not secrets
    grammar = Ngram([corpus.sentence(rng) for _ in range(sentences)], lexicon.readings)
    grammar.fst(words).compiled().write(str(folder / "Gr.fst"))
    _write_lines(folder / "disambig_tid.int", mark_ids)
    _write_lines(folder / "words.txt", (f"{w} {n}" for w, n in sorted(words.items(), key=lambda item: item[1])))
    _write_lines(folder / "phones" / "word_boundary.int", (
        f"{n} {'nonword' if name == SILENCE else POSITIONS[name[-1]]}" for name, n in lexicon.phone_ids.items() if n
    ))  # fmt: skip


def _write_lines(path: Path, lines: Iterable[object]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def lexicon_fst(lexicon: Lexicon, words: Mapping[str, int]) -> tuple[Fst, list[int]]:
    """L: phonemes in, words out, with an optional silence around every word. And its disambiguation symbols."""
    ids, first_mark = lexicon.phone_ids, len(lexicon.phone_ids)
    after_silence = first_mark + max(lexicon.homophones.values()) + 1
    fst = Fst()
    start, loop, silence, end = fst.state(), fst.state(), fst.state(), fst.state()
    fst.final[loop] = 0.0
    fst.arc(start, 0, 0, -math.log(1 - PAUSE), loop)
    fst.arc(start, 0, 0, -math.log(PAUSE), silence)
    fst.arc(silence, ids[SILENCE], 0, 0.0, end)
    fst.arc(end, after_silence, 0, 0.0, loop)
    for word, phones in sorted(lexicon.pronunciations.items()):
        mark = lexicon.homophones[word]
        labels = [ids[p] for p in phones] + ([first_mark + mark] if mark else [])
        at = loop
        for k, label in enumerate(labels[:-1]):
            then = fst.state()
            fst.arc(at, label, words[word] if k == 0 else 0, 0.0, then)
            at = then
        written = words[word] if len(labels) == 1 else 0
        fst.arc(at, labels[-1], written, -math.log(1 - PAUSE), loop)
        fst.arc(at, labels[-1], written, -math.log(PAUSE), silence)
    return fst, list(range(first_mark, after_silence + 1))


def hmm_fst(topology: Topology, marks: Iterable[int]) -> tuple[Fst, list[int]]:
    """H: transition-ids in, phonemes out; only the transitions that go on. And the input labels of the marks."""
    fst = Fst()
    loop = fst.state()
    fst.final[loop] = 0.0
    for phone, outputs, _stay in topology.phones:
        at = loop
        for k in range(len(outputs)):
            then = loop if k + 1 == len(outputs) else fst.state()
            fst.arc(at, topology.ids[phone, k][1], phone if k == 0 else 0, 0.0, then)
            at = then
    labels = []
    for n, mark in enumerate(marks, topology.last_id + 1):
        fst.arc(loop, n, mark, 0.0, loop)
        labels.append(n)
    return fst, labels


def with_self_loops(graph: Fst, topology: Topology) -> Fst:
    """Kaldi's AddSelfLoops with reorder = true, as Vosk's word alignment expects it.

    A state is split by the HMM state that leads into it; there the loop is put, and leaving costs the way out.
    """
    entered = {topology.ids[phone, k][1]: (phone, k) for phone, k, _output in topology.states}
    looped = Fst()
    ids: dict[tuple[int, tuple[int, int] | None], int] = {}
    todo: list[tuple[int, tuple[int, int] | None]] = []

    def state(key: tuple[int, tuple[int, int] | None]) -> int:
        if key not in ids:
            ids[key] = looped.state()
            todo.append(key)
        return ids[key]

    state((0, None))
    while todo:
        old, hmm = key = todo.pop()
        leaving = 0.0
        if hmm:
            stay, go = topology.ids[hmm]
            leaving = -topology.log_probs[go]
            looped.arc(ids[key], stay, 0, -topology.log_probs[stay], ids[key])
        for reads, writes, cost, to in graph.arcs[old]:
            looped.arc(ids[key], reads, writes, cost + leaving, state((to, entered.get(reads))))
        if old in graph.final:
            looped.final[ids[key]] = graph.final[old] + leaving
    return looped


def _write_hcl(graph: Any, path: Path, words: Mapping[str, int]) -> dict[str, int]:
    """Write HCLr.fst; returns the numbers of the words, which change when the graph learns to look ahead."""
    tool = shutil.which("fstconvert")
    if tool is None:
        graph.write(str(path))
        return dict(words)
    with tempfile.TemporaryDirectory() as temporary:
        plain, pairs = Path(temporary, "HCL.fst"), Path(temporary, "relabel")
        graph.write(str(plain))
        options = ["--fst_type=olabel_lookahead", f"--save_relabel_opairs={pairs}"]
        try:
            subprocess.run([tool, *options, plain, path], check=True, env=_with_plugins())  # noqa: S603
        except subprocess.CalledProcessError:  # without the plug-ins of libfst-plugins-base
            graph.write(str(path))
            return dict(words)
        return _relabelled(words, [line.split() for line in pairs.read_text().splitlines()])


def _relabelled(words: Mapping[str, int], pairs: Iterable[list[str]]) -> dict[str, int]:
    new_id = {int(old): int(new) for old, new in pairs}
    unused = max([*new_id.values(), *words.values()])
    numbers = {}
    for word, old in words.items():
        if old and old not in new_id:
            unused += 1
        numbers[word] = new_id.get(old, unused) if old else 0
    return numbers


def _with_plugins() -> dict[str, str]:
    """OpenFst loads the look-ahead type by name from a folder that only the dynamic linker's path can tell."""
    folders = [str(p) for p in sorted(Path("/usr/lib").glob("*/fst/*")) if p.is_dir()]
    found = [*folders, os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(part for part in found if part)}
