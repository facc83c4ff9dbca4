"""Which archive Asterisk is taken from, as apt's own configuration says."""

from __future__ import annotations

from ivr.apt_sources import Archive, Source, choose_archive, read_sources

DEB822 = """\
Types: deb
# an old address
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
KEY_INSIDE = """\
Types: deb
URIs: http://mirror.example/debian/
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc=
 -----END PGP PUBLIC KEY BLOCK-----
"""


def test_the_mirror_and_its_keyring_are_read_from_a_sources_file() -> None:
    archive = choose_archive(read_sources({"debian.sources": DEB822}), "bookworm")
    assert archive is not None
    assert archive.suite == "sid"
    assert archive.to_deb822() == (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: sid\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )


def test_one_line_sources_are_read_with_their_options() -> None:
    old = "# deb http://old.example/debian sid main"
    ours = "deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian trixie main # x"
    assert read_sources({"sources.list": f"{old}\n{ours}\n"}) == [
        Source("http://m.example/debian", ("trixie",), ("main",), "/k.gpg")
    ]


def test_a_key_written_inside_the_file_is_passed_on_whole() -> None:
    archive = choose_archive(read_sources({"a.sources": KEY_INSIDE}), "trixie")
    assert archive is not None
    assert "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc=\n -----END" in archive.to_deb822()
    assert read_sources({"again.sources": archive.to_deb822()})[0].signed_by == archive.sources[0].signed_by


def test_disabled_and_source_code_archives_are_left_alone() -> None:
    files = {
        "off.sources": "Types: deb\nEnabled: no\nURIs: http://m.example/debian\nSuites: sid\nComponents: main\n",
        "src.sources": "Types: deb-src\nURIs: http://m.example/debian\nSuites: sid\nComponents: main\n",
        "src.list": "deb-src http://m.example/debian sid main\n",
        "x.list.disabled": "deb http://m.example/debian sid main\n",
    }
    assert read_sources(files) == []


def test_somebody_elses_stable_main_is_not_taken_for_debian() -> None:
    files = {
        "a-browser.list": "deb [arch=amd64] http://browser.example/linux/deb/ stable main\n",
        "debian.sources": DEB822,
    }
    archive = choose_archive(read_sources(files), "bookworm")
    assert archive is not None
    assert archive.sources[0].uri == "http://mirror.example/debian"


def test_ubuntu_gives_its_own_release_with_universe() -> None:
    text = "Types: deb\nURIs: http://u.example/ubuntu/\nSuites: noble noble-updates\nComponents: main universe\n"
    sources = read_sources({"ubuntu.sources": text})
    assert choose_archive(sources, "noble") == Archive("noble", tuple(sources))


def test_no_archive_is_no_archive() -> None:
    assert choose_archive([], "bookworm") is None
    assert choose_archive(read_sources({"x.list": "deb http://t.example/tools any main\n"}), "bookworm") is None
