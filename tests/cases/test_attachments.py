"""Photos and documents of a case: judged by content, drawn again, kept apart from everybody else's."""

import hashlib
import io
import stat

import pytest
from PIL import Image

from cases.words import Role

CASE = {"kind": "complaint", "category": "city_management", "summary": "路灯不亮"}
PDF = b"%PDF-1.7\n%%EOF\n"


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 20), *, place: bool = True) -> bytes:
    picture, written = Image.new("RGB", size, (200, 30, 30)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: shown upright it is 20 wide and 40 high
    exif[0x010F] = "a telephone"
    if place:
        exif.get_ifd(0x8825)[2] = (30.0, 15.0, 0.0)
    picture.save(written, kind, exif=exif)
    return written.getvalue()


@pytest.fixture
def wang(small_office):
    return small_office.person("wang", Role.OPERATOR)


@pytest.fixture
def case(wang):
    return wang.post("/cases", json=CASE).json()


def send(client, case, content, name="IMG_1.jpg"):
    return client.post(f"/cases/{case['number']}/attachments", files={"file": (name, content)})


@pytest.mark.parametrize(("kind", "media"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_arrives_upright_and_tells_nothing_but_what_is_seen(wang, case, kind, media):
    sent = send(wang, case, photo(kind))
    assert sent.status_code == 201, sent.text
    got = wang.get(f"/attachments/{sent.json()['id']}")
    assert (got.headers["content-type"], got.headers["x-content-type-options"]) == (media, "nosniff")
    assert got.headers["content-disposition"].startswith("attachment")
    assert hashlib.sha256(got.content).hexdigest() == sent.json()["sha256"]
    seen = Image.open(io.BytesIO(got.content))
    assert (seen.size, dict(seen.getexif())) == ((20, 40), {})
    assert b"a telephone" not in got.content


def test_content_decides_and_not_the_name(wang, case):
    assert send(wang, case, PDF, "order.exe").json()["name"] == "order.pdf"
    for content in (b"MZ\x90\x00", b"<html><script>alert(1)</script>", b"", photo()[:60], b"GIF89a" + b"\0" * 20):
        refused = send(wang, case, content, "photo.jpg")
        assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    assert send(wang, case, PDF, "../../etc/passwd\n").json()["name"].count("/") == 0


def test_a_bomb_and_a_giant_are_refused_quickly(wang, case):
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 1_000_000
    assert send(wang, case, bomb.getvalue(), "bomb.png").status_code == 415
    assert send(wang, case, b"%PDF-" + b"0" * 10_000_001, "giant.pdf").status_code == 415


def test_another_departments_files_do_not_exist(small_office, wang, case):
    key = send(wang, case, PDF).json()["id"]
    wang.post(f"/cases/{case['number']}/transitions", json={"action": "dispatch", "lead": "cgj"})
    mine, other = small_office.system("cgj"), small_office.system("gaj")
    assert mine.get(f"/attachments/{key}").content == PDF
    added = send(mine, case, photo()).json()
    assert added["by"] == "department:cgj"
    listed = mine.get(f"/cases/{case['number']}/attachments").json()["items"]
    assert {each["id"] for each in listed} == {key, added["id"]}
    assert other.get(f"/attachments/{key}").status_code == 404
    assert other.get(f"/cases/{case['number']}/attachments").status_code == 404
    assert send(other, case, PDF).status_code == 404
    assert small_office.anonymous().get(f"/attachments/{key}").status_code == 401
    lead = small_office.person("lin", Role.SUPERVISOR)
    told = lead.get("/audit", params={"case": case["number"]}).json()["items"]
    assert [each["actor"] for each in told if each["data"].get("attachment") == key] == ["department:cgj"]


def test_a_citizen_adds_a_photo_with_number_and_code(small_office, case):
    anyone, path = small_office.anonymous(), f"/public/cases/{case['number']}/attachments"
    sent = anyone.post(path, data={"code": case["code"]}, files={"file": ("photo.jpg", photo())})
    assert (sent.status_code, sent.json()["by"]) == (201, "citizen")
    wrong = anyone.post(path, data={"code": "2222222222"}, files={"file": ("photo.jpg", photo())})
    assert wrong.status_code == 404


def test_files_are_for_our_own_user_and_there_are_not_endlessly_many(wang, case, settings):
    answers = [send(wang, case, PDF).status_code for _ in range(21)]
    assert answers == [201] * 20 + [409]
    kept = list(settings.attachments_dir.iterdir())
    assert len(kept) == 20
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}


def test_the_citys_own_check_has_the_last_word(wang, case, settings, tmp_path):
    scanner = tmp_path / "scanner"
    scanner.write_text("#!/bin/sh\n! grep -q EICAR\n")
    scanner.chmod(0o700)
    object.__setattr__(settings, "attachment_check", str(scanner))
    assert send(wang, case, PDF).status_code == 201
    assert send(wang, case, PDF + b"EICAR").status_code == 415
