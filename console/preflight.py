"""Everything the hotline needs, looked at before the first citizen calls. Each check says what is wrong and what to do.

A check returns what it found; one that fails by surprise is itself a finding, never the end of the list.
`detail` is for logs and build servers, `hint` is a Chinese sentence for the administrator.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config import city
from config.database import make_engine
from config.problems import Problem
from config.settings import ROOT, Settings

FREE_BYTES = 2_000_000_000
MODEL_SECONDS = 120
CLOCK_SLACK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Check = Callable[[Settings], Finding]


def preflight(settings: Settings) -> list[Finding]:
    """All findings, in the order in which they should be put right."""
    from console.preflight_telephone import asterisk, ports, prompts

    checks: tuple[Check, ...] = (
        python, data_folder, secrets, clock, ports, asterisk, prompts, speech_model, database, flows, city_data, pages,
    )  # fmt: skip
    return [_looked_at(check, settings) for check in checks]


def _looked_at(check: Check, settings: Settings) -> Finding:
    try:
        return check(settings)
    except Exception as surprise:
        what = f"{type(surprise).__name__}: {str(surprise)[:300]}"
        return Finding(check.__name__, False, what, "检查本身出错，请根据上面的信息排除原因后重试。")


def python(_settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info < (3, 14)
    return Finding("python", fits, version, "" if fits else "请安装 Python 3.11、3.12 或 3.13，再运行 make setup。")


def data_folder(settings: Settings) -> Finding:
    """Can it be written, and is there room for recordings?"""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as problem:
        hint = f"数据目录 {folder} 无法写入，请修改权限或用 HOTLINE_DATA_DIR 指定别处。"
        return Finding("data_folder", False, f"{folder}: {problem.strerror}", hint)
    detail = f"{folder}, {free / 1e9:.0f} GB free"
    if free < FREE_BYTES:
        return Finding("data_folder", False, detail, "磁盘剩余空间不足 2 GB，录音可能写不进去，请清理或扩容。")
    return Finding("data_folder", True, detail)


def secrets(settings: Settings) -> Finding:
    """Passwords, and what citizens said, must be their owner's alone."""
    etc = settings.data_dir / "asterisk" / "etc"
    private = [Path("hotline.toml"), settings.data_dir / "asterisk" / "ami-secret", *sorted(etc.glob("*.conf"))]
    closed = settings.data_dir.exists() and not settings.data_dir.stat().st_mode & 0o077
    private += [] if closed else [settings.data_dir / "hotline.db", settings.recordings_dir, settings.spool_dir]
    there = [path for path in private if path.exists()]
    loose = [str(path) for path in there if path.stat().st_mode & 0o077]
    hint = f"这些文件含有密码或市民信息，只应由本用户读取，请运行 chmod go-rwx {' '.join(loose)}" if loose else ""
    return Finding("secrets", not loose, f"{len(there)} private files, {len(loose)} open to other users", hint)


def clock(settings: Settings) -> Finding:
    """Deadlines and histories are worth nothing when the clock has fallen back behind what is already written."""
    written = [ROOT / "pyproject.toml", Path(__file__), settings.data_dir / "hotline.db"]
    newest = max((path.stat().st_mtime for path in written if path.exists()), default=0.0)
    now = time.time()
    right = now > newest - CLOCK_SLACK_SECONDS
    detail = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now))
    return Finding("clock", right, detail, "" if right else "系统时间早于已有文件的时间，请校准时钟（例如启用 NTP）。")


def speech_model(settings: Settings) -> Finding:
    """Loaded in a process of its own: a broken model can take its process with it."""
    script = "import sys; from pathlib import Path; from transcription.recognizer import SpeechModel as M; "
    command = [sys.executable, "-c", script + "print(M(Path(sys.argv[1])).rate)", str(settings.vosk_model)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=MODEL_SECONDS, env=environment
    )
    if done.returncode == 0:
        return Finding("speech_model", True, f"{settings.vosk_model.name}, {done.stdout.strip()} Hz")
    last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    hint = "语音模型无法加载，请运行 hotline model get，或用 HOTLINE_VOSK_MODEL 指定模型目录。"
    return Finding("speech_model", False, last, hint)


