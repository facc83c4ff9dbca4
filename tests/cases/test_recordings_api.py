import pytest
from test_intake import history, said

from cases import intake
from cases.words import Role
from ivr.call import CallEvent, Kind


@pytest.fixture
def wang(small_office, settings):
    with small_office.database.session() as session:
        intake.import_call(session, history())
    (settings.recordings_dir / "c1").mkdir(parents=True)
    (settings.recordings_dir / "c1" / "op.wav").write_bytes(b"RIFF" + bytes(2000))
    return small_office.person("wang", Role.OPERATOR)


def test_a_recording_is_played_in_pieces(wang):
    whole = wang.get("/calls/c1/recordings/op.wav")
    piece = wang.get("/calls/c1/recordings/op.wav", headers={"Range": "bytes=4-7"})

    assert (whole.status_code, whole.headers["content-type"], len(whole.content)) == (200, "audio/wav", 2004)
    assert whole.headers["cache-control"] == "private, no-store"
    assert (piece.status_code, piece.content) == (206, bytes(4))


def test_a_file_that_is_gone_is_not_found(wang):
    assert wang.get("/calls/c1/recordings/c1-1.wav").status_code == 404


def test_no_recording_leads_out_of_its_folder(small_office, settings, wang):
    (settings.data_dir / "secret").write_text("secret")
    with small_office.database.session() as session:
        [first, *_rest] = history("c2")
        lies = [
            CallEvent("c2", n, first.at, Kind.RECORDING_STARTED, {"leg": f"l{n}", "path": path})
            for n, path in enumerate(["../secret", str(settings.data_dir / "secret"), "c1/../../secret"], start=2)
        ]
        intake.import_call(session, [first, *lies])

    for path in ("l2", "l3", "l4", "..%2F..%2Fsecret", "%2e%2e"):
        answer = wang.get(f"/calls/c2/recordings/{path}.wav")
        assert answer.status_code == 404
        assert "secret" not in answer.text


def test_a_call_shows_everything_known_of_it(small_office, wang):
    with small_office.database.session() as session:
        intake.store_transcript(session, said("路灯坏了"), covers=2, now=history()[0].at)
        intake.store_draft(session, "c1", {"kind": "complaint", "place": "人民路"}, now=history()[0].at)
        intake.correct_draft(session, "c1", {"place": "人民路 12 号"}, "wang", now=history()[0].at)

    call = wang.get("/calls/c1").json()

    assert [leg["role"] for leg in call["legs"]] == ["citizen", "operator", "department"]
    assert call["recordings"][1]["url"] == "/api/v1/calls/c1/recordings/op.wav"
    assert call["transcript"]["text"] == "路灯坏了"
    assert call["draft"] == {"kind": "complaint", "place": "人民路 12 号"}
    assert wang.get("/calls/none").status_code == 404
