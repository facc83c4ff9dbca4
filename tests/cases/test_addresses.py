"""Where a department's URL may not lead, in every notation known to have fooled somebody."""

from ipaddress import ip_address

import pytest

from cases.addresses import BadAddress, Rules, choose, networks, parse, resolve

BAD = [
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://localhost/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "http://93.184.216.34/",
]


@pytest.mark.parametrize("url", BAD)
def test_no_way_inside(url):
    target = parse(url)
    with pytest.raises(BadAddress):
        choose(target, resolve(target), Rules())


NO_ADDRESS = [
    "ftp://example.com/",
    "https://user:pw@example.com/",
    "https://@example.com/",
    "https:///x",
    "//example.com",
    "",
    "https://example.com:99999/",
    "https://exa mple.com/",
    "https://例子.测试/",
    "https://[::1",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_plain_web_address_is_refused(url):
    with pytest.raises(BadAddress):
        parse(url)


def test_one_bad_address_among_good_ones_spoils_the_name():
    public, inside = ip_address("93.184.216.34"), ip_address("10.0.0.1")
    target = parse("https://department.example/")

    assert choose(target, [public], Rules()) == public
    with pytest.raises(BadAddress):
        choose(target, [public, inside], Rules())
    with pytest.raises(BadAddress):
        choose(target, [], Rules())


def test_a_listed_government_network_is_open_and_only_that():
    listed = Rules(tuple(networks(["10.20.0.0/16"])))

    assert choose(parse("http://oa.example/"), [ip_address("10.20.3.4")], listed)
    assert choose(parse("https://oa.example/"), [ip_address("::ffff:10.20.3.4")], listed)
    with pytest.raises(BadAddress):
        choose(parse("https://oa.example/"), [ip_address("10.21.0.1")], listed)
    with pytest.raises(BadAddress):
        networks(["everything"])


def test_the_host_header_names_a_port_only_when_it_is_unusual():
    assert parse("https://a.example/x?y=1").authority == "a.example"
    assert parse("https://a.example:8443").authority == "a.example:8443"
    assert parse("http://[::1]:80/").authority == "[::1]"
    assert parse("https://a.example/x?y=1").path == "/x?y=1"


def test_outside_only_the_usual_ports_are_called():
    public, inside = ip_address("93.184.216.34"), ip_address("10.20.3.4")
    listed = Rules(tuple(networks(["10.20.0.0/16"])))

    assert choose(parse("https://a.example:8443/"), [public], listed)
    assert choose(parse("http://a.example:7001/"), [inside], listed), "an administrator knows this network"
    for port in (22, 25, 6379, 444):
        with pytest.raises(BadAddress):
            choose(parse(f"https://a.example:{port}/"), [public], listed)


def test_the_hotlines_own_ports_are_no_department():
    own = Rules(tuple(networks(["127.0.0.0/8", "::1/128"])), own_ports=frozenset({5038}))

    assert choose(parse("http://127.0.0.1:5039/"), [ip_address("127.0.0.1")], own)
    for address in ("127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"):
        with pytest.raises(BadAddress):
            choose(parse("http://x.example:5038/"), [ip_address(address)], own)
