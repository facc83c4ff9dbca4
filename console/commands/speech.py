"""`hotline transcribe` and `hotline model`: recordings into text, and the model that does it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import click

from config.settings import ROOT, Settings

EXPLANATION = """\
The mini model that comes with the hotline knows synthetic voices and the words of a hotline: enough to try everything,
not to understand people. For real calls give a Mandarin Vosk model, downloaded or copied by you:

  hotline model get /path/to/model.zip
  hotline model get https://...            (an address that you trust; add --sha256 to be sure of it)

Their makers say: a small one needs about 300 MB of memory in each process, a big one several GB.
"""


@click.command()
@click.argument("audio", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="{text, utterances:[{leg,start,end,text,confidence}]}")
@click.option("--model", type=click.Path(path_type=Path), help="Another Vosk model than the configured one.")
def transcribe(audio: Path, as_json: bool, model: Path | None) -> None:
    """Turn a recording into text."""
    from transcription.audio import AudioProblem, load
    from transcription.recognizer import ModelProblem, load_model
    from transcription.transcribe import transcribe_sound

    try:
        sound = load(audio)
        utterances = list(transcribe_sound(sound, load_model(model or Settings().vosk_model), leg="1"))
    except (AudioProblem, ModelProblem) as e:
        _fail(str(e))
    if sound.repaired:
        click.echo(f"{audio.name}: the recording was not closed; its end may be missing", err=True)
    text = "\n".join(u.text for u in utterances)
    if as_json:
        keys = ("leg", "start", "end", "text", "confidence")
        rows = [{key: u.to_json()[key] for key in keys} for u in utterances]
        click.echo(json.dumps({"text": text, "utterances": rows}, ensure_ascii=False))
        return
    for u in utterances:
        click.echo(f"{u.start:7.2f} {u.end:7.2f}  {u.confidence:4.0%}  {u.text}")


@click.group()
def model() -> None:
    """Build, fetch or describe the speech model."""


@model.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--model", "path", type=click.Path(path_type=Path), help="Another one than the configured one.")
def info(as_json: bool, path: Path | None) -> None:
    """Where the model is, its size, its words and the sample rate that it was trained with."""
    from transcription.model_files import describe
    from transcription.recognizer import ModelProblem, SpeechModel

    path = path or Settings().vosk_model
    try:
        SpeechModel(path)
    except ModelProblem as e:
        _fail(str(e))
    facts = describe(path)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        click.echo(f"{name:12} {value}")


@model.command()
@click.argument("source", required=False)
@click.option("--sha256", default="", help="The archive must have this checksum.")
def get(source: str | None, sha256: str) -> None:
    """Install a bigger model from an archive (.zip, .tar.*) on this machine or at an address that you give."""
    from transcription.model_files import NotInstalled, install
    from transcription.recognizer import ModelProblem, SpeechModel

    if source is None:
        click.echo(EXPLANATION)
        return
    try:
        path = install(source, Settings().data_dir / "models", sha256, say=lambda text: click.echo(text, err=True))
        SpeechModel(path)
    except (NotInstalled, ModelProblem) as e:
        _fail(str(e))
    _use(path)


@model.command()
@click.option("--words", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="More words, one a line; pinyin after a tab where a character has several readings.")  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Default: models/mini in the data folder."
)
@click.option("--train", is_flag=True, help="Train the network too: espeak-ng, torch and a quarter of an hour.")
def build(words: Path | None, out: Path | None, train: bool) -> None:
    """Build the mini model again, with words of your own. Without --train it takes seconds."""
    from transcription.recognizer import ModelProblem, SpeechModel

    for module in ("kaldifst", *(("torch", "soxr", "kaldi_native_fbank") if train else ())):
        if find_spec(module) is None:
            _fail(f"{module} is not installed; install the packages that build models: pip install '.[model]'")
    out = (out or Settings().data_dir / "models" / "mini").resolve()
    # A process of its own: kaldifst and vosk crash each other.
    command = [sys.executable, "-m", "transcription.mini_model.build", str(out)]
    command += ["--city", str(Settings().city_dir)]
    command += ["--words", str(words.resolve())] if words else []
    command += ["--train", str(out.with_name(out.name + "-training"))] if train else []
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:  # noqa: S603  # our own module
        _fail("the model was not built; the message above says why")
    try:
        SpeechModel(out)
    except ModelProblem as e:
        _fail(str(e))
    _use(out)


def _use(path: Path) -> None:
    click.echo(f"{path} is ready. To use it, write into hotline.toml:\n  vosk_model = {json.dumps(str(path))}")


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)


COMMANDS = {"transcribe": transcribe, "model": model}
