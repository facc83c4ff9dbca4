"""`hotline transcribe` and `hotline model` as an administrator types them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.settings import ROOT
from console.cli import main
from tests.transcription.speakers import CLIPS, clip, needs_kaldifst, text_of, write_wav

MODEL = ROOT / "transcription" / "model"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path / "var"))


def hotline(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_transcribe_prints_what_was_said(tmp_path: Path) -> None:
    result = hotline("transcribe", str(CLIPS / "address.wav"))
    assert result.exit_code == 0
    assert "我家住中山路3号楼2单元502室" in result.stdout


def test_transcribe_for_a_machine(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "two.wav", clip("outage").pcm + bytes(32000) + clip("fire").pcm)
    result = hotline("transcribe", str(path), "--json")
    value = json.loads(result.stdout)
    assert value["text"] == f"{text_of('outage')}\n{text_of('fire')}"
    first, second = value["utterances"]
    assert set(first) == {"leg", "start", "end", "text", "confidence"}
    assert first["end"] < second["start"]
    assert second["confidence"] > 0.8


def test_transcribe_says_what_is_wrong_with_a_recording(tmp_path: Path) -> None:
    empty = tmp_path / "empty.wav"
    empty.touch()
    result = hotline("transcribe", str(empty), "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "empty.wav: the file is empty" in result.stderr
    assert hotline("transcribe", str(tmp_path / "none.wav")).exit_code == 2
    assert hotline("transcribe", str(CLIPS / "fire.wav"), "--model", str(tmp_path)).exit_code == 1


def test_info_describes_the_shipped_model() -> None:
    facts = json.loads(hotline("model", "info", "--json").stdout)
    assert facts["words"] > 2000
    assert facts["sample_rate"] == 8000
    assert facts["megabytes"] < 5


def test_get_without_a_source_explains_and_downloads_nothing(tmp_path: Path) -> None:
    result = hotline("model", "get")
    assert result.exit_code == 0
    assert "hotline model get" in result.stdout
    assert not (tmp_path / "var").exists()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return Path(shutil.make_archive(str(tmp_path / "vosk-model-city"), "zip", MODEL.parent, "model"))


def test_get_installs_a_local_archive_and_says_how_to_use_it(archive: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    result = hotline("model", "get", str(archive), "--sha256", digest)
    assert result.exit_code == 0, result.output
    installed = tmp_path / "var" / "models" / "vosk-model-city"
    assert f'vosk_model = "{installed}"' in result.stdout
    assert hotline("transcribe", str(CLIPS / "fire.wav"), "--model", str(installed)).exit_code == 0
    assert "already there" in hotline("model", "get", str(archive)).stderr


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(archive.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{archive.name}"
        server.shutdown()


def test_get_fetches_from_an_address_that_is_given(address: str, tmp_path: Path) -> None:
    assert hotline("model", "get", address).exit_code == 0
    assert (tmp_path / "var" / "models" / "vosk-model-city" / "am" / "final.mdl").is_file()
    missing = hotline("model", "get", address + ".gz")
    assert missing.exit_code == 1
    assert "cannot be fetched" in missing.stderr


def test_get_refuses_what_is_no_model_and_leaves_nothing_behind(archive: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(archive.read_bytes()[:5000])
    escaping = tmp_path / "escaping.tar"
    with tarfile.open(escaping, "w") as tar:
        tar.add(__file__, "../../escaped/am/final.mdl")
    half = shutil.make_archive(str(tmp_path / "half"), "gztar", MODEL.parent, "model/am")
    for source in (str(wrong), str(escaping), str(tmp_path / "none.zip")):
        assert hotline("model", "get", source).exit_code == 1
    assert hotline("model", "get", str(archive), "--sha256", "0" * 64).exit_code == 1
    assert "not a whole Vosk model" in hotline("model", "get", half).stderr
    assert not list((tmp_path / "var" / "models").glob(".unpacking*"))
    assert not (tmp_path / "escaped").exists()


@pytest.mark.slow
@needs_kaldifst
def test_build_learns_words_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("凤凰大桥\n重阳敬老院\tchong2 yang2 jing4 lao3 yuan4\n", encoding="utf-8")
    result = hotline("model", "build", "--words", str(tmp_path / "words.txt"))
    assert result.exit_code == 0, result.output
    words = (tmp_path / "var" / "models" / "mini" / "graph" / "words.txt").read_text(encoding="utf-8")
    assert "凤凰大桥 " in words
    assert "重阳敬老院 " in words
    built = str(tmp_path / "var" / "models" / "mini")
    assert text_of("outage") in hotline("transcribe", str(CLIPS / "outage.wav"), "--model", built).stdout


@needs_kaldifst
def test_build_says_which_word_cannot_be_spoken(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("测试\txyz9\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "transcription.mini_model.build", tmp_path / "m", "--words", tmp_path / "words.txt"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert result.returncode == 1
    assert "xyz9" in result.stderr
