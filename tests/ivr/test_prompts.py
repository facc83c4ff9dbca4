"""Prompts become sound ahead of time; numbers are put together as people say them."""

from __future__ import annotations

import audioop
import os
import wave
from pathlib import Path

import pytest

from config.settings import ROOT, Settings
from ivr.flow import SYSTEM_PROMPTS, Prompt
from ivr.prompts import How, PromptProblem, catalogues, make_prompts, missing_prompts, prompt_files
from ivr.speech import pinyin, speech, to_wav, trimmed
from ivr.spoken_words import digit_stems, in_words, number_stems, number_words, prepared, spoken

CATALOGUE = "hello: 您好。\nposition: 您前面还有{ahead}位，请稍候。\ncase: 您的工单号是{no}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "flows" / "prompts").mkdir(parents=True)
    (tmp_path / "flows" / "prompts" / "zh-CN.yaml").write_text(CATALOGUE)
    return Settings(data_dir=tmp_path / "data", flows_dir=tmp_path / "flows", city_dir=ROOT / "config")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the catalogue's own prompts: the many numbers are made from the same voice."""
    monkeypatch.setattr("ivr.prompts.prepared", lambda: {"number_3": "三"})


def sound(path: Path) -> tuple[int, int, int, float]:
    with wave.open(str(path)) as file:
        return file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes() / file.getframerate()


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "零"), (2, "二"), (10, "十"), (15, "十五"), (20, "二十"), (101, "一百零一"), (110, "一百一十"), (200, "两百"),
     (315, "三百一十五"), (1001, "一千零一"), (1015, "一千零一十五"), (2020, "两千零二十"), (9999, "九千九百九十九"),
     (12345, "幺二三四五")],
)  # fmt: skip
def test_a_number_is_said_as_people_say_it(number: int, words: str) -> None:
    assert number_words(number) == words


def test_every_number_put_together_from_prompts_says_the_same_words() -> None:
    texts = prepared()
    assert [n for n in range(10_000) if "".join(texts[s] for s in number_stems(n)) != number_words(n)] == []


def test_a_case_number_is_said_digit_by_digit() -> None:
    assert digit_stems("GD-2026 01") == ["letter_G", "letter_D", *(f"digit_{d}" for d in "202601")]
    assert set(digit_stems("abcxyz0189")) <= prepared().keys()


def test_figures_in_a_sentence_are_said_by_their_use() -> None:
    assert in_words("请按1，12345热线，等候180秒，火警119") == "请按一，幺二三四五热线，等候一百八十秒，火警幺幺九"


def test_a_prompt_with_values_becomes_a_row_of_files() -> None:
    prompt = Prompt("position", "您前面还有{ahead}位，约{minutes}分钟。")
    assert spoken(prompt, {"ahead": 3, "minutes": 15}) == [
        "position_1", "number_3", "position_2", "number_15", "position_3"]  # fmt: skip
    assert spoken(prompt, {"ahead": 2, "minutes": 0})[1] == "number_2_counted"  # 两位, not 二位
    assert spoken(Prompt("hello", "您好"), {}) == ["hello"]
    with pytest.raises(KeyError):
        spoken(prompt, {"ahead": 3})


def test_a_case_number_given_as_text_is_spelled_and_a_name_is_a_phrase() -> None:
    case, place = Prompt("case", "工单号{no}。"), Prompt("place", "{name}正在办理")
    assert spoken(case, {"no": "01"}) == ["case_1", "digit_0", "digit_1"]
    assert spoken(place, {"name": "城市管理局"})[0].startswith("phrase_")
    assert spoken(place, {"name": "城市管理局"}) != spoken(place, {"name": "城市管理局二"})


def test_words_with_two_readings_are_read_as_a_hotline_means_them() -> None:
    assert pinyin("为您服务") == "wei4 nin2 fu2 wu4"
    assert pinyin("市长热线，还有3位") == "shi4 zhang3 re4 xian4 , hai2 you3 san1 wei4"
    assert pinyin("重复投诉") == "chong2 fu4 tou2 su4"


def test_prompts_become_telephone_sound_and_only_changes_are_made_again(settings: Settings, quick: None) -> None:
    assert {m.how for m in make_prompts(settings)} == {How.SPOKEN}
    folder = settings.prompts_dir / "zh-CN"
    rate, channels, width, seconds = sound(folder / "hello.wav")
    assert (rate, channels, width) == (8000, 1, 2)
    assert 0.3 < seconds < 2
    mine = {"hello", "position_1", "position_2", "case_1", "number_3"}
    assert {p.stem for p in folder.glob("*.wav")} == mine | set(SYSTEM_PROMPTS) - {"position"}

    assert {m.how for m in make_prompts(settings)} == {How.UNCHANGED}
    (settings.flows_dir / "prompts" / "zh-CN.yaml").write_text(CATALOGUE.replace("您好", "您好，请讲"))
    assert [m.stem for m in make_prompts(settings) if m.how is How.SPOKEN] == ["hello"]
    assert sound(folder / "hello.wav")[3] > seconds


def test_a_recording_always_wins_and_is_made_fit_for_the_telephone(settings: Settings, quick: None) -> None:
    make_prompts(settings)
    recorded = settings.flows_dir / "prompts" / "recorded" / "zh-CN"
    recorded.mkdir(parents=True)
    with wave.open(str(recorded / "hello.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(os.urandom(44100 * 4))
    assert [(m.stem, m.how) for m in make_prompts(settings) if m.how is not How.UNCHANGED] == [("hello", How.RECORDED)]
    assert sound(settings.prompts_dir / "zh-CN" / "hello.wav") == pytest.approx((8000, 1, 2, 1.0), abs=0.01)

    (recorded / "hello.wav").unlink()
    assert [(m.stem, m.how) for m in make_prompts(settings) if m.how is not How.UNCHANGED] == [("hello", How.SPOKEN)]


def test_a_recording_that_is_no_sound_is_named(settings: Settings, quick: None) -> None:
    recorded = settings.flows_dir / "prompts" / "recorded" / "zh-CN"
    recorded.mkdir(parents=True)
    (recorded / "hello.wav").write_text("this is a letter")
    with pytest.raises(PromptProblem, match=r"hello\.wav cannot be read as sound"):
        make_prompts(settings)


def test_missing_prompts_are_found_and_left_out_of_a_call(settings: Settings, quick: None) -> None:
    assert "zh-CN/hello" in missing_prompts(settings)
    make_prompts(settings)
    assert missing_prompts(settings) == []
    (settings.prompts_dir / "zh-CN" / "position_2.wav").unlink()
    assert missing_prompts(settings) == ["zh-CN/position_2"]
    prompt = catalogues(settings)["zh-CN"]["position"]
    files = prompt_files(settings.prompts_dir, "zh-CN", prompt, {"ahead": 3})
    assert [f.stem for f in files] == ["position_1", "number_3"]


def test_silence_around_a_prompt_is_cut_away() -> None:
    loud = audioop.mul(b"\x00\x40" * 8000, 2, 1)
    cut = trimmed(bytes(16000) + loud + bytes(16000))
    assert 1.0 <= len(cut) / 16000 <= 1.2


def test_speech_is_telephone_sound(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(speech("停水了，请问什么时候来水", voice="+m3", rate=160))
    rate, channels, width, seconds = sound(tmp_path / "a.wav")
    assert (rate, channels, width) == (8000, 1, 2)
    assert 1.5 < seconds < 5
    assert speech("停水了", voice="+m3") != speech("停水了", voice="+f2")
    assert len(to_wav(b"")) == 44
