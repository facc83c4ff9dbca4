"""What preflight looks at on the telephone's side: ports, Asterisk, prompts."""

from __future__ import annotations

import socket
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path

from config.settings import Settings
from console.preflight import Finding
from ivr.asterisk_config import wanted_modules
from ivr.live_flows import settings_of
from ivr.ports import is_free, ports_in_use
from ivr.private_asterisk import AsteriskProblem, PrivateAsterisk
from ivr.prompts import missing_prompts
from ivr.versions import Versions

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
RTP_PORTS_PER_ROOM = 6  # a citizen, an operator, a department, two ports each


def ports(settings: Settings) -> Finding:
    """Free, or held by this very hotline; none given twice; the sound's range out of everybody's way."""
    wrong = _given_twice(settings) + _taken(settings)
    first, last = settings.rtp_ports
    if EPHEMERAL.exists() and last >= int(EPHEMERAL.read_text().split()[0]):
        wrong.append(f"HOTLINE_RTP_PORTS {first}-{last} reaches into the ports this system gives to anybody")
    rooms = (last - first + 1) // RTP_PORTS_PER_ROOM
    hint = "端口有冲突，请停止占用端口的程序，或在 hotline.toml（HOTLINE_*）中改用空闲端口。" if wrong else ""
    return Finding("ports", not wrong, "; ".join(wrong) or f"all free or ours; sound for {rooms} rooms at a time", hint)


def _given_twice(settings: Settings) -> list[str]:
    given = Counter((settings.http_port, settings.ami_port, settings.agi_port, settings.audiosocket_port,
                     settings.asterisk_http_port))  # fmt: skip
    return [f"port {port} is given to {times} services" for port, times in given.items() if times > 1]


def _taken(settings: Settings) -> list[str]:
    taken: list[str] = []
    if settings.asterisk == "managed" and not PrivateAsterisk(settings).running:
        taken += ports_in_use(settings)
    if not _we_answer(settings):
        ours = (("HTTP", settings.http_host, settings.http_port), ("AGI", "127.0.0.1", settings.agi_port),
                ("AUDIOSOCKET", "127.0.0.1", settings.audiosocket_port))  # fmt: skip
        taken += [f"port {port} on {host} is in use; set HOTLINE_{name}_PORT" for name, host, port in ours
                  if not is_free(host, port)]  # fmt: skip
    return taken


def _we_answer(settings: Settings) -> bool:
    """Is it a hotline that holds the pages' port?"""
    try:
        url = f"http://{settings.http_host}:{settings.http_port}/health/live"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def asterisk(settings: Settings) -> Finding:
    if settings.asterisk == "off":
        return Finding("asterisk", True, "off: no telephone, pages only")
    if settings.asterisk == "external":
        return _external(settings)
    own = PrivateAsterisk(settings)
    found = own.installed()
    if not found:
        hint = "本机没有 Asterisk，请运行 hotline asterisk get（无需 root）。"
        return Finding("asterisk", False, "none on this machine", hint)
    if missing := found.missing_modules(wanted_modules()):
        hint = "Asterisk 缺少模块，请删除 ~/.cache/hotline 后运行 hotline asterisk get。"
        return Finding("asterisk", False, f"{found.version} lacks {', '.join(missing)}", hint)
    return _running(own, found.version) if own.running else _tried(settings, found.version)


def _external(settings: Settings) -> Finding:
    try:
        socket.create_connection(("127.0.0.1", settings.ami_port), timeout=3).close()
    except OSError:
        hint = "外部 Asterisk 没有应答，请确认它已启动并开放 AMI，或把 HOTLINE_ASTERISK 改为 managed。"
        return Finding("asterisk", False, f"nobody answers on AMI port {settings.ami_port}", hint)
    return Finding("asterisk", True, f"external, AMI on port {settings.ami_port}")


def _running(own: PrivateAsterisk, version: str) -> Finding:
    missing = own.missing_modules()
    detail = f"{version}, process {own.pid}" + (f", without {', '.join(missing)}" if missing else "")
    return Finding("asterisk", not missing, detail, f"请查看 {own.log_path}，然后重启热线。" if missing else "")


def _tried(settings: Settings, version: str) -> Finding:
    """Start one on other ports and in another folder, to see that it can."""
    with tempfile.TemporaryDirectory(prefix="hotline-preflight-") as folder:
        trial = PrivateAsterisk(settings.model_copy(update={"data_dir": Path(folder), **_other_ports()}))
        try:
            trial.configure([])
            trial.start()
        except AsteriskProblem as problem:
            return Finding("asterisk", False, str(problem), "Asterisk 无法启动，原因见上。")
        finally:
            trial.stop()
    return Finding("asterisk", True, f"{version}, starts with all {len(wanted_modules())} modules")


def _other_ports() -> dict[str, int | str]:
    kinds = {"ami_port": socket.SOCK_STREAM, "asterisk_http_port": socket.SOCK_STREAM, "sip_port": socket.SOCK_DGRAM}
    probes = {name: socket.socket(socket.AF_INET, kind) for name, kind in kinds.items()}
    for probe in probes.values():
        probe.bind(("127.0.0.1", 0))
    free: dict[str, int | str] = {name: probe.getsockname()[1] for name, probe in probes.items()}
    for probe in probes.values():
        probe.close()
    return free | {"sip_host": "127.0.0.1"}


def prompts(settings: Settings) -> Finding:
    """Of what is live; before the first start, of the folder that it will publish."""
    live = Versions(settings.versions_dir).live()
    missing = missing_prompts(settings_of(settings, live) if live else settings)
    detail = f"{len(missing)} missing in {settings.prompts_dir}" + (f": {', '.join(missing[:5])}" if missing else "")
    hint = "有提示音尚未生成，请运行 hotline prompts。" if missing else ""
    return Finding("prompts", not missing, detail, hint)
