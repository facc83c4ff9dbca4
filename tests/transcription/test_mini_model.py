"""The builder of the mini model: its words can be spoken, and it works without OpenFst's tools."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.transcription.speakers import clip, needs_kaldifst, text_of
from transcription.mini_model.corpus import Corpus
from transcription.mini_model.evaluate import edits
from transcription.mini_model.kaldi_files import NNET, network_of
from transcription.mini_model.lexicon import NOISE, Lexicon, UnknownSound
from transcription.mini_model.ngram import Ngram
from transcription.recognizer import Recognizer, SpeechModel

MODEL = ROOT / "transcription" / "model"


def test_every_word_of_every_sentence_can_be_spoken() -> None:
    corpus = Corpus.load()
    lexicon = Lexicon.load().only(corpus.vocabulary())
    assert len(lexicon.pronunciations) == len(corpus.vocabulary()) + 1
    assert corpus.vocabulary() == set(Lexicon.load().readings), "words.txt and sentences.txt have the same words"


def test_phonemes_know_their_place_in_the_word() -> None:
    lexicon = Lexicon.load().only({"二", "中山路", "是", "十"})
    assert lexicon.pronunciations["二"] == ["@r_S"]
    positions = [phone[-1] for phone in lexicon.pronunciations["中山路"]]
    assert positions == ["B", *"I" * (len(positions) - 2), "E"]
    assert lexicon.pronunciations["[unk]"] == [NOISE]
    assert {lexicon.homophones["是"], lexicon.homophones["十"]} == {1, 2}
    assert lexicon.homophones["中山路"] == 0


def test_words_that_cannot_be_spoken_are_told_all_at_once() -> None:
    with pytest.raises(UnknownSound, match="甲骨文 金石学"):
        Lexicon.load().only({"金石学", "甲骨文", "停水"})


def test_patterns_are_filled_and_weighted() -> None:
    corpus = Corpus.parse(["# note", "@what: 停水 停电", "@what: 停气", "*3 中山路 {what} 了", "请 {what}"])
    assert corpus.slots["what"] == ["停水", "停电", "停气"]
    rng = random.Random(1)
    sentences = Counter(" ".join(corpus.sentence(rng)) for _ in range(4000))
    assert set(sentences) == {f"中山路 {w} 了" for w in corpus.slots["what"]} | {
        f"请 {w}" for w in corpus.slots["what"]
    }
    assert sum(n for s, n in sentences.items() if s.startswith("中山路")) == pytest.approx(3000, abs=150)


def test_held_out_sentences_are_never_learned() -> None:
    learned, held_out = Corpus.load().split(500, 50, random.Random(1))
    assert len(held_out) == 50
    assert not set(map(tuple, learned)) & set(map(tuple, held_out))


def test_what_may_follow_a_history_adds_up_to_one() -> None:
    corpus = Corpus.load()
    rng = random.Random(2)
    words = sorted(corpus.vocabulary())
    ngram = Ngram([corpus.sentence(rng) for _ in range(300)], words)
    for history in [(), ("<s>",), ("请",), ("我", "要")]:
        total = sum(ngram._of(w, history) for w in [*words, "</s>", "[unk]"])
        assert total == pytest.approx(1, abs=1e-6)


def test_edits_count_missing_wrong_and_surplus_words() -> None:
    assert edits("abc", "abc") == 0
    assert edits("abc", "axcd") == 2
    assert edits("abc", "") == 3


def test_the_network_stays_when_words_change() -> None:
    network = network_of((MODEL / "am" / "final.mdl").read_bytes())
    assert network.startswith(NNET)
    with pytest.raises(ValueError, match="--train"):
        network_of(b"nothing")


@pytest.mark.slow
@needs_kaldifst
def test_without_openfst_tools_the_same_words_are_heard(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "transcription.mini_model.build", tmp_path / "plain"]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PATH": ""})
    recognizer = Recognizer(SpeechModel(tmp_path / "plain"))
    heard = [*recognizer.feed(clip("outage").pcm), *recognizer.finish()]
    assert [h.text for h in heard] == [text_of("outage")]
    assert b"olabel_lookahead" in (MODEL / "graph" / "HCLr.fst").read_bytes()[:100]
    assert b"olabel_lookahead" not in (tmp_path / "plain" / "graph" / "HCLr.fst").read_bytes()[:100]
