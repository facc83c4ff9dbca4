"""Who comes in, what other sites cannot do, and what every answer carries."""

from __future__ import annotations

import re

import httpx
import pytest

from console.pages import guard, render
from console.pages.login import local_path
from tests.console.desk_house import PASSWORD, House, built, house, signed_in

__all__ = ["built", "house"]
ROOM = "20261122-0417"


def test_nobody_sees_the_desk_without_signing_in(house: House) -> None:
    with httpx.Client(base_url=house.url) as stranger:
        page = stranger.get("/desk")
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=/desk")
        for path in ("/desk/stream", "/desk/departments", "/desk/calls/x/draft", "/desk/cases/1"):
            assert stranger.get(path).status_code == 303, path
        assert stranger.get("/api/v1/events").status_code == 401
        fragment = stranger.get("/desk/departments", headers={"HX-Request": "true"})
        assert fragment.status_code == 401
        assert fragment.headers["hx-retarget"] == "#notice"
        assert "登录已过期" in fragment.text


def test_a_wrong_password_is_told_without_saying_what_was_wrong(house: House) -> None:
    with httpx.Client(base_url=house.url, headers={"sec-fetch-site": "same-origin"}) as client:
        wrong = client.post("/login", data={"name": "limin", "password": "nonsense"})
        nobody = client.post("/login", data={"name": "nobody", "password": "nonsense"})

    assert wrong.status_code == nobody.status_code == 401
    assert "姓名或密码不对" in wrong.text
    assert wrong.text.replace("limin", "") == nobody.text.replace("nobody", "")
    assert "<title>错误：登录" in wrong.text


def test_too_many_wrong_passwords_have_to_wait(house: House) -> None:
    with httpx.Client(base_url=house.url, headers={"sec-fetch-site": "same-origin"}) as client:
        answers = [client.post("/login", data={"name": "zhaoqiang", "password": "x"}) for _ in range(6)]

    assert answers[-1].status_code == 429
    assert "分钟后再试" in answers[-1].text


def test_the_session_cookie_cannot_be_read_or_sent_by_others(house: House) -> None:
    with httpx.Client(base_url=house.url, headers={"sec-fetch-site": "same-origin"}) as client:
        cookie = client.post("/login", data={"name": "limin", "password": PASSWORD}).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "expires=" in cookie


def test_whoever_signs_out_is_out(house: House) -> None:
    with signed_in(house, fresh=True) as client:
        kept = dict(client.cookies)
        assert client.get("/desk").status_code == 200
        client.post("/logout")

        assert client.get("/desk").status_code == 303
        client.cookies.update(kept)
        assert client.get("/desk").status_code == 303, "the token itself has ended"


def test_a_clerk_has_no_business_at_the_desk(house: House) -> None:
    with signed_in(house, "clerk1") as clerk:
        assert clerk.get("/desk").status_code == 403
        assert clerk.post("/desk/status", data={"status": "ready"}).status_code == 403


def test_a_page_token_is_no_token_for_programmes(house: House) -> None:
    with signed_in(house) as client, httpx.Client(base_url=house.url) as programme:
        assert client.get("/desk").status_code == 200
        token = house.sessions["limin"]
        assert programme.get("/api/v1/events", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "OWN"}, 200),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_our_own_pages_may_change_something(house: House, headers: dict[str, str], status: int) -> None:
    own = {k: house.url if v == "OWN" else v for k, v in headers.items()}
    with signed_in(house) as client:
        del client.headers["sec-fetch-site"]
        answer = client.post("/desk/status", data={"status": "paused:rest"}, headers=own)

    assert answer.status_code == status


def test_a_proxy_in_front_is_known_by_the_public_address() -> None:
    from starlette.datastructures import Headers

    seen = Headers({"origin": "https://12345.city.example", "host": "127.0.0.1:8000"})
    assert guard.same_origin(seen, "https://12345.city.example")
    assert not guard.same_origin(seen, "")


def test_every_answer_carries_the_strict_policy(house: House) -> None:
    with signed_in(house) as client:
        for path in ("/", "/login", "/desk", "/desk/departments?q=cg", "/cases/1?code=2", "/nowhere"):
            answer = client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_template_holds_inline_styles_scripts_or_half_width_punctuation() -> None:
    for path in (render.WEB / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?! src)|hx-on|hx-vals|javascript:", text), path.name
        assert not re.search(r"[一-鿿][,;:!?]|[,;:!?][一-鿿]", text), path.name


def test_signing_in_never_leads_to_another_site() -> None:
    assert local_path("/desk") == "/desk"
    for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "desk", "/a\nb"):
        assert local_path(bad) == ""


def test_the_desk_is_light(house: House) -> None:
    with signed_in(house) as client:
        assert len(client.get("/desk").content) <= 20_000
        assert len(client.get("/").content) <= 10_000


def test_the_built_files_are_light_and_kept_for_ever(house: House) -> None:
    import gzip

    script, styles = render.asset("desk.js"), render.asset("site.css")
    if script is None or styles is None:
        pytest.skip("the bundle is not built: npm ci && node build.mjs in console/web/assets")
    with httpx.Client(base_url=house.url) as client:
        js, css = client.get(script), client.get(styles)
        assert client.get("/static/manifest.jsonx").status_code == 404
        assert client.get("/static/..%2F..%2Fhub.py").status_code == 404

    assert "immutable" in js.headers["cache-control"]
    assert len(gzip.compress(js.content)) <= 25_000
    assert len(gzip.compress(css.content)) <= 5_000


def test_without_the_bundle_pages_still_answer_and_say_what_to_do(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(render, "DIST", tmp_path)
    with signed_in(house) as client:
        for path in ("/login", "/desk", "/"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "页面资源尚未构建，请运行 make setup" in answer.text
