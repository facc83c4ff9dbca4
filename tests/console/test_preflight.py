"""Preflight finds what is missing and says what to do, before a citizen does."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from config.database import make_engine
from config.settings import Settings
from console import preflight as look
from console import preflight_telephone as telephone


def settings_in(folder: Path, **changes: object) -> Settings:
    return Settings(data_dir=folder / "data", **changes)  # type: ignore[arg-type]


def test_a_fresh_folder_is_made_and_found_good(tmp_path: Path) -> None:
    told = settings_in(tmp_path)
    assert look.data_folder(told).ok
    assert told.data_dir.stat().st_mode & 0o777 == 0o700
    assert look.secrets(told).ok
    assert look.clock(told).ok


def test_a_data_folder_that_is_a_file_is_no_place_for_recordings(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    found = look.data_folder(settings_in(tmp_path))
    assert not found.ok
    assert "HOTLINE_DATA_DIR" in found.hint


def test_secrets_and_recordings_that_others_can_read_are_named(tmp_path: Path) -> None:
    told = settings_in(tmp_path)
    secret = told.data_dir / "asterisk" / "ami-secret"
    secret.parent.mkdir(parents=True)
    secret.write_text("x")
    secret.chmod(0o644)
    assert str(secret) in look.secrets(told).hint
    secret.chmod(0o600)
    assert look.secrets(told).ok
    told.data_dir.chmod(0o755)
    told.recordings_dir.mkdir(mode=0o755)
    assert str(told.recordings_dir) in look.secrets(told).hint
    told.data_dir.chmod(0o700)  # nobody gets that far
    assert look.secrets(told).ok


def test_a_clock_behind_what_is_already_written_is_noticed(tmp_path: Path) -> None:
    told = settings_in(tmp_path)
    told.data_dir.mkdir()
    database = told.data_dir / "hotline.db"
    database.touch()
    os.utime(database, (4_000_000_000, 4_000_000_000))
    assert not look.clock(told).ok


def test_a_database_is_checked_for_its_tables(tmp_path: Path) -> None:
    from cases.migrations import upgrade

    told = settings_in(tmp_path)
    assert "will be made" in look.database(told).detail
    engine = make_engine(told.database)
    upgrade(engine)
    assert look.database(told).detail.endswith(": reachable")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from-the-future'")
    engine.dispose()
    found = look.database(told)
    assert not found.ok
    assert "from-the-future" in found.detail


def test_a_database_that_is_no_database_or_not_there_is_a_finding_without_its_password(tmp_path: Path) -> None:
    told = settings_in(tmp_path)
    told.data_dir.mkdir()
    (told.data_dir / "hotline.db").write_text("this is a letter, not a database at all")
    assert not look.database(told).ok
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(told.data_dir / "hotline.db").execute("SELECT 1 FROM x")
    away = settings_in(tmp_path, database_url="postgresql://hotline:geheim@127.0.0.1:1/hotline")
    found = look.database(away)
    assert not found.ok
    assert "geheim" not in str(found)


def test_a_model_that_cannot_be_loaded_does_not_end_the_preflight(tmp_path: Path) -> None:
    found = look.speech_model(settings_in(tmp_path, vosk_model=tmp_path / "none"))
    assert not found.ok
    assert "hotline model get" in found.hint


def test_mistakes_in_flows_and_city_data_are_counted_and_the_first_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "main.yaml").write_text("flow: main\nentry: nowhere\nnodes: {}\n")
    found = look.flows(settings_in(tmp_path, flows_dir=folder))
    assert not found.ok
    assert "main.yaml" in found.hint
    assert not look.city_data(settings_in(tmp_path, city_dir=tmp_path)).ok


def test_a_port_in_use_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        found = telephone.ports(settings_in(tmp_path, agi_port=taken))
        assert not found.ok
        assert f"port {taken} on 127.0.0.1 is in use; set HOTLINE_AGI_PORT" in found.detail


def test_a_port_given_twice_and_a_range_in_everybodys_way_are_noticed(tmp_path: Path) -> None:
    detail = telephone.ports(settings_in(tmp_path, agi_port=5038, ami_port=5038, rtp_ports=(40000, 40100))).detail
    assert "port 5038 is given to 2 services" in detail
    assert "HOTLINE_RTP_PORTS 40000-40100" in detail


def test_without_a_telephone_asterisk_is_not_missed(tmp_path: Path) -> None:
    assert telephone.asterisk(settings_in(tmp_path, asterisk="off")).ok
    assert not telephone.asterisk(settings_in(tmp_path, asterisk="external", ami_port=1)).ok


@pytest.mark.calls
def test_asterisk_is_tried_on_ports_of_its_own(tmp_path: Path, asterisk_tree: Path | None) -> None:
    found = telephone.asterisk(settings_in(tmp_path))
    assert found.ok, found.detail
    assert "starts with all" in found.detail
    assert not (tmp_path / "data").exists()


def test_prompts_that_nobody_made_are_counted(tmp_path: Path) -> None:
    found = telephone.prompts(settings_in(tmp_path))
    assert not found.ok
    assert "hotline prompts" in found.hint


def test_a_check_that_fails_by_surprise_is_a_finding(tmp_path: Path) -> None:
    def broken(_settings: Settings) -> look.Finding:
        raise RuntimeError("the moon fell down")

    found = look._looked_at(broken, settings_in(tmp_path))
    assert (found.name, found.ok, found.detail) == ("broken", False, "RuntimeError: the moon fell down")


@pytest.mark.slow
def test_the_command_prints_json_and_ends_with_1_when_something_is_missing(tmp_path: Path) -> None:
    environment = {**os.environ, "HOTLINE_DATA_DIR": str(tmp_path / "data"), "HOTLINE_ASTERISK": "off"}
    command = [sys.executable, "-c", "from console.cli import main; main()", "preflight", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)
    findings = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert done.returncode == 1
    assert findings["python"]["ok"]
    assert not findings["prompts"]["ok"]
    assert all(entry.keys() == {"name", "ok", "detail", "hint"} for entry in findings.values())
    assert all(entry["ok"] or entry["hint"] for entry in findings.values())
