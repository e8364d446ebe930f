"""Salesforce: queries, their pages, tokens and refusals."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from help_desks import salesforce
from help_desks import soql as reader
from help_desks.asking import client, sf, soql, token
from help_desks.data import make_tickets
from help_desks.limits import RateLimit
from help_desks.salesforce_rows import id18, sf_id

CASES = "SELECT Id, CaseNumber, IsDeleted, SystemModstamp, Owner.Name FROM Case"


async def test_query_pages_bring_every_case_once() -> None:
    desk = make_tickets(450)
    query = f"{CASES} WHERE SystemModstamp >= 2026-01-01T00:00:00Z ORDER BY SystemModstamp, Id"
    async with sf(desk) as asking:
        rows = await soql(asking, query, batch=200)
        some = await soql(asking, query, every=False)
    assert [row["Id"] for row in rows] == [sf_id("Case", n) for n in range(1, 451)]
    assert [row["Id"] for row in some] == [row["Id"] for row in rows if not row["IsDeleted"]]
    assert set(rows[0]) == {"attributes", "Id", "CaseNumber", "IsDeleted", "SystemModstamp", "Owner"}
    assert set(rows[0]["Owner"]) == {"attributes", "Name"}


async def test_keyset_paging_on_stamp_and_id_brings_every_case_once() -> None:
    desk = make_tickets(90, same_second=7)
    rows: list[Any] = []
    where = ""
    async with sf(desk) as asking:
        while True:
            found = await soql(asking, f"{CASES}{where} ORDER BY SystemModstamp ASC, Id ASC LIMIT 10")
            if not found:
                break
            rows += found
            at, last = found[-1]["SystemModstamp"].replace("+0000", "Z"), found[-1]["Id"]
            where = f" WHERE (SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{last}'))"
    assert [row["Id"] for row in rows] == [sf_id("Case", n) for n in range(1, 91)]


async def test_a_query_is_a_snapshot_and_a_touched_case_comes_with_the_next() -> None:
    desk = make_tickets(250)
    async with sf(desk, smallest_batch=100, page_size=100) as asking:
        first = (await asking.get("/services/data/v62.0/queryAll", params={"q": CASES})).json()
        desk.touch(200)
        second = (await asking.get(first["nextRecordsUrl"])).json()
        stamp = first["records"][-1]["SystemModstamp"].replace("+0000", "Z")
        later = await soql(asking, f"{CASES} WHERE SystemModstamp > {stamp} ORDER BY SystemModstamp, Id")
    assert sf_id("Case", 200) in [row["Id"] for row in second["records"]]
    assert later[-1]["Id"] == sf_id("Case", 200)


@pytest.mark.parametrize("name", ["EmailMessage", "CaseComment", "CaseMilestone", "CaseHistory"])
async def test_children_by_time_are_the_children_by_parent(name: str) -> None:
    desk = make_tickets(120)
    parent = "ParentId" if name in {"EmailMessage", "CaseComment"} else "CaseId"
    stamp = "CreatedDate" if name == "CaseHistory" else "SystemModstamp"
    ids = ", ".join(f"'{sf_id('Case', n)}'" for n in range(1, 121))
    async with sf(desk) as asking:
        by_time = await soql(
            asking,
            f"SELECT Id, {parent}, {stamp} FROM {name} "
            f"WHERE {stamp} >= 2020-01-01T00:00:00Z ORDER BY {stamp}, Id",
        )
        by_parent = await soql(asking, f"SELECT Id, {parent}, {stamp} FROM {name} WHERE {parent} IN ({ids})")
    assert by_time == by_parent
    assert [row[stamp] for row in by_time] == sorted(row[stamp] for row in by_time)
    assert len({row["Id"] for row in by_time}) == len(by_time) > 20


async def test_survey_answers_lead_to_their_case() -> None:
    desk = make_tickets(100)
    rated = [n for n in range(1, 101) if desk[n].rated]
    async with sf(desk) as asking:
        answers = await soql(
            asking,
            "SELECT Id, ResponseId, NumberValue, Response.Status FROM SurveyQuestionResponse "
            "WHERE NumberValue != null",
        )
        ids = ",".join(f"'{row['ResponseId']}'" for row in answers)
        subjects = await soql(
            asking, f"SELECT ParentId, SubjectId FROM SurveySubject WHERE ParentId IN ({ids})"
        )
    assert sorted(row["SubjectId"] for row in subjects) == [sf_id("Case", n) for n in rated]
    assert {row["Response"]["Status"] for row in answers} == {"Completed"}


async def test_messages_of_a_merged_case_hang_on_the_winner() -> None:
    desk = make_tickets(60)
    loser = next(n for n in range(1, 61) if desk.fate(n) == "merged")
    async with sf(desk) as asking:
        lost = await soql(asking, f"SELECT MasterRecordId FROM Case WHERE Id = '{sf_id('Case', loser)}'")
        winner = lost[0]["MasterRecordId"]
        mails = await soql(asking, f"SELECT Id, ParentId FROM EmailMessage WHERE ParentId = '{winner}'")
    assert {row["ParentId"] for row in mails} == {winner}
    assert any(int(row["Id"][5:15]) // 100 == loser for row in mails)


async def test_an_expired_token_a_spent_day_and_trouble_are_told_as_salesforce_does() -> None:
    account = salesforce.Account(make_tickets(3), token_calls=3, limit=RateLimit(2), unavailable=1)
    path = "/services/data/v62.0/query?q=SELECT+Id+FROM+Case"
    async with client(salesforce.create_app(account)) as asking:
        seen = [await asking.get(path)]
        asking.headers["authorization"] = f"Bearer {await token(asking)}"
        seen += [await asking.get(path) for _ in range(4)]
        account.token_calls = 2
        seen.append(await asking.get(path))
    told = [(a.status_code, a.json()[0]["errorCode"] if a.status_code != 200 else "") for a in seen]
    assert told == [
        (401, "INVALID_SESSION_ID"),
        (503, "SERVER_UNAVAILABLE"),
        (200, ""),
        (200, ""),
        (403, "REQUEST_LIMIT_EXCEEDED"),
        (401, "INVALID_SESSION_ID"),
    ]


async def test_a_wrong_client_secret_gets_no_token() -> None:
    async with client(salesforce.create_app(salesforce.Account(make_tickets(1)))) as asking:
        form = {"grant_type": "client_credentials", "client_id": "3MVG9-halcyon", "client_secret": "x"}
        answer = await asking.post("/services/oauth2/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Id = 'a' AND Id = 'b' OR Id = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE Subject > 3", "MALFORMED_QUERY"),
        ("SELECT Id FROM Case WHERE SystemModstamp >= 2026-01-01T00:00:00", "MALFORMED_QUERY"),
        ("SELECT Id, Nothing__c FROM Case", "INVALID_FIELD"),
        ("SELECT Id FROM CaseHistory WHERE SystemModstamp > 2026-01-01T00:00:00Z", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
    ],
)
async def test_a_bad_query_is_refused(query: str, code: str) -> None:
    async with sf(make_tickets(3)) as asking:
        answer = await asking.get("/services/data/v62.0/query", params={"q": query})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


QUERIES = st.from_regex(r"SELECT Id FROM Case( WHERE [\w ()=<>',-]{0,40})?", fullmatch=True)


@given(st.text(max_size=60) | QUERIES)
def test_any_query_is_read_or_refused(query: str) -> None:
    with contextlib.suppress(reader.BadQuery):
        reader.read(query)


@pytest.mark.parametrize("word", ["NOT ", "("])
def test_a_very_deep_query_is_refused(word: str) -> None:
    with pytest.raises(reader.BadQuery, match="deep"):
        reader.read(f"SELECT Id FROM Case WHERE {word * 3000}")


def test_ids_carry_their_capitals() -> None:
    assert id18("00D5g00000K7hQz") == "00D5g00000K7hQzEAJ"