def database(settings: Settings) -> Finding:
    """Reachable, and its tables as new as the code."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    url = make_url(settings.database)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return Finding("database", True, f"{shown}: will be made by `hotline serve`")
    try:
        at, newest, known = _revisions(settings.database)
    except SQLAlchemyError as problem:
        hint = "数据库无法连接，请检查 HOTLINE_DATABASE_URL 以及数据库服务是否已启动。"
        return Finding("database", False, f"{shown}: {type(problem).__name__}", hint)
    if strange := at - known:
        hint = "数据库由更新版本的程序升级过，请使用不低于该版本的程序，或恢复备份。"
        return Finding("database", False, f"{shown}: at {', '.join(sorted(strange))}, unknown here", hint)
    behind = "" if at == newest else "; `hotline serve` brings the tables up to date"
    return Finding("database", True, f"{shown}: reachable{behind}")


def _revisions(url: str) -> tuple[set[str], set[str], set[str]]:
    """Where the tables are, the newest there is, and all that the code knows."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    import cases.migrations

    script = ScriptDirectory(str(Path(cases.migrations.__file__).parent))
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            at = set(MigrationContext.configure(connection).get_current_heads())
    finally:
        engine.dispose()
    return at, set(script.get_heads()), {revision.revision for revision in script.walk_revisions()}


def flows(settings: Settings) -> Finding:
    """Is there a version to answer calls with? A folder that is being edited is none of the citizens' business."""
    from console.publishing import waiting_changes
    from ivr.live_flows import LiveFlows
    from ivr.versions import NoVersion, Versions

    live, told = Versions(settings.versions_dir).live(), _in_folder(settings)
    if not live:
        hint = f"流程有错误，请运行 hotline check 查看全部；第一个是 {told[0]}" if told else ""
        return Finding("flows", not told, f"nothing published; {len(told)} problems in {settings.flows_dir}", hint)
    try:
        used = LiveFlows(settings).flows().version
    except NoVersion as problem:
        return Finding("flows", False, f"version {live} is live and cannot be used", str(problem))
    if used != live:
        hint = f"版本 {live} 已损坏，来电使用 {used}；请重新发布（hotline publish）或退回（hotline rollback {used}）。"
        return Finding("flows", False, f"version {live} is damaged, calls begin with {used}", hint)
    detail = f"version {live} is live; {len(told)} problems in {settings.flows_dir}"
    hint = f"来电不受影响，但编辑中的流程有错误，发布前请运行 hotline check；第一个是 {told[0]}" if told else ""
    return Finding("flows", True, detail, hint or "".join(waiting_changes(settings)))


def _in_folder(settings: Settings) -> list[Problem]:
    from ivr.check import check_flows

    return list(check_flows(settings.flows_dir, settings.city_dir, datetime.now(UTC).year).problems)


def city_data(settings: Settings) -> Finding:
    found = city.problems(settings.city_dir)
    hint = f"城市数据有错误，请运行 hotline check 查看全部；第一个是 {found[0]}" if found else ""
    return Finding("city_data", not found, f"{settings.city_dir}, {len(found)} problems", hint)


def pages(_settings: Settings) -> Finding:
    """Scripts and styles; without them the pages answer, but nothing on them moves."""
    dist = ROOT / "console" / "web" / "static" / "dist"
    try:
        wanted = json.loads((dist / "manifest.json").read_text()).values()
    except (OSError, ValueError):
        return Finding("pages", False, f"nothing built in {dist}", "页面资源尚未构建，请运行 make setup。")
    missing = [name for name in wanted if not (dist / name).is_file()]
    hint = "页面资源不完整，请运行 make setup。" if missing else ""
    return Finding("pages", not missing, f"{len(wanted)} files, {len(missing)} missing", hint)
