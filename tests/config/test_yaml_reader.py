"""YAML as administrators write it, and as nobody should."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.problems import Place, Problem, Problems, nearest
from config.yaml_reader import Fields, Items, Reader, Scalar, parse, read


def parsed(text: str | bytes) -> tuple[Fields | Items | Scalar | None, list[str]]:
    problems = Problems()
    value = parse(text if isinstance(text, bytes) else text.encode(), "x.yaml", problems)
    return value, [p.code for p in problems]


def field(text: str) -> Scalar:
    value, _codes = parsed(f"a: {text}\n")
    assert isinstance(value, Fields)
    found = value.get("a")
    assert isinstance(found, Scalar)
    return found


def test_values_stay_as_they_are_spelt_with_their_place() -> None:
    value, codes = parsed("名称: 市水务局\n电话: [010, 22:00, on, 1e3]\n")

    assert codes == []
    assert isinstance(value, Fields)
    numbers = value.get("电话")
    assert isinstance(numbers, Items)
    assert [v.text for v in numbers.values if isinstance(v, Scalar)] == ["010", "22:00", "on", "1e3"]
    assert numbers.values[1].place == Place("x.yaml", 2, 11)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "Y008"),
        ("a：1\nb: 2\n", "Y007"),
        ("a: {say: x， next: y}\n", "Y007"),
        ('a: “b\nc: "d\n', "Y007"),
        ("a:\n\tb: 1\n", "Y006"),
        ("a: [1, 2\nb: 3\n", "Y005"),
        ("a: &x 1\nb: *x\n", "Y004"),
        ("a: !!python/object/apply:os.system [ls]\n", "Y004"),
        ("a: 1\n---\nb: 2\n", "Y004"),
        ("", "Y010"),
        ("? [a, b]\n: c\n", "Y010"),
    ],
)
def test_a_trap_is_named_for_what_it_is(text: str, code: str) -> None:
    assert parsed(text)[1] == [code]


def test_a_full_width_sign_inside_quotes_or_a_comment_is_nobodys_mistake() -> None:
    _value, codes = parsed('a: "您好：请按“一”，谢谢"  # 注释：没有问题\nb: {c: "，"\n')

    assert codes == ["Y005"]


@pytest.mark.parametrize("spelt", ["1:30", "22:00", "010", "0x1f", "1_000", "1e3", "12.50"])
def test_a_number_that_other_programs_read_differently_is_refused(spelt: str) -> None:
    problems = Problems()
    Reader(problems).integer(field(spelt))

    assert [p.code for p in problems] in (["Y009"], ["Y010"])


@pytest.mark.parametrize(("spelt", "meaning"), [("22:00", "1320"), ("010", "8"), ("on", "true"), ("No", "false")])
def test_a_text_that_yaml_would_change_is_refused_with_what_it_would_become(spelt: str, meaning: str) -> None:
    problems = Problems()
    Reader(problems).text(field(spelt))

    (problem,) = problems
    assert problem.code == "Y009"
    assert meaning in problem.message
    assert f'"{spelt}"' in problem.hint


def test_quotes_make_everything_a_text() -> None:
    problems = Problems()
    reader = Reader(problems)

    assert [reader.text(field(f'"{t}"')) for t in ("22:00", "010", "on", "")] == ["22:00", "010", "on", ""]
    assert len(problems) == 0


def test_numbers_truths_and_times_are_read() -> None:
    problems = Problems()
    reader = Reader(problems)

    assert reader.integer(field("180"), 5, 600) == 180
    assert reader.integer(None, 5, 600, 60) == 60
    assert reader.number(field("2.5")) == 2.5
    assert reader.truth(field("yes")) is True
    assert reader.truth(field("off")) is False
    assert reader.clock(field('"08:30"')) == 510
    assert reader.clock(field('"24:00"')) == 1440
    assert len(problems) == 0


def test_wrong_values_are_all_noted_and_reading_goes_on() -> None:
    value, _codes = parsed("a: [1]\nb: x\nc: 999\nd: maybe\ne: 25:99\nf: blue\ng: {h: 1}\n")
    problems = Problems()
    reader = Reader(problems)
    f = reader.fields(value, known=set("abcdefg") | {"hours"}, needed=("hours",))
    reader.text(f["a"]), reader.integer(f["b"]), reader.integer(f["c"], 0, 10), reader.truth(f["d"])
    reader.clock(f["e"]), reader.choice(f["f"], ("red", "green")), reader.items(f["g"])

    assert [f"{p.line} {p.code}" for p in problems] == [
        "1 Y012", "1 Y010", "2 Y010", "3 Y013", "4 Y010", "5 Y010", "6 Y013", "7 Y010",
    ]  # fmt: skip


def test_an_unknown_field_is_answered_with_the_nearest_one() -> None:
    value, _codes = parsed("max_wiat: 3\n")
    problems = Problems()
    Reader(problems).fields(value, known={"max_wait", "keys"})

    assert "did you mean 'max_wait'?" in str(next(iter(problems)))


def test_a_missing_file_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    problems = Problems()

    assert read(tmp_path / "nowhere.yaml", problems) is None
    assert [p.code for p in problems] == ["Y001"]


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [*{p},*{p},*{p},*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "an alias bomb": LAUGHS.encode(),
    "ten megabytes": b"a: " + b"x" * 10_000_000,
    "two megabytes of brackets": b"[" * 1_990_000,
    "braces without end": b"{a: " * 400_000,
    "a deep block": "".join(" " * n + "a:\n" for n in range(1500)).encode(),
    "binary": bytes(range(256)) * 1000,
    "half a character": "您".encode()[:2],
    "a byte order mark of UTF-16": "a: 1".encode("utf-16"),
    "quotes without end": b'"' * 100_001,
    "a key of a megabyte": b"k" * 1_000_000 + b": 1\n",
    "question marks": b"? " * 500_000,
    "dashes": b"- " * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_quickly(name: str) -> None:
    began = time.perf_counter()
    problems = Problems()
    parse(HOSTILE[name], "x.yaml", problems)

    assert time.perf_counter() - began < 1.0
    assert len(problems) > 0 or name == "a key of a megabyte"


@given(st.text() | st.text(alphabet="abc:{}[]\"'&*!?|>-\n\t ，：#", max_size=80))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    problems = Problems()
    value = parse(text.encode("utf-8", "replace"), "x.yaml", problems)
    Reader(problems).fields(value, known={"a"})

    assert value is not None or len(problems) > 0


def test_a_problem_prints_as_editors_like_it() -> None:
    problem = Problem("call_flows/main.yaml", 9, 10, "F006", "no node is named 'operater'", "是不是想写 'operators'？")

    assert str(problem) == (
        "call_flows/main.yaml:9:10: F006: no node is named 'operater'\n    是不是想写 'operators'？"
    )
    assert problem.to_json()["column"] == 10


def test_the_nearest_word_is_near_or_none() -> None:
    assert nearest("Operater", ["operators", "message"]) == "operators"
    assert nearest("zebra", ["operators", "message"]) is None
