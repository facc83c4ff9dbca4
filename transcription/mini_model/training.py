"""Teaches the network: speaks thousands of sentences over a synthetic telephone and learns which phoneme sounds when.

espeak-ng tells the time of every phoneme, so no alignment has to be guessed. About 7 hours of sound; 10 to 20 minutes
on one core. Needs espeak-ng and the `model` extra (torch, numpy, soxr, kaldi-native-fbank).
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from transcription.mini_model.corpus import Corpus, Sentence
from transcription.mini_model.lexicon import Lexicon

SENTENCES, LINES = 3200, 2  # every sentence is heard over two different telephone lines
EPOCHS, BATCH, WIDTH = 5, 64, 128
CHUNK = 40  # outputs (of 30 ms) that are learned at once
PEAK_RATE, WEIGHT_DECAY, SMOOTHING, CLIP = 3e-3, 1e-3, 0.02, 5.0
FOREIGN_SHARE, SILENT_SHARE = 0.05, 0.02
IGNORED = -100


def train(folder: Path, sentences: int = SENTENCES, epochs: int = EPOCHS, width: int = WIDTH) -> bytes:
    """The trained network as `<Nnet3>` of final.mdl; `folder` keeps it and the test sentences."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = Corpus.load()
    lexicon = Lexicon.load().only(corpus.vocabulary())
    learned, _held_out = corpus.split(sentences, 200, random.Random(1))  # noqa: S311  # not secrets
    net, counts = learn(Examples(learned, lexicon), lexicon.output_count, epochs, width)
    from transcription.mini_model.network import to_kaldi

    nnet = to_kaldi(net, counts)
    folder.joinpath("network.nnet3").write_bytes(nnet)
    return nnet


class Examples:
    """All sounds end to end: `frames` and `right`; `starts[k]` and `right_starts[k]` is where sound k begins."""

    def __init__(self, sentences: list[Sentence], lexicon: Lexicon) -> None:
        import numpy as np

        frames, right, self.lengths = [], [], []
        began = time.monotonic()
        for n, (mfccs, answer) in enumerate(_heard(sentences, lexicon), 1):
            frames.append(mfccs.astype(np.float16))
            right.append(answer)
            self.lengths.append(len(mfccs))
            if n % 500 == 0:
                print(f"spoken: {n} of {LINES * len(sentences)}, {time.monotonic() - began:.0f} s", flush=True)
        self.frames, self.right = np.concatenate(frames), np.concatenate(right)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.right_starts = np.concatenate([[0], np.cumsum([len(answer) for answer in right])])

    def chunks(self) -> list[tuple[int, int]]:
        """(sound, first output) of every piece that is learned at once."""
        return [(k, at) for k in range(len(self.lengths)) for at in range(0, self._outputs(k), CHUNK)]

    def _outputs(self, k: int) -> int:
        return int(self.right_starts[k + 1] - self.right_starts[k])

    def batch(self, chunks: list[tuple[int, int]], context: int) -> tuple[Any, Any]:
        """Frames with their context (the first and the last frame repeated, as Kaldi does), and right outputs."""
        import numpy as np

        width = 3 * (CHUNK - 1) + 1 + 2 * context
        x = np.empty((len(chunks), width, self.frames.shape[1]), np.float32)
        y = np.full((len(chunks), CHUNK), IGNORED, np.int64)
        for row, (k, at) in enumerate(chunks):
            wanted = np.arange(3 * at - context, 3 * at - context + width).clip(0, self.lengths[k] - 1)
            x[row] = self.frames[self.starts[k] + wanted]
            count = min(CHUNK, self._outputs(k) - at)
            y[row, :count] = self.right[self.right_starts[k] + at :][:count]
        return x, y


def _heard(sentences: list[Sentence], lexicon: Lexicon) -> Any:
    """(MFCCs, right outputs) of every sentence over every line."""
    import numpy as np

    from transcription.mini_model.features import answers, mfcc
    from transcription.mini_model.speech import LEARNED_VOICES, RATE, speak, speak_foreign
    from transcription.mini_model.telephone import over_the_telephone

    rng, noise_rng = random.Random(100), np.random.default_rng(100)  # noqa: S311  # not secrets
    others: list[Any] = []
    for sentence in sentences:
        voice, chance = rng.choice(LEARNED_VOICES), rng.random()
        if chance < FOREIGN_SHARE:
            speech, soundings = speak_foreign(voice, rng)
        elif chance < FOREIGN_SHARE + SILENT_SHARE:
            speech, soundings = noise_rng.standard_normal(int(rng.uniform(0.5, 3) * RATE)) * 1e-3, []
        else:
            speech, soundings = speak(sentence, lexicon.readings, voice, rng)
        others = [*others[-29:], speech]
        for _line in range(LINES):
            pcm, lead = over_the_telephone(speech, rng, noise_rng, others)
            mfccs = mfcc(pcm)
            yield mfccs, answers(soundings, lead, len(mfccs), lexicon.outputs)


def learn(examples: Examples, outputs: int, epochs: int, width: int) -> tuple[Any, Any]:
    """The network, and how often each output was right."""
    import numpy as np
    import torch

    from transcription.mini_model.network import CONTEXT, Network

    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = Network(outputs, width)
    sample = examples.frames[:: max(1, len(examples.frames) // 200_000)].astype(np.float32)
    net.mean[:], net.spread[:] = torch.tensor(sample.mean(0)), torch.tensor(sample.std(0))
    chunks, shuffled = examples.chunks(), np.random.default_rng(0)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=WEIGHT_DECAY)
    steps = epochs * (len(chunks) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps + 1, pct_start=0.1)
    for epoch in range(1, epochs + 1):
        net.train()
        shuffled.shuffle(chunks)
        right = total = 0
        for at in range(0, len(chunks) - BATCH + 1, BATCH):
            x, y = map(torch.from_numpy, examples.batch(chunks[at : at + BATCH], CONTEXT))
            scores = net(x)
            loss = torch.nn.functional.cross_entropy(
                scores.flatten(0, 1), y.flatten(), ignore_index=IGNORED, label_smoothing=SMOOTHING
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            known = y >= 0
            right += int(((scores.argmax(-1) == y) & known).sum())
            total += int(known.sum())
        print(f"epoch {epoch} of {epochs}: {right / max(1, total):.1%} of outputs right", flush=True)
    return net, np.bincount(examples.right, minlength=outputs)
