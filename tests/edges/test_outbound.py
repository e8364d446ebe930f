"""Our own calls reach no inner address (RELIABILITY.md §2.7, S1-S5; P24)."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from tls_desk import DESK, Listener, listening, saying
from world import World

from services.feedback.pull.client import Account, Client, Refused
from services.feedback.pull.plan import Ask
from shared import outbound
from shared.addresses import Allowed, Ip, is_public
from shared.config import Settings

ROOT = Path(__file__).parents[2]
URL_NOT_ALLOWED = "/problems/url-not-allowed"


# ---- Which addresses people may give us ------------------------------------------------------------

INNER = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fc00::1", "fd12::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "100::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_s2_what_is_not_of_the_internet_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::6810:84e5", "::ffff:8.8.8.8"])
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


GIVEN = [
    pytest.param("http://a.zendesk.com", id="S1-http"),
    pytest.param("ftp://a.zendesk.com", id="S1-ftp"),
    pytest.param("file:///etc/passwd", id="S1-file"),
    pytest.param("https://user:pass@a.zendesk.com", id="S1-userinfo"),
    pytest.param("https://a.zendesk.com@127.0.0.1", id="S1-userinfo-that-looks-like-the-host"),
    pytest.param("https://a.zendesk.com:22", id="S1-port-22"),
    pytest.param("https://a.zendesk.com:5432", id="S1-port-5432"),
    pytest.param("https://[::1]", id="S1-brackets"),
    pytest.param("https://[a.zendesk.com]", id="S1-brackets-around-a-name"),
    pytest.param("https://a.zendesk.com/api", id="S1-path"),
    pytest.param("https://evil.test/.zendesk.com", id="S1-suffix-in-the-path"),
    pytest.param("https://evil.test?.zendesk.com", id="S1-suffix-in-the-query"),
    pytest.param("https://evil.test#.zendesk.com", id="S1-suffix-in-the-fragment"),
    pytest.param("https://evil.test\\.zendesk.com", id="S1-backslash"),
    pytest.param("https://evil.test%2f.zendesk.com", id="S1-escaped-slash"),
    pytest.param(" https://a.zendesk.com", id="S1-space-before"),
    pytest.param("https://a.zendesk.com\n", id="S1-line-after"),
    pytest.param("https://a.zendesk.com.", id="S1-dot-after"),
    pytest.param("https://a.zendeſk.com", id="S1-letter-that-folds-to-another"),
    pytest.param("https://azendesk.com", id="S1-other-domain"),
    pytest.param("https://a.zendesk.com.evil.test", id="S1-suffix-in-the-middle"),
    pytest.param("https://localhost", id="S2-localhost"),
    pytest.param("https://2130706433", id="S2-decimal"),
    pytest.param("https://0177.0.0.1", id="S2-octal"),
    pytest.param("https://0x7f.1", id="S2-hex"),
    pytest.param("https://127.1", id="S2-short"),
    *(pytest.param(f"https://{one}", id=f"S2-{one}") for one in INNER if ":" not in one),
    *(pytest.param(f"https://[{one}]", id=f"S2-{one}") for one in INNER if ":" in one),
]


@pytest.mark.parametrize("url", GIVEN)
async def test_an_address_that_leads_elsewhere_is_refused_when_it_is_given(url: str) -> None:
    assert Allowed.of(Settings(), [".zendesk.com"], [DESK]).fault_of(url) is not None


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "127.0.0.1"])
def test_s2_where_any_host_may_be_asked_a_number_is_none(host: str) -> None:
    """As for an issuer's keys, which may lie on another host than the issuer."""
    assert Allowed.of(Settings(), [""]).fault_of(f"https://{host}") is not None


async def test_s1_a_person_is_told_so_when_they_connect_and_when_they_change_it(world: World) -> None:
    made = await world.connection(api={"base_url": "https://a.zendesk.com", "secret": "12345678"})
    for url in ("http://a.zendesk.com", "https://169.254.169.254", "https://u:p@a.zendesk.com"):
        api = {"base_url": url, "secret": "12345678"}
        changed = await world.patch(f"/feedback/connections/{made['id']}", {"api": api}, status=422)
        body = {
            "key": "other", "name": "o", "platform": "zendesk", "account_id": "1", "api": api,
            "secret": "0123456789abcdef",
        }  # fmt: skip
        for problem in (changed, await world.post("/feedback/connections", body, status=422)):
            assert problem["type"] == URL_NOT_ALLOWED
            assert [fault["pointer"] for fault in problem["errors"]] == ["/api/base_url"]
            assert url not in str(problem)


