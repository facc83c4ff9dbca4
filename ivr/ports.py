"""Which of Asterisk's ports somebody else has. Asterisk starts without a port it cannot have, and only logs it."""

from __future__ import annotations

import socket

from config.settings import Settings


def ports_in_use(settings: Settings) -> list[str]:
    """One line per port that is taken, with the setting to change."""
    wanted = (
        ("HOTLINE_SIP_PORT", settings.sip_host, settings.sip_port, socket.SOCK_DGRAM),
        ("HOTLINE_AMI_PORT", "127.0.0.1", settings.ami_port, socket.SOCK_STREAM),
        ("HOTLINE_ASTERISK_HTTP_PORT", settings.sip_host, settings.asterisk_http_port, socket.SOCK_STREAM),
    )
    return [
        f"port {port} on {host} is in use by another program; set {name} to a free one"
        for name, host, port, kind in wanted
        if not is_free(host, port, kind)
    ]


def is_free(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
