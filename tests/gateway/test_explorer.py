"""The explorer: all that it loads comes from here, and the operations that it begins with can be run."""

import gzip
import re

import pytest
from graphql import OperationDefinitionNode, OperationType, build_schema, parse, validate
from on_the_wire import cursor_now, follower, served
from world import World

from services.gateway.explorer.page import assets, examples
from services.gateway.schema import schema

NAMES = ["editor.worker.js", "explorer.css", "explorer.js", "graphql.worker.js", "json.worker.js"]


async def test_the_page_names_only_what_is_here(world: World) -> None:
    # when the page is asked for, by nobody in particular
    answer = await world.client.get("/graphql/explorer")
    # then it may load what it names, from here alone
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'; script-src 'self';" in answer.headers["content-security-policy"]
    named = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert named == ["data:,", "/graphql/explorer/explorer.css", "/graphql/explorer/explorer.js"]
    for address in named[1:]:
        assert (await world.client.get(address)).status_code == 200


@pytest.mark.parametrize("name", NAMES)
async def test_each_asset_is_what_it_says_and_is_sent_again_only_when_it_changed(
    world: World, name: str
) -> None:
    assert sorted(assets()) == NAMES
    # when it is asked for by a browser, and by something that unpacks nothing
    zipped = await world.client.get(f"/graphql/explorer/{name}")
    plain = await world.client.get(f"/graphql/explorer/{name}", headers={"accept-encoding": "identity"})
    # then both have the same
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content == gzip.decompress(assets()[name].zipped)
    assert plain.headers["content-type"].startswith("text/css" if name.endswith("css") else "text/javascript")
    assert plain.headers["cache-control"] == "no-cache"
    # and who has it already is told so
    known = {"if-none-match": plain.headers["etag"]}
    again = await world.client.get(f"/graphql/explorer/{name}", headers=known)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "explorer.js.gz"])
async def test_nothing_else_is_there(world: World, name: str) -> None:
    assert (await world.client.get(f"/graphql/explorer/{name}")).status_code == 404


async def test_the_schema_is_told_as_text_to_whoever_generates_clients(world: World) -> None:
    answer = await world.client.get("/graphql/schema.graphql")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert build_schema(answer.text).query_type is not None


def operation(text: str) -> OperationDefinitionNode:
    (found,) = parse(text).definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


ASKED = [text for text in examples() if operation(text).operation is not OperationType.SUBSCRIPTION]
FOLLOWED = [text for text in examples() if text not in ASKED]


@pytest.mark.parametrize("text", ASKED)
async def test_each_operation_that_it_begins_with_can_be_run(world: World, text: str) -> None:
    assert validate(schema._schema, parse(text)) == []
    answer = await world.graphql(text)
    assert answer["data"], answer
    assert "errors" not in answer


@pytest.mark.parametrize("text", FOLLOWED)
async def test_each_subscription_that_it_begins_with_tells_what_happens(world: World, text: str) -> None:
    assert validate(schema._schema, parse(text)) == []
    await world.plan((await world.connection())["id"])
    specialist = await world.person("specialist")
    await world.solved_ticket()
    async with served(world.app) as port, follower(port, world, text, after=await cursor_now(world)) as lead:
        await world.post("/audit/audits/claim-next", by=specialist, status=200)
        assert (await lead.next())["audit"]["state"] == "claimed"
