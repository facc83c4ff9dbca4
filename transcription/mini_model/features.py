"""What the network is shown (40 MFCCs every 10 ms, as conf/mfcc.conf says) and what it shall answer (every 30 ms).

Vosk counts 30 ms for an output, whatever a model says: three frames make one output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transcription.mini_model.speech import RATE, Sounding

SIZE = 40
OUTPUT_SECONDS = 0.03
FRAME_CENTRE = 0.0125  # of the first frame, which is 25 ms long


def mfcc(pcm: Any) -> Any:
    """(frames, 40) of 16 bit samples, as Kaldi computes them."""
    import kaldi_native_fbank as knf
    import numpy as np

    computer = knf.OnlineMfcc(_options())
    computer.accept_waveform(RATE, pcm.astype(np.float32).tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)]).astype(np.float32)


def _options() -> Any:
    import kaldi_native_fbank as knf

    options = knf.MfccOptions()
    frame, mel = options.frame_opts, options.mel_opts
    frame.samp_freq, frame.dither, frame.snip_edges = RATE, 0.0, True
    frame.frame_length_ms, frame.frame_shift_ms = 25.0, 10.0
    frame.window_type, frame.preemph_coeff, frame.remove_dc_offset = "povey", 0.97, True
    frame.round_to_power_of_two = True
    mel.num_bins, mel.low_freq, mel.high_freq = SIZE, 40.0, -200.0
    options.num_ceps, options.use_energy, options.cepstral_lifter = SIZE, False, 22.0
    return options


def answers(soundings: Sequence[Sounding], lead: float, frames: int, outputs: Mapping[str, Sequence[int]]) -> Any:
    """The right output for every 30 ms; a phoneme with two outputs has the first one in its first half."""
    import numpy as np

    right = np.full((frames + 2) // 3, outputs["SIL"][0], np.int16)
    at = np.arange(len(right)) * OUTPUT_SECONDS + FRAME_CENTRE - lead
    for phone, start, end in soundings:
        parts = outputs[phone]
        borders = np.linspace(start, end, len(parts) + 1)
        for output, a, b in zip(parts, borders, borders[1:], strict=False):
            right[(at >= a) & (at < b)] = output
    return right
