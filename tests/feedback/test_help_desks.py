"""The local help desks: their data, the shapes they share with recordings, bad days, real connections."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from help_desks import freshdesk, zendesk
from help_desks.asking import CURSOR, FD, LIST, ZD, client, fd, sf, soql, token, zd
from help_desks.data import make_tickets
from help_desks.mischief import ConnectionCut, Mischief
from help_desks.serving import serving

TESTS = Path(__file__).parents[1]


def same_shape(ours: Any, theirs: Any) -> None:
    """The same keys, and values of the same JSON types wherever both have one."""
    assert set(ours) == set(theirs)
    for key, value in ours.items():
        if value is not None and theirs[key] is not None:
            assert type(value) is type(theirs[key]), key


# ---- The data ----------------------------------------------------------------------------------------


def test_the_same_seed_and_number_give_the_same_ticket() -> None:
    assert make_tickets(10, 3)[7] == make_tickets(500, 3)[7] != make_tickets(10, 4)[7]


def test_every_ticket_has_two_to_six_messages_and_a_story_in_order() -> None:
    desk = make_tickets(2000)
    for number in range(1, 2001):
        ticket = desk[number]
        times = [step.at for step in ticket.steps]
        assert times == sorted(set(times))
        assert 2 <= len(ticket.messages) <= 6
        assert (ticket.updated_at, number) in desk.order


def test_fifty_thousand_tickets_take_seconds() -> None:
    begun = time.process_time()
    desk = make_tickets(50_000)
    for number in range(1, desk.count + 1):
        desk[number]
    assert time.process_time() - begun < 15


# ---- The same shapes as recorded ---------------------------------------------------------------------


def recorded(reference_dir: Path, name: str) -> Any:
    return json.loads((reference_dir / "payloads" / f"{name}.json").read_text())


async def test_zendesk_rows_have_the_recorded_shapes(reference_dir: Path) -> None:
    theirs = {
        name: recorded(reference_dir, f"zendesk/{file}")
        for name, file in {
            "tickets": "d07_incremental_cursor_page",
            "audits": "d08_ticket_audits",
            "ticket_metric_events": "d09_ticket_metric_events",
            "satisfaction_ratings": "d11_satisfaction_ratings",
        }.items()
    }
    async with zd(make_tickets(300)) as asking:
        ours = {
            "tickets": (await asking.get(CURSOR, params={"start_time": 0})).json(),
            "audits": (await asking.get("/api/v2/tickets/48001/audits.json?page[size]=100")).json(),
            "ticket_metric_events": (
                await asking.get("/api/v2/incremental/ticket_metric_events.json?start_time=0")
            ).json(),
            "satisfaction_ratings": (await asking.get("/api/v2/satisfaction_ratings.json")).json(),
        }
    for name, page in ours.items():
        assert set(page) == set(theirs[name])
        if name == "ticket_metric_events":
            shapes = {row["type"]: set(row) for row in theirs[name][name]}
            assert all(set(row) == shapes[row["type"]] for row in page[name] if row["type"] != "breach")
        else:
            same_shape(page[name][0], theirs[name][name][0])
    kinds = {event["type"]: event for audit in theirs["audits"]["audits"] for event in audit["events"][::-1]}
    for audit in ours["audits"]["audits"]:
        for event in audit["events"]:
            same = kinds[event["type"]]
            assert set(same) <= set(event)
            assert event["type"] == "Comment" or set(event) == set(same)


OURS = {"attributes", "Subjects"}  # no columns: one is always there, one is a join of our own


async def test_salesforce_rows_have_the_recorded_shapes(reference_dir: Path) -> None:
    files = {
        "Case": "d06_rest_query_cases",
        "CaseHistory": "d07_rest_case_history",
        "CaseMilestone": "d08_rest_case_milestones",
        "SurveyQuestionResponse": "d09_rest_survey_responses",
    }
    async with sf(make_tickets(300), page_size=100, smallest_batch=1) as asking:
        for name, file in files.items():
            page = recorded(reference_dir, f"salesforce/{file}")
            row = {key: value for key, value in page["records"][0].items() if key not in OURS}
            fields = [
                f"{key}.{inner}" if isinstance(value, dict) else key
                for key, value in row.items()
                for inner in (value if isinstance(value, dict) else [""])
                if inner != "attributes"
            ]
            query = f"SELECT {', '.join(fields)} FROM {name}"
            told = (await asking.get("/services/data/v62.0/queryAll", params={"q": query})).json()
            assert {"totalSize", "done", "records"} <= set(told) <= set(page) | {"nextRecordsUrl"}
            same_shape({key: value for key, value in told["records"][0].items() if key != "attributes"}, row)
            assert told["records"][0]["attributes"]["type"] == name


async def test_freshdesk_rows_have_the_recorded_shapes(reference_dir: Path) -> None:
    show, rows, conversations, ratings, words = (
        recorded(reference_dir, f"freshdesk/{name}")
        for name in (
            "d06_rest_ticket_show", "d07_rest_ticket_list", "d08_rest_conversations",
            "d09_rest_satisfaction_ratings", "d10_rest_surveys_and_fields",
        )
    )  # fmt: skip
    async with fd(make_tickets(300)) as asking:
        same_shape((await asking.get("/api/v2/tickets/20001?include=stats,requester")).json(), show)
        same_shape((await asking.get(f"{LIST}&include=stats")).json()[0], rows[0])
        same_shape((await asking.get("/api/v2/tickets/20001/conversations")).json()[0], conversations[0])
        same_shape((await asking.get("/api/v2/surveys/satisfaction_ratings")).json()[0], ratings[0])
        surveys = (await asking.get("/api/v2/surveys")).json()
        fields = (await asking.get("/api/v2/ticket_fields")).json()
    same_shape(surveys[0], words["surveys"][0])
    assert surveys[0]["questions"] == words["surveys"][0]["questions"]
    assert [field["name"] for field in fields] == [field["name"] for field in words["ticket_fields"]]
    assert fields[1] == words["ticket_fields"][1]


# ---- Mischief, and real connections ------------------------------------------------------------------


def misbehaving(**rates: float) -> Mischief:
    named = {name.removeprefix("s"): rate for name, rate in rates.items() if name[1:].isdigit()}
    rates = named or rates
    return Mischief(freshdesk.create_app(freshdesk.Account(make_tickets(40))), rates=rates, in_a_row=10)


async def test_without_rates_mischief_only_counts() -> None:
    app = misbehaving()
    async with client(app, FD) as asking:
        await asking.get(LIST)
        await asking.get("/api/v2/tickets/1")
    assert app.requests == {"/api/v2/tickets": 1, "/api/v2/tickets/1": 1}
    assert app.answers == {("/api/v2/tickets", 200): 1, ("/api/v2/tickets/1", 404): 1}


async def test_the_same_seed_misbehaves_the_same_way() -> None:
    async def seen(seed: int) -> list[int]:
        app = Mischief(
            freshdesk.create_app(freshdesk.Account(make_tickets(1))), seed, {"429": 0.3, "503": 0.3}
        )
        async with client(app, FD) as asking:
            return [(await asking.get("/api/v2/surveys")).status_code for _ in range(20)]

    assert await seen(1) == await seen(1) != await seen(2)
    assert set(await seen(1)) == {200, 429, 503}


async def test_a_target_is_answered_after_some_misdeeds() -> None:
    app = Mischief(freshdesk.create_app(freshdesk.Account(make_tickets(1))), rates={"502": 1.0}, in_a_row=2)
    async with client(app, FD) as asking:
        seen = [await asking.get("/api/v2/surveys") for _ in range(6)]
    assert [answer.status_code for answer in seen] == [502, 502, 200] * 2
    assert seen[0].text.startswith("<html>")
    assert app.statuses() == {502: 4, 200: 2}


async def test_retry_after_comes_as_seconds_and_as_a_date() -> None:
    app = misbehaving(s429=1.0)
    async with client(app, FD) as asking:
        told = {(await asking.get("/api/v2/surveys")).headers["retry-after"] for _ in range(10)}
    assert "1" in told
    assert any(value.endswith("GMT") for value in told)


async def test_a_short_answer_is_whole_to_http_and_broken_to_json() -> None:
    async with serving(misbehaving(short=1.0)) as url, httpx.AsyncClient(auth=FD) as asking:
        answer = await asking.get(f"{url}{LIST}")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"\w"):
        answer.json()


async def test_a_cut_connection_ends_in_the_middle_of_the_body() -> None:
    app = misbehaving(cut=1.0)
    async with serving(app) as url, httpx.AsyncClient(auth=FD) as asking:
        with pytest.raises(httpx.TransportError):
            await asking.get(f"{url}{LIST}")
    async with client(app, FD) as asking:
        with pytest.raises(ConnectionCut):
            await asking.get(LIST)
    assert app.misdeeds == {"cut": 2}


async def test_a_slow_answer_runs_into_a_timeout() -> None:
    app = misbehaving(slow=1.0)
    app.slow_s = 5.0
    async with serving(app) as url, httpx.AsyncClient(auth=FD, timeout=0.2) as asking:
        with pytest.raises(httpx.ReadTimeout):
            await asking.get(f"{url}{LIST}")


async def test_a_served_desk_links_to_itself() -> None:
    async with (
        serving(zendesk.create_app(zendesk.Account(make_tickets(30)))) as url,
        httpx.AsyncClient(auth=ZD) as asking,
    ):
        page = (await asking.get(f"{url}{CURSOR}", params={"start_time": 0, "per_page": 10})).json()
        assert page["after_url"].startswith(url)
        rest = (await asking.get(page["after_url"])).json()
    assert [row["id"] for row in rest["tickets"]] == list(range(48_011, 48_031))


async def test_a_desk_of_its_own_process_prints_its_port() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "help_desks.serving", "salesforce", "--tickets", "20", "--limit", "5/60",
        cwd=TESTS, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout
        port = int(await asyncio.wait_for(process.stdout.readline(), 20))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as asking:
            asking.headers["authorization"] = f"Bearer {await token(asking)}"
            assert len(await soql(asking, "SELECT Id FROM Case")) == 20
    finally:
        process.terminate()
        await process.wait()


async def test_who_tries_again_gets_every_ticket_through_all_mischief() -> None:
    rates = dict.fromkeys(("429", "500", "502", "503", "cut", "short"), 0.1)
    app = Mischief(zendesk.create_app(zendesk.Account(make_tickets(400))), rates=rates, retry_after=0)
    params: dict[str, Any] = {"start_time": 0, "per_page": 10}
    ids: list[int] = []
    page: dict[str, Any] = {"end_of_stream": False}
    async with serving(app) as url, httpx.AsyncClient(base_url=url, auth=ZD) as asking:
        while not page["end_of_stream"]:
            try:
                page = (await asking.get(CURSOR, params=params)).raise_for_status().json()
            except (httpx.HTTPError, ValueError):
                continue
            ids += [row["id"] for row in page["tickets"]]
            params = {"cursor": page["after_cursor"], "per_page": 10}
    assert ids == list(range(48_001, 48_401))
    assert set(app.misdeeds) == set(rates)
