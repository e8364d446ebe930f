"""A sample of a period that is over: drawn once, by a rule that anybody can follow again."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from at_once import at_once
from databases import run_sql
from quick_tickets import agent_of, solved
from statements import counted
from world import LONG_AGO, World

RUNS = "/audit/sampling-runs"
SHARE = {"kind": "share", "share": 0.5}


class Draws:
    """Twenty solved tickets of March, half of them German; nothing draws them by itself."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self, tickets: int = 20) -> "Draws":
        world = self.world
        self.connection = await world.connection()
        self.version = await world.scorecard()
        self.lead = await world.person("lead", "Lena")
        self.specialist = await world.person("specialist", "Mara")
        languages = ("de", "en")
        await world.tell(
            *(solved(n, after=timedelta(minutes=n), language=languages[n % 2]) for n in range(tickets))
        )
        return self

    def question(self, **more: Any) -> dict[str, Any]:
        start, end = LONG_AGO - timedelta(days=1), LONG_AGO + timedelta(days=1)
        return {
            "connection_id": self.connection["id"], "from_at": start.isoformat(), "to_at": end.isoformat(),
            "design": SHARE, "seed": "2026-W02",
        } | more  # fmt: skip

    def run(self, **more: Any) -> dict[str, Any]:
        named = {"key": "weekly", "scorecard_version_id": self.version["id"]}
        return self.question(**named | more)

    async def ask(self, *, status: int = 202, by: str = "", **more: Any) -> Any:
        return await self.world.post(RUNS, self.run(**more), by=by or self.lead, status=status)

    async def drawn(self, **more: Any) -> Any:
        asked = await self.ask(**more)
        await self.world.worker.drain()
        return await self.told(asked)

    async def told(self, run: Any, what: str = "", *, by: str = "", status: int = 200) -> Any:
        return await self.world.get(f"{RUNS}/{run['id']}{what}", by=by or self.lead, status=status)

    async def audits(self) -> list[Any]:
        return list((await self.world.get("/audit/audits?limit=100", by=self.lead))["items"])


@pytest.fixture
async def draws(world: World) -> Draws:
    return await Draws(world).of()


def slug(problem: dict[str, str]) -> str:
    return problem["type"].removeprefix("/problems/")


async def test_a_draw_puts_its_samples_up_for_review_with_their_evidence(draws: Draws) -> None:
    # when half of each language is drawn
    run = await draws.drawn(strata=["language"])
    # then the run says of whom, and by what chance
    assert (run["state"], run["population_size"], run["samples"]) == ("drawn", 20, 10)
    assert [(one["stratum"], one["population"], one["samples"]) for one in run["by_stratum"]] == [
        ('["de"]', 10, 5), ('["en"]', 10, 5),
    ]  # fmt: skip
    audits = await draws.audits()
    assert len(audits) == 10
    assert {one["probability"] for one in audits} == {0.5}
    # and a specialist claims and reviews them like any other
    audit = await draws.world.post("/audit/audits/claim-next", by=draws.specialist, status=200)
    assert audit["evidence"]["ticket"]["subject"] == "A question"


async def test_only_the_tickets_of_the_period_that_fit_are_drawn_from(draws: Draws) -> None:
    agent = agent_of(draws.connection)
    start = (LONG_AGO + timedelta(minutes=4)).isoformat()
    for number, (where, population) in enumerate(
        (({"languages": ["de"]}, 10), ({"agent_ids": [agent]}, 20), ({"languages": ["de"], "tags": []}, 10))
    ):
        run = await draws.drawn(key=f"k{number}", filter=where, design={"kind": "share", "share": 1})
        assert (run["population_size"], run["samples"]) == (population, population), where
    assert (await draws.drawn(key="later", from_at=start))["population_size"] == 16


async def test_before_a_draw_it_can_be_seen_what_it_would_be_worth(draws: Draws) -> None:
    path = f"{RUNS}/outlook"
    asked = draws.question(strata=["language"], design={"kind": "allocated", "size": 8})
    seen = await draws.world.post(path, asked, by=draws.lead, status=200)
    assert (seen["population"], seen["expected"]) == (20, 8)
    assert [(one["stratum"], one["expected"], one["lowest_probability"]) for one in seen["strata"]] == [
        ('["de"]', 4, 0.4), ('["en"]', 4, 0.4),
    ]  # fmt: skip
    assert 15 < seen["margin"] < 25
    more = await draws.world.post(path, asked | {"design": {"kind": "share", "share": 1}}, by=draws.lead,
                                  status=200)  # fmt: skip
    assert more["margin"] == 0
    assert (await draws.world.get(RUNS, by=draws.lead))["items"] == []


