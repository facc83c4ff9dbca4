"""Builds the model folder. A process of its own: kaldifst must never share one with vosk.

python -m transcription.mini_model.build OUT [--network final.mdl] [--words FILE] [--city DIR] [--train WORKDIR]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.settings import ROOT
from transcription.mini_model.city_words import city_slots, readings
from transcription.mini_model.corpus import Corpus
from transcription.mini_model.graph import write_graph
from transcription.mini_model.kaldi_files import Topology, acoustic_model, network_of
from transcription.mini_model.lexicon import Lexicon, UnknownSound

MFCC = """
--sample-frequency=8000
--use-energy=false
--num-mel-bins=40
--num-ceps=40
--low-freq=40
--high-freq=-200
--dither=0
--allow-upsample=true
--allow-downsample=true
"""
# The acoustic scale belongs to a network that was trained frame by frame: at Kaldi's 1.0 errors are 20 times as many.
DECODER = """
--min-active=200
--max-active=1000
--beam=10.0
--lattice-beam=3.0
--acoustic-scale=0.3
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=1.0
--endpoint.rule4.min-trailing-silence=2.0
"""


def build(out: Path, network: bytes, own_words: Iterable[str] = (), city_dir: Path | None = None) -> int:
    """Everything but the training, in seconds. Returns how many words the model knows.

    `own_words`: `word` or `word<TAB>pinyin`. `city_dir`: the city's data, whose names are learned too.
    """
    own = dict(_line(line) for line in own_words if line.strip())
    slots = city_slots(city_dir) if city_dir else {}
    slots = {**slots, "words": [*own]}
    looked_up = readings((w for words in slots.values() for w in words), {**Lexicon.load().readings, **_given(own)})
    corpus = Corpus.load().with_words(slots)
    lexicon = Lexicon.load(extra={**looked_up, **_given(own)}).only(corpus.vocabulary())
    for folder in ("am", "conf", "graph"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / "am" / "final.mdl").write_bytes(acoustic_model(Topology(lexicon), network))
    (out / "conf" / "mfcc.conf").write_text(MFCC.lstrip())
    (out / "conf" / "model.conf").write_text(DECODER.lstrip())
    write_graph(out / "graph", lexicon, corpus)
    return len(lexicon.readings)


def _line(line: str) -> tuple[str, list[str]]:
    word, _tab, pinyin = line.strip().partition("\t")
    return word, pinyin.split()


def _given(own: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {word: pinyin for word, pinyin in own.items() if pinyin}


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the mini speech model.")
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--network", type=Path, help="final.mdl whose trained network is used; default: the shipped one"
    )
    parser.add_argument("--words", type=Path, help="more words, one a line, with pinyin after a tab where it matters")
    parser.add_argument("--city", type=Path, default=ROOT / "config", help="the folder of the city's data")
    parser.add_argument("--train", type=Path, metavar="WORKDIR", help="train a new network there first (needs torch)")
    options = parser.parse_args()
    if options.train:
        from transcription.mini_model.training import train

        network = train(options.train)
    else:
        shipped = ROOT / "transcription" / "model" / "am" / "final.mdl"
        network = network_of((options.network or shipped).read_bytes())
    own = options.words.read_text(encoding="utf-8").splitlines() if options.words else []
    try:
        print(f"{build(options.out, network, own, options.city)} words")
    except UnknownSound as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main()
