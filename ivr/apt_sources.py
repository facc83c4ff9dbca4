"""Where this machine gets its packages from, read from apt's own configuration.

The address of an archive is never written down here: whoever runs the hotline has already told apt which mirror to use.
Both spellings are read: deb822 (`*.sources`) and one line per source (`*.list`). Pure: text in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DEBIAN_SUITE = "sid"  # the only suite of Debian that carries Asterisk 22
DEBIAN_SUITES = {"bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldstable", "stable", "testing", "unstable"}


@dataclass(frozen=True, slots=True)
class Source:
    """One archive as apt knows it. `signed_by` is a path or a whole key, exactly as it was written."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive to take Asterisk from: a private sources file for apt, and the name of the suite."""

    suite: str
    sources: tuple[Source, ...]

    def to_deb822(self) -> str:
        return "\n".join(_stanza(source) for source in self.sources)


def read_sources(files: Mapping[str, str]) -> list[Source]:
    """All archives in these files (name -> text). Disabled ones and source-code ones are left out."""
    found: list[Source] = []
    for name, text in sorted(files.items()):
        if name.endswith(".sources"):
            found += _read_deb822(text)
        elif name.endswith(".list"):
            found += _read_one_line(text)
    return found


def choose_archive(sources: Iterable[Source], codename: str) -> Archive | None:
    """Debian: suite sid of the machine's own mirror. Ubuntu: the machine's own release with universe."""
    sources = list(sources)
    debian = [s for s in sources if "main" in s.components and DEBIAN_SUITES.intersection(s.suites)]
    if debian:
        best = min(debian, key=lambda source: _unlikeness(source, codename))
        return Archive(DEBIAN_SUITE, (_narrowed(best, (DEBIAN_SUITE,), ("main",)),))
    own = tuple(source for source in sources if any(suite.startswith(codename) for suite in source.suites))
    if codename and any("universe" in source.components for source in own):
        return Archive(codename, own)
    return None


def _unlikeness(source: Source, codename: str) -> tuple[bool, bool]:
    """Others offer `stable main` too (a browser, a database): Debian's own archive has this release, below `debian`."""
    return "debian" not in source.uri.rstrip("/").split("/"), codename not in source.suites


def _narrowed(source: Source, suites: tuple[str, ...], components: tuple[str, ...]) -> Source:
    return Source(source.uri, suites, components, source.signed_by, source.trusted)


def _stanza(source: Source) -> str:
    lines = [
        "Types: deb",
        f"URIs: {source.uri}",
        f"Suites: {' '.join(source.suites)}",
        f"Components: {' '.join(source.components)}",
    ]
    if source.signed_by:
        lines.append(f"Signed-By: {source.signed_by}")
    if source.trusted:
        lines.append("Trusted: yes")
    return "\n".join(lines) + "\n"


def _read_deb822(text: str) -> list[Source]:
    found: list[Source] = []
    for paragraph in re.split(r"\n[ \t]*\n", _without_comments(text)):
        fields = _fields(paragraph)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in (
            "no",
            "false",
            "0",
        ):
            found += _sources_of(fields)
    return found


def _sources_of(fields: Mapping[str, str]) -> list[Source]:
    suites, components = tuple(fields.get("suites", "").split()), tuple(fields.get("components", "").split())
    signed_by, trusted = fields.get("signed-by", ""), fields.get("trusted", "no").lower() in ("yes", "true", "1")
    return [Source(uri, suites, components, signed_by, trusted) for uri in fields.get("uris", "").split()]


def _fields(paragraph: str) -> dict[str, str]:
    """`Name: value` with continuation lines, which keep their indentation (a key in Signed-By needs it)."""
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line[:1] in (" ", "\t") and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>.*)$")


def _read_one_line(text: str) -> list[Source]:
    found: list[Source] = []
    for raw in text.splitlines():
        match = _ONE_LINE.match(raw.partition("#")[0].strip())
        if match:
            options = dict(part.partition("=")[::2] for part in (match["options"] or "").split())
            components = tuple(match["components"].split())
            signed_by, trusted = options.get("signed-by", ""), options.get("trusted", "no") == "yes"
            found.append(Source(match["uri"], (match["suite"],), components, signed_by, trusted))
    return found