# ---- Once, whatever happens -------------------------------------------------------------------------


async def test_asking_twice_is_asking_once_and_another_question_needs_another_name(draws: Draws) -> None:
    first = await draws.drawn()
    # when it is asked for again, before anything and at the same moment by several
    assert (await draws.ask())["id"] == first["id"]
    world = draws.world
    headers = world.as_(draws.lead)
    new = draws.run(key="another")
    told = await at_once(world, [world.client.post(RUNS, json=new, headers=headers) for _ in range(6)])
    assert {one.status_code for one in told} == {202}
    assert len({one.json()["id"] for one in told}) == 1
    # then there are two draws, and a third question for the same period is refused by name
    await world.worker.drain()
    assert len((await world.get(RUNS, by=draws.lead))["items"]) == 2
    problem = await draws.ask(seed="a luckier seed", status=409)
    assert (slug(problem), problem["run_id"]) == ("sampling-run-exists", first["id"])


async def test_two_workers_that_draw_at_once_draw_once(draws: Draws) -> None:
    from services.audit.runs import service

    asked = await draws.ask()
    world = draws.world

    async def draw() -> None:
        async with world.db.transaction() as session:
            await service.draw(session, asked["id"])

    await asyncio.gather(*(draw() for _ in range(4)))
    await world.worker.drain()  # and the one that was waiting
    assert len(await draws.audits()) == 10
    assert (await draws.told(asked, "/verification"))["holds"] is True


async def test_a_worker_that_is_cut_off_in_the_middle_leaves_nothing_and_the_next_one_draws(
    draws: Draws, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.audit.runs import queries, service

    asked = await draws.ask()
    written = queries.insert_audits

    async def cut_off(session: Any, rows: Any) -> None:
        await written(session, rows)
        pid = (await session.connection()).sync_connection.connection.driver_connection.get_server_pid()
        await asyncio.to_thread(run_sql, draws.world.app.state.settings.database_url,
                                f"SELECT pg_terminate_backend({pid})")  # fmt: skip

    monkeypatch.setattr(queries, "insert_audits", cut_off)
    with pytest.raises(Exception, match=r"(?i)terminat|closed|lost"):
        async with draws.world.db.transaction() as session:
            await service.draw(session, asked["id"])
    monkeypatch.undo()
    assert (await draws.told(asked))["state"] == "waiting"
    assert await draws.audits() == []
    await draws.world.worker.drain()
    assert (await draws.told(asked))["state"] == "drawn"
    assert len(await draws.audits()) == 10


async def test_a_draw_takes_as_many_statements_however_many_tickets_there_are(draws: Draws) -> None:
    from services.audit.runs import service

    sizes = []
    for key, where in (("small", {"languages": ["de"]}), ("whole", {})):
        run = await draws.ask(key=key, filter=where)
        with counted(draws.world.db) as statements:
            async with draws.world.db.transaction() as session:
                await service.draw(session, run["id"])
        sizes.append(len(statements))
    assert sizes[0] == sizes[1] <= 12


# ---- Anybody can make it again ----------------------------------------------------------------------


async def test_another_machine_with_the_file_alone_makes_the_same_draw(draws: Draws, tmp_path: Path) -> None:
    run = await draws.drawn(strata=["language"])
    file = tmp_path / "draw.json"
    told = await draws.told(run, "/inputs")
    file.write_text(json.dumps(told))

    async def verify() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services", "sampling", "verify", str(file)]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    held = await verify()
    assert (held.returncode, "The draw holds: 10 of 20 tickets." in held.stdout) == (0, True), held
    assert run["population_hash"] in held.stdout
    # and a single ticket that is another one is found
    told["population"][3]["traits"]["language"] = "fr"
    file.write_text(json.dumps(told))
    broken = await verify()
    assert broken.returncode == 1
    assert "These are not the tickets that were frozen." in broken.stdout


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            "UPDATE sampling_run SET drawn = jsonb_set(drawn, '{population,0,traits,language}', '\"fr\"')",
            "population-changed",
        ),
        ("UPDATE sampling_run SET population_hash = 'another'", "population-changed"),
        ("UPDATE sampling_run SET drawn = jsonb_set(drawn, '{seed}', '\"another\"')", "not-drawn"),
        ("UPDATE audit SET probability = 0.9", "differs"),
        ("UPDATE audit SET run_id = NULL WHERE id = (SELECT min(id::text)::uuid FROM audit)", "missing"),
    ],
)
async def test_whatever_is_changed_afterwards_is_found(draws: Draws, change: str, code: str) -> None:
    run = await draws.drawn(strata=["language"])
    assert await draws.told(run, "/verification") == {
        "holds": True, "population_hash": run["population_hash"], "samples": 10, "faults": [],
    }  # fmt: skip
    await asyncio.to_thread(run_sql, draws.world.app.state.settings.database_url, change)
    verified = await draws.told(run, "/verification")
    assert verified["holds"] is False
    assert code in {one["code"] for one in verified["faults"]}