@pytest.mark.parametrize(
    ("url", "hosts", "networks", "environment", "fits"),
    [
        ("https://a.zendesk.com", (), (), "production", True),
        ("HTTPS://A.Zendesk.COM:443", (), (), "production", True),
        ("https://desk.example.com", (DESK,), (), "production", True),
        ("https://desk.example.com:8443", (DESK,), (), "production", False),
        ("https://desk.example.com:8443", (f"{DESK}:8443",), (), "production", True),
        ("http://desk.example.com", (DESK,), (), "development", False),
        ("http://127.0.0.1:8000", ("127.0.0.1",), (), "development", True),
        ("http://127.0.0.1:8000", ("127.0.0.1",), (), "production", False),
        ("http://127.0.0.1:8000", (), (), "development", False),
        ("http://localhost:8000", ("localhost",), (), "development", True),
        ("https://10.2.3.4", (), ("10.2.0.0/16",), "production", True),
        ("http://10.2.3.4", (), ("10.2.0.0/16",), "development", False),
        ("https://10.3.0.1", (), ("10.2.0.0/16",), "production", False),
    ],
)  # fmt: skip
def test_what_the_operator_opens_is_open_and_no_more(
    url: str, hosts: tuple[str, ...], networks: tuple[str, ...], environment: Any, fits: bool
) -> None:
    settings = Settings(inner_networks=networks, environment=environment)
    assert (Allowed.of(settings, [".zendesk.com"], hosts).fault_of(url) is None) is fits


# ---- Where names lead ------------------------------------------------------------------------------


@pytest.fixture
def believe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes this the only certificate that is believed, for the length of a test."""

    def only(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        outbound.trust.cache_clear()

    yield only
    outbound.trust.cache_clear()


@pytest.fixture
async def listener(tmp_path: Path, believe: Callable[[Path], None]) -> AsyncIterator[Listener]:
    async with listening(tmp_path) as made:
        believe(tmp_path / f"{DESK}.pem")
        yield made


class Names:
    """A resolver whose answers are set; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> list[Ip]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(one) for one in answer]


def client(
    listener: Listener, names: Names, *, inner: tuple[str, ...] = ("127.0.0.1/32",)
) -> httpx.AsyncClient:
    allowed = Allowed.of(Settings(inner_networks=inner), [], [f"{DESK}:{listener.port}"])
    return outbound.client(allowed, resolve=names)


async def ask(asking: httpx.AsyncClient, listener: Listener, **more: Any) -> tuple[httpx.Response, bytes]:
    url = f"https://{DESK}:{listener.port}/x"
    return await outbound.fetch(asking, "GET", url, **{"max_bytes": 1000, "seconds": 5.0} | more)


async def test_the_address_that_was_checked_is_the_one_that_is_asked_under_its_name(
    listener: Listener,
) -> None:
    names = Names(["127.0.0.1"], ["10.9.9.9"])
    async with client(listener, names) as asking:
        response, body = await ask(asking, listener)
    assert (response.status_code, body, names.asked) == (200, b"{}", 1)
    assert f"host: {DESK}:{listener.port}".encode() in listener.heard[0].lower()


async def test_who_has_no_certificate_for_the_name_is_not_asked(
    tmp_path: Path, believe: Callable[[Path], None]
) -> None:
    async with listening(tmp_path, "other.example.com") as listener:
        believe(tmp_path / "other.example.com.pem")
        async with client(listener, Names(["127.0.0.1"])) as asking:
            with pytest.raises(httpx.ConnectError):
                await ask(asking, listener)
        assert listener.heard == []


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"]])
async def test_s3_a_name_that_leads_inside_is_not_followed(listener: Listener, answer: list[str]) -> None:
    async with client(listener, Names(answer), inner=()) as asking:
        with pytest.raises(outbound.AddressBlocked, match="blocked-address"):
            await ask(asking, listener)
    assert listener.connections == 0


async def test_s3_a_name_that_turns_inside_between_two_calls_is_not_followed(listener: Listener) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with client(listener, names) as asking:
        await ask(asking, listener)
        with pytest.raises(outbound.AddressBlocked):
            await ask(asking, listener)
    assert listener.connections == 1


