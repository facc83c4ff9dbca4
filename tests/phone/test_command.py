"""`python -m phone`, as a newcomer types it."""

import subprocess
import sys

import pytest

from phone import Phone
from phone.__main__ import account
from phone.voice import read_wav, tone, write_wav


def run(*arguments):
    command = [sys.executable, "-m", "phone", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_call_plays_a_file_presses_keys_and_records(tmp_path):
    write_wav(tmp_path / "hello.wav", tone(440, seconds=4))
    with Phone("desk", answering="auto", when_up=lambda call: call.play_tone(620)) as desk:
        files = ("--play", str(tmp_path / "hello.wav"), "--record", str(tmp_path / "heard.wav"))
        ways = ("--keys", "1", "--caller", "13805712345", "--seconds", "1")
        newcomer = run("--call", f"sip:12345@127.0.0.1:{desk.port}", *files, *ways)
        call = desk.wait_for_ring(10)
        assert (call.caller, call.dialled) == ("13805712345", "12345")
        assert call.hears({440})
        call.wait_keys("1", 5)
        said, problems = newcomer.communicate(timeout=15)
    assert newcomer.returncode == 0, problems
    assert "ended by us (200)" in said
    assert len(read_wav(tmp_path / "heard.wav")) > 2 * 8000


def test_a_call_that_fails_is_told_by_the_exit_code():
    with Phone("desk", answering="busy") as desk:
        newcomer = run("--call", f"sip:12345@127.0.0.1:{desk.port}")
        said, _ = newcomer.communicate(timeout=15)
    assert newcomer.returncode == 1
    assert "ended by them (486)" in said


def test_without_a_task_the_help_is_shown():
    newcomer = run()
    _, problems = newcomer.communicate(timeout=15)
    assert newcomer.returncode == 2
    assert "--register USER:PASSWORD@HOST:PORT" in problems


def test_an_account_may_have_any_password():
    assert account("1001:a:b@c@127.0.0.1:5070") == ("1001", "a:b@c", ("127.0.0.1", 5070))
    with pytest.raises(Exception, match="such as 1001:secret@"):
        account("1001@127.0.0.1")