# ---- Planned and done -------------------------------------------------------------------------------


async def test_what_is_reviewed_is_counted_beside_what_was_planned_and_weighed_for_all(draws: Draws) -> None:
    run = await draws.drawn(strata=["language"])
    assert (run["reviewed"], run["unreviewed"], run["estimate"]) == (0, 10, None)
    for _ in range(9):
        await draws.world.reviewed(draws.specialist, solution=5, greeting=1)
    told = await draws.told(run)
    assert (told["reviewed"], told["unreviewed"]) == (9, 1)
    assert sum(one["reviewed"] for one in told["by_stratum"]) == 9
    assert told["estimate"] | {"low": 0, "high": 0} == {
        "method": "stratified", "n": 9, "mean": 100, "plain_mean": 100, "low": 0, "high": 0,
    }  # fmt: skip


async def test_what_was_not_reviewed_is_drawn_in_addition_the_next_time(draws: Draws) -> None:
    allocated = {"kind": "allocated", "size": 4}
    middle = (LONG_AGO + timedelta(minutes=10)).isoformat()
    first = await draws.drawn(to_at=middle, design=allocated)
    await draws.world.reviewed(draws.specialist)
    # when the next period is drawn, then three more are
    second = await draws.drawn(from_at=middle, design=allocated, carries_debt=True)
    assert (first["samples"], second["debt"], second["samples"]) == (4, 3, 7)
    assert (await draws.told(second, "/verification"))["holds"] is True


async def test_a_keyword_speaks_for_the_tickets_that_hold_it_in_any_case(draws: Draws) -> None:
    risks = {"keyword:QUESTION": 3, "keyword:lawyer": 9, "always": 1}
    design = {"kind": "targeted", "size": 10, "floor": 0.5, "risks": risks}
    run = await draws.drawn(design=design)
    population = (await draws.told(run, "/inputs"))["population"]
    assert {tuple(sorted(s for s in one["signals"] if "keyword" in s)) for one in population} == {
        ("keyword:QUESTION",)
    }
    assert (await draws.told(run, "/verification"))["holds"] is True


# ---- What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "status", "name", "pointer"),
    [
        ({"design": {"kind": "allocated", "size": 21}}, 422, "sampling-impossible", "/design/size"),
        pytest.param({"design": {"kind": "fixed", "sizes": {'["fr"]': 1}}, "strata": ["language"]}, 422,
                     "sampling-impossible", "/design/sizes", id="R37-nobody-in-the-stratum"),
        ({"design": {"kind": "fixed", "sizes": {'["de"]': 1}}, "strata": ["language"]}, 422,
         "sampling-impossible", "/design"),
        ({"filter": {"languages": ["fr"]}}, 422, "sampling-impossible", "/population"),
        pytest.param({"design": {"kind": "targeted", "size": 5, "floor": 0, "risks": {"reopened": 1}}}, 422,
                     "sampling-impossible", "/design", id="R37-no-chance-for-some"),
        ({"to_at": "2099-01-01T00:00:00Z"}, 422, "validation-failed", "/to_at"),
        ({"to_at": "1999-01-01T00:00:00Z"}, 422, "validation-failed", "/to_at"),
        ({"design": {"kind": "share", "share": 2}}, 422, "validation-failed", "/design/share"),
        ({"design": {"kind": "lottery"}}, 422, "validation-failed", "/design"),
        ({"filter": {"vendor_id": "01890000-0000-7000-8000-000000000000"}}, 422, "validation-failed",
         "/filter/vendor_id"),
        ({"connection_id": "01890000-0000-7000-8000-000000000000"}, 422, "validation-failed",
         "/connection_id"),
    ],
)  # fmt: skip
async def test_what_cannot_be_drawn_is_refused_where_it_stands(
    draws: Draws, question: dict[str, Any], status: int, name: str, pointer: str
) -> None:
    for path, asked in ((RUNS, draws.run(**question)), (f"{RUNS}/outlook", draws.question(**question))):
        problem = await draws.world.post(path, asked, by=draws.lead, status=status)
        assert slug(problem) == name, problem
        assert problem["errors"][0]["pointer"] == pointer, problem


