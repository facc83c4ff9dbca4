"""Session descriptions (RFC 8866) with one audio stream: what a telephone offers and answers. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from phone.sip import SipError

CODECS = {"PCMU": 0, "PCMA": 8}  # both 8 kHz, with payload types fixed by RFC 3551
EVENTS = "TELEPHONE-EVENT"
EVENT_PAYLOAD = 101
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MIRROR = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(frozen=True, slots=True)
class Description:
    """Where the other side listens, what it understands (name -> payload type, best first), and who may talk."""

    host: str
    port: int
    payloads: dict[str, int]
    direction: str = "sendrecv"
    kinds: tuple[str, ...] = ("audio",)  # of all its media lines, for the answer must name each

    @property
    def codec(self) -> str:
        """The first codec we have in common."""
        for name in self.payloads:
            if name in CODECS:
                return name
        raise SipError("no common codec: PCMU or PCMA is needed")

    def limited_to(self, codecs: Collection[str]) -> Description:
        """Without the codecs that we do not speak."""
        known = {name: number for name, number in self.payloads.items() if name == EVENTS or name in codecs}
        return replace(self, payloads=known)

    @property
    def events(self) -> int | None:
        return self.payloads.get(EVENTS)

    @property
    def answered_direction(self) -> str:
        """Ours, given theirs."""
        return _MIRROR.get(self.direction, self.direction)


def write(here: Description, *, session: int, version: int) -> bytes:
    """An offer, or an answer when `here` holds only what was chosen. Media lines that are not audio are refused."""
    lines = ["v=0", f"o=- {session} {version} IN IP4 {here.host}", "s=-", f"c=IN IP4 {here.host}", "t=0 0"]
    spoken = False
    for kind in here.kinds:
        if kind == "audio" and not spoken:
            lines += _audio(here)
            spoken = True
        else:
            lines.append(f"m={kind} 0 RTP/AVP 0")
    return "".join(f"{line}\r\n" for line in lines).encode()


def _audio(here: Description) -> list[str]:
    numbers = " ".join(str(number) for number in here.payloads.values())
    lines = [f"m=audio {here.port} RTP/AVP {numbers}"]
    for name, number in here.payloads.items():
        lines.append(f"a=rtpmap:{number} {name.lower() if name == EVENTS else name}/8000")
        if name == EVENTS:
            lines.append(f"a=fmtp:{number} 0-16")
    return [*lines, "a=ptime:20", f"a={here.direction}"]


def read(body: bytes) -> Description:
    """What the other side says. Raises SipError when there is no audio in it that we could take."""
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    session, media = _sections(lines)
    audio = next((m for m in media if m[0].startswith("m=audio ")), None)
    if audio is None:
        raise SipError("a session description without audio")
    kinds = tuple(m[0][2:].split(" ")[0] or "audio" for m in media)
    return Description(_host(audio) or _host(session), _port(audio[0]), _payloads(audio),
                       _direction(audio) or _direction(session) or "sendrecv", kinds)  # fmt: skip


def _sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    session: list[str] = []
    media: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            media.append([line])
        else:
            (media[-1] if media else session).append(line)
    return session, media


def _host(lines: list[str]) -> str:
    return next((line.split(" ")[-1].split("/")[0] for line in lines if line.startswith("c=IN IP4 ")), "")


def _direction(lines: list[str]) -> str:
    return next((line[2:] for line in lines if line.startswith("a=") and line[2:] in _DIRECTIONS), "")


def _port(line: str) -> int:
    fields = line.split(" ")
    port = fields[1].split("/")[0] if len(fields) > 3 else ""
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise SipError("a media line without a port")
    return int(port)


def _payloads(audio: list[str]) -> dict[str, int]:
    names = {str(number): name for name, number in CODECS.items()}
    for line in audio:
        if line.startswith("a=rtpmap:"):
            number, _, rest = line.removeprefix("a=rtpmap:").partition(" ")
            name, _, rate = rest.partition("/")
            if rate.split("/")[0] == "8000":
                names[number] = name.upper()
    found: dict[str, int] = {}
    for number in audio[0].split(" ")[3:]:
        if number in names and number.isascii() and number.isdigit() and int(number) < 128:
            found.setdefault(names[number], int(number))
    return found
