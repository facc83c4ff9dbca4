"""Digest authentication, against the vectors of the RFCs."""

from phone.digest import Challenge, answer, choose, digest, parse_fields

MUFASA = {"user": "Mufasa", "method": "GET", "uri": "/dir/index.html"}


def test_the_example_of_rfc_2617():
    challenge = choose([
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    ])  # fmt: skip
    said = parse_fields(answer(challenge, **MUFASA, password="Circle Of Life", cnonce="0a4f113b").split(" ", 1)[1])
    assert said["response"] == "6629fae49393a05397450978507c4ef1"
    assert (said["nc"], said["qop"], said["opaque"]) == ("00000001", "auth", "5ccc069c403ebaf9f0171e9517f40e41")


def test_without_qop_as_in_rfc_2069():
    """The corrected example of RFC 2069 (errata 749)."""
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093")
    assert digest(challenge, **MUFASA, password="CircleOfLife", cnonce="x") == "1949323746fe6a43ef61f9606e7febea"


def test_sha_256_as_in_rfc_7616():
    challenge = Challenge("http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "SHA-256", "auth")
    proof = digest(challenge, **MUFASA, password="Circle of Life",
                   cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")  # fmt: skip
    assert proof == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


def test_the_first_challenge_that_we_can_answer_is_taken():
    offered = ['Digest realm="a", nonce="1", algorithm=SHA-512-256', 'Digest realm="a", nonce="2", algorithm=SHA-256',
               'Digest realm="a", nonce="3", algorithm=MD5']  # fmt: skip
    assert choose(offered).nonce == "2"
    assert choose(['Basic realm="a"', 'Digest realm="a"', 'Digest nonce="n", qop="auth-int"', ""]) is None