async def test_a_draw_whose_tickets_are_gone_says_so_and_may_be_asked_for_otherwise(draws: Draws) -> None:
    asked = await draws.ask()
    url = draws.world.app.state.settings.database_url
    await asyncio.to_thread(run_sql, url, "UPDATE ticket SET is_deleted = true")
    await draws.world.worker.drain()
    failed = await draws.told(asked)
    assert (failed["state"], failed["fault"]["code"]) == ("failed", "nothing-to-draw")
    assert slug(await draws.told(asked, "/inputs", status=409)) == "not-drawn"
    await asyncio.to_thread(run_sql, url, "UPDATE ticket SET is_deleted = false")
    assert (await draws.drawn(seed="another"))["state"] == "drawn"


GRAPHQL = """query Q($id: UUID!) {
  samplingRun(id: $id) { id key state samples debt byStratum { stratum population samples scored mean }
    estimate { mean } design fromAt fault { code } }
  samplingRunVerification(id: $id) { holds samples populationHash faults { code } }
  samplingRuns(key: "weekly") { totalCount nodes { id populationHash } }
}"""
ASK = """mutation A($connection: UUID!, $version: UUID!, $from: DateTime!, $to: DateTime!, $design: JSON!) {
  askForSamplingRun(key: "by-graphql", connectionId: $connection, scorecardVersionId: $version, fromAt: $from,
    toAt: $to, design: $design, seed: "s") { ... on SamplingRun { state key } ... on Problem { type } }
  previewSamplingRun(connectionId: $connection, fromAt: $from, toAt: $to, design: $design, seed: "s",
    strata: ["language"]) {
    ... on SamplingOutlook { population strata { stratum expected } }
    ... on Problem { type errors { pointer } }
  }
}"""


async def test_graphql_asks_and_tells_the_same(draws: Draws) -> None:
    run = await draws.drawn(strata=["language"])
    data = (await draws.world.graphql(GRAPHQL, by=draws.lead, id=run["id"]))["data"]
    told = data["samplingRun"]
    assert (told["id"], told["state"], told["samples"], told["design"]) == (
        run["id"], "drawn", 10, run["design"],
    )  # fmt: skip
    assert [one["stratum"] for one in told["byStratum"]] == ['["de"]', '["en"]']
    verified = {"holds": True, "samples": 10, "populationHash": run["population_hash"], "faults": []}
    assert data["samplingRunVerification"] == verified
    nodes = [{"id": run["id"], "populationHash": run["population_hash"]}]
    assert data["samplingRuns"] == {"totalCount": 1, "nodes": nodes}
    question = draws.question()
    asked = {"connection": question["connection_id"], "version": draws.version["id"],
             "from": question["from_at"], "to": question["to_at"]}  # fmt: skip
    done = (await draws.world.graphql(ASK, by=draws.lead, **asked, design=SHARE))["data"]
    assert done["askForSamplingRun"] == {"state": "waiting", "key": "by-graphql"}
    assert [one["expected"] for one in done["previewSamplingRun"]["strata"]] == [5, 5]
    lottery = (await draws.world.graphql(ASK, by=draws.lead, **asked, design={"kind": "lottery"}))["data"]
    assert lottery["askForSamplingRun"] == {"type": "/problems/validation-failed"}
    assert lottery["previewSamplingRun"]["errors"] == [{"pointer": "/design"}]


async def test_a_vendor_makes_its_own_draws_again_and_sees_no_others(draws: Draws) -> None:
    world = draws.world
    vendor = (await world.get("/people/vendors", by=draws.lead))["items"][0]["id"]
    manager = await world.person("vendor_manager", "Vera", vendor_id=vendor)
    of_all = await draws.drawn()
    own = await draws.drawn(key="own", filter={"vendor_id": vendor})
    assert (await draws.told(own, "/verification", by=manager))["samples"] == own["samples"] == 10
    assert len((await draws.told(own, "/inputs", by=manager))["population"]) == 20
    assert slug(await draws.told(of_all, "/inputs", by=manager, status=404)) == "not-found"
    assert [one["id"] for one in (await world.get(RUNS, by=manager))["items"]] == [own["id"]]
    theirs = await world.person("lead", "Vico", vendor_id=vendor)
    assert slug(await draws.ask(key="mine", by=theirs, status=403)) == "forbidden"