@pytest.mark.parametrize("spelling", ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "127.0.0.1", "[::1]"])
async def test_s2_an_inner_address_in_any_spelling_is_not_asked_even_when_it_was_let_in(
    listener: Listener, spelling: str
) -> None:
    """What the resolver of this machine makes of it is checked, whoever let the address in."""
    asking = outbound.client(Allowed.of(Settings(), ("",), [f"{spelling}:{listener.port}"]))
    async with asking:
        with pytest.raises((outbound.AddressBlocked, httpx.ConnectError)) as refused:
            await outbound.fetch(
                asking, "GET", f"https://{spelling}:{listener.port}/", max_bytes=9, seconds=5
            )
    if spelling != "127.0.0.1":  # whoever names exactly this means it
        assert isinstance(refused.value, outbound.AddressBlocked)
        assert listener.connections == 0


async def test_a_url_that_is_not_allowed_is_not_asked_whoever_made_it(listener: Listener) -> None:
    async with client(listener, names := Names(["127.0.0.1"])) as asking:
        for url in (
            f"https://other.example.com:{listener.port}", f"http://{DESK}:{listener.port}", f"https://{DESK}:1",
            f"https://u:p@{DESK}:{listener.port}", f"https://127.0.0.2:{listener.port}",
        ):  # fmt: skip
            with pytest.raises(outbound.AddressBlocked):
                await outbound.fetch(asking, "GET", url, max_bytes=9, seconds=5)
    assert (listener.connections, names.asked) == (0, 0)


async def test_s4_a_redirect_is_an_answer_and_no_way(listener: Listener) -> None:
    listener.answer = saying(
        f"HTTP/1.1 302 Found\r\nLocation: https://{DESK}:{listener.port}/inner\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    async with client(listener, Names(["127.0.0.1"])) as asking:
        response, _ = await ask(asking, listener)
    assert (response.status_code, listener.connections) == (302, 1)


async def test_s5_an_answer_without_end_is_not_read_on(listener: Listener) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            sent += 65_536
            await writer.drain()

    listener.answer = endless
    async with client(listener, Names(["127.0.0.1"])) as asking:
        with pytest.raises(outbound.AnswerTooLong):
            await ask(asking, listener)
    assert sent < 50_000_000


async def test_s5_an_answer_that_never_ends_is_not_waited_for(listener: Listener) -> None:
    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    listener.answer = dripping
    async with client(listener, Names(["127.0.0.1"])) as asking:
        started = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await ask(asking, listener, seconds=0.5)
        assert time.monotonic() - started < 2


async def test_a_name_that_is_not_resolved_in_time_is_not_waited_for(listener: Listener) -> None:
    async def hanging(host: str, port: int) -> list[Ip]:
        await asyncio.sleep(60)
        return []

    allowed = Allowed.of(Settings(), [], [f"{DESK}:{listener.port}"])
    async with outbound.client(allowed, resolve=hanging) as asking:
        with pytest.raises(httpx.TimeoutException):
            await ask(asking, listener, seconds=0.3)


async def test_an_environment_that_names_a_proxy_changes_nothing(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with client(listener, Names(["127.0.0.1"])) as asking:
        response, _ = await ask(asking, listener)
    assert response.status_code == 200


async def test_a_help_desk_that_is_not_allowed_any_more_is_not_asked() -> None:
    """It was connected when the settings named it."""
    asking = Client(Settings(secret_key=SecretStr("x" * 40)))
    account = Account("c", "zendesk", f"https://{DESK}", "user", "an API token")
    with pytest.raises(Refused, match="address"):
        await asking.ask(account, Ask("/api/v2/tickets.json", {}))
    await asking.close()


# ---- Nobody goes another way -----------------------------------------------------------------------

ELSEWHERE = {
    "shared/outbound.py": "here it is made",
    "shared/http.py": "our own services, where the operator says that they are",
    "shared/web.py": "our own app, in the same process",
    "services/demo/telling.py": "our own addresses, as a user",
    "services/bench/intake.py": "our own addresses, as a user",
}
WAYS = re.compile(
    r"httpx\.(AsyncClient|Client|get|post|request|stream)\(|urllib\.request|http\.client|aiohttp"
)


def test_only_outbound_makes_clients_that_go_outside() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("services", "shared", "migrations")
        for path in (ROOT / folder).rglob("*.py")
        if WAYS.search(path.read_text())
    }
    assert found == ELSEWHERE.keys()
