"""Every field of every body, with every odd value: never a 5xx, whatever else.

The cases of the catalogue are picked by hand; these are all that follow from the schemas. A route
that takes a body and has no example here fails the last test.
"""

import copy
import json
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from refusals import lasting_world
from world import SECRET, World

from services.demo.story import CARD

UNKNOWN = str(uuid4())
SHARE = float(os.environ.get("ASSAY_ODD_VALUES_SHARE", "0.3"))
VALUES: list[Any] = [
    None, True, 0, -1, 2**31, 2**63 - 1, -(2**63), 0.5, 1e308, 5e-324, -0.0,
    "", " ", "a", "NA", "\x00", "\ud800", "\x1b", "\u202e", "\u200b", "x" * 70, "🙂" * 10_001, UNKNOWN,
    "{" + UNKNOWN + "}", "0" * 32, "../..", "' OR 1=1 --", "%s%n", "2026-03-04T09:00:00Z", "1e400",
    [], [[]], [None], ["a"], {}, {"a": None}, {"": ""}, [[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]],
]  # fmt: skip
"""Some fit some fields: then the answer is a 2xx, or whatever else the product says."""

CRITERION = CARD["sections"][0]["criteria"][2]  # type: ignore[index]  # the demonstration's card is untyped
SMALL_CARD = CARD | {"sections": [{"id": "s", "title": "S", "weight": 1, "criteria": [CRITERION]}]}
WEEK = {
    "timezone": "UTC", "weekly": {"mon": [["09:00", "17:00"]]},
    "holidays": [{"start": "2026-01-01", "end": "2026-01-02"}],
}  # fmt: skip
MAPS = {
    "groups": {"1": {"name": "G", "vendor_id": None}}, "brands": {"2": "B"}, "bots": ["3"],
    "language_tag_prefix": "lang_", "topic_tag_prefix": "topic_",
}  # fmt: skip
POINT = {"criterion": "a", "proposed_value": 1, "text": "t"}

RUN: dict[str, Any] = {
    "connection_id": UNKNOWN, "from_at": "2026-01-05T00:00:00Z", "to_at": "2026-01-12T00:00:00Z",
    "filter": {"languages": ["de"], "tags": ["vip"]}, "strata": ["language"], "seed": "s",
    "design": {"kind": "share", "share": 0.5},
}  # fmt: skip
EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/people/vendors"): {"key": "v", "name": "V"},
    ("POST", "/people/schedules"): {"key": "s", "hours": WEEK},
    ("POST", "/people/people/{person_id}/logins"): {"issuer": "https://id", "subject": "s"},
    ("POST", "/people/service-tokens"): {
        "name": "n", "scopes": ["tickets.read"], "vendor_id": None, "days": 1,
    },
    ("POST", "/people/service-tokens/{token_id}/rotate"): {"overlap_hours": 1},
    ("POST", "/people/service-tokens/{token_id}/revoke"): {"reason": "r"},
    ("POST", "/people/notices"): {
        "title": "T", "body": "B", "language": "en", "signals": ["sentiment"], "vendor_id": None,
    },
    ("POST", "/people/people"): {"name": "P", "role": "agent", "vendor_id": None, "lead_id": None},
    ("PATCH", "/people/people/{person_id}"): {
        "name": "P", "role": "agent", "vendor_id": None, "lead_id": None, "is_active": True,
    },
    ("POST", "/feedback/connections"): {
        "key": "c", "name": "C", "platform": "zendesk", "account_id": "1", "secret": SECRET,
        "settings": MAPS, "schedule_id": None, "is_test": False, "raw_kept_days": 30,
        "api": {"base_url": "https://a.zendesk.com", "user": "a@b.c", "secret": "12345678"},
    },
    ("PATCH", "/feedback/connections/{connection_id}"): {
        "name": "C", "settings": MAPS, "schedule_id": None, "api": None, "raw_kept_days": 7,
    },
    ("POST", "/feedback/connections/{connection_id}/rotate-secret"): {
        "secret": SECRET, "overlap_hours": 1,
    },
    ("POST", "/feedback/connections/{connection_id}/backfills"): {
        "since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z",
    },
    ("POST", "/feedback/tickets/{ticket_id}/original"): {"purpose": "A complaint"},
    ("POST", "/feedback/requesters/find"): {"purpose": "A complaint", "email": "a@b.c"},
    ("POST", "/feedback/requesters/{requester_id}/identity"): {"purpose": "A complaint"},
    ("POST", "/feedback/requesters/{requester_id}/access-export"): {"purpose": "A complaint"},
    ("POST", "/feedback/requesters/{requester_id}/erase"): {"reason": "They asked for it"},
    ("POST", "/feedback/erasures/{erasure_id}/refuse"): {"reason": "r"},
    ("PATCH", "/audit/claim-policy"): {
        "lease_hours": 48, "pair_limit": 3, "pair_days": 30, "vendors_audit_own": False,
        "skill_tags": ["payments"], "distress_weights": {"violence": 3}, "distress_a_day": 9,
        "distress_a_week": 30,
    },
    ("PUT", "/audit/specialists/{person_id}/profile"): {
        "open_at_once": 5, "claims_a_day": 20, "languages": ["de"], "skills": ["payments"],
        "is_available": True, "leave": [{"first_day": "2026-07-01", "last_day": "2026-07-14"}],
    },
    ("PUT", "/audit/my-distressing"): {"takes": False},
    ("POST", "/audit/audits/{audit_id}/skip"): {"code": "technical"},
    ("POST", "/audit/sampling-runs"): RUN | {"key": "weekly", "scorecard_version_id": UNKNOWN},
    ("POST", "/audit/sampling-runs/outlook"): RUN,
    ("POST", "/audit/calibrations"): {
        "title": "T", "scorecard_version_id": UNKNOWN, "audit_ids": [UNKNOWN], "rater_ids": [UNKNOWN],
        "standard": "expert", "expert_id": UNKNOWN, "authors_may_rate": True,
        "due_at": "2036-03-04T09:00:00Z",
    },
    ("POST", "/audit/calibrations/{calibration_id}/ratings"): {
        "sample_id": UNKNOWN, "answers": [{"criterion": "a", "value": 1}],
    },
    ("POST", "/audit/calibrations/{calibration_id}/agreed"): {
        "sample_id": UNKNOWN, "answers": [{"criterion": "a", "value": "NA"}],
    },
    ("POST", "/audit/calibrations/{calibration_id}/late"): {"rater_id": UNKNOWN, "counts": True},
    ("POST", "/audit/calibrations/{calibration_id}/cancel"): {"reason": "r"},
    ("POST", "/audit/review-checks"): {"review_id": UNKNOWN, "checker_id": None},
    ("POST", "/audit/review-checks/{check_id}/answers"): {"answers": [{"criterion": "a", "value": 1}]},
    ("POST", "/feedback/legal-holds"): {"ticket_id": UNKNOWN, "reason": "A lawsuit is coming"},
    ("PATCH", "/feedback/retention"): {"data_class": "texts", "keep_days": 100},
    ("POST", "/audit/scorecards"): {"key": "k", "name": "K", "card": SMALL_CARD},
    ("POST", "/audit/scorecards/{scorecard_id}/versions"): {"card": SMALL_CARD},
    ("PUT", "/audit/scorecard-versions/{version_id}"): {"card": SMALL_CARD},
    ("POST", "/audit/scorecards/import"): {
        "format": "assay-scorecard/1", "key": "k", "name": "K", "card": SMALL_CARD,
    },
    ("POST", "/audit/scorecards/try"): {
        "scorecard_version_id": "{version_id}",
        "answers": [{"criterion": "a", "value": 1, "comment": "c", "reason": "r"}],
    },
    ("POST", "/audit/plans"): {
        "key": "p", "connection_id": "{connection_id}", "scorecard_version_id": "{version_id}",
        "rate": 0.5, "seed": "s",
    },
    ("POST", "/audit/audits/{audit_id}/submission"): {
        "answers": [{"criterion": "a", "value": 1, "comment": "c", "reason": "r"}], "summary": "s",
        "highlights": [{"message_id": UNKNOWN, "start": 0, "end": 1, "criterion": "a"}],
        "release_at": "2036-03-04T09:00:00Z",
    },
    ("POST", "/audit/held-reviews/{audit_id}/return"): {"reason": "r"},
    ("POST", "/audit/reviews/{review_id}/acknowledge-for"): {"proof": "p"},
    ("POST", "/audit/reviews/{review_id}/reassign"): {"agent_id": UNKNOWN, "reason": "r"},
    ("POST", "/audit/audits"): {
        "ticket_id": UNKNOWN, "scorecard_version_id": "{version_id}", "agent_id": UNKNOWN, "reason": "r",
    },
    ("POST", "/audit/audits/{audit_id}/reviews"): {
        "answers": [{"criterion": "a", "value": 1, "comment": "c", "reason": "r"}], "summary": "s",
        "highlights": [{"message_id": UNKNOWN, "start": 0, "end": 1, "criterion": "a"}],
    },
    ("PUT", "/audit/audits/{audit_id}/draft"): {
        "answers": [{"criterion": "a", "value": 1, "comment": "c"}], "summary": "s", "number": 0,
        "highlights": [{"message_id": UNKNOWN, "start": 0, "end": 1, "criterion": "a"}],
    },
    ("POST", "/audit/reviews/{review_id}/revise"): {
        "answers": [{"criterion": "a", "value": 1, "comment": "c"}], "summary": "s", "reason": "r",
        "highlights": [{"message_id": UNKNOWN, "start": 0, "end": 1, "criterion": "a"}],
    },
    ("POST", "/audit/reviews/{review_id}/void"): {"reason": "r"},
    ("POST", "/appeals"): {"review_id": UNKNOWN, "reason": "other", "points": [POINT]},
    ("POST", "/appeals/{appeal_id}/ruling"): {
        "outcome": "upheld", "reason": "exception", "text": "t",
        "changes": [{"criterion": "a", "value": 1}],
    },
    ("POST", "/appeals/{appeal_id}/withdraw"): {"reason": "r"},
    ("POST", "/appeals/{appeal_id}/release"): {"reason": "r"},
    ("POST", "/audit/audits/{audit_id}/release"): {"reason": "r"},
    ("POST", "/graphql"): {
        "query": "query a($a: Int) { tickets(first: $a) { nodes { id } } }",
        "variables": {"a": 1}, "operationName": "a", "extensions": {},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


def chosen(*what: Any) -> bool:
    """Always the same ones, so many of them as SHARE says."""
    return zlib.crc32(repr(what).encode()) < SHARE * 2**32


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


def planted(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(body)
    owner: Any = whole
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    return whole


async def things(world: World) -> dict[str, str]:
    """One of each that an address may name, where making one is short."""
    connection = await world.connection(f"c{uuid4().hex[:8]}")
    card = await world.scorecard(f"k{uuid4().hex[:8]}")
    return {
        "person_id": await world.person("specialist"), "connection_id": connection["id"],
        "scorecard_id": card["scorecard_id"], "version_id": card["id"],
        "audit_id": UNKNOWN, "appeal_id": UNKNOWN, "token_id": UNKNOWN, "ticket_id": UNKNOWN,
        "review_id": UNKNOWN,
        "requester_id": UNKNOWN, "erasure_id": UNKNOWN, "calibration_id": UNKNOWN, "check_id": UNKNOWN,
    }  # fmt: skip


@pytest.mark.parametrize("route", EXAMPLES, ids=" ".join)
async def test_no_value_in_any_field_is_a_failure_of_ours(world: World, route: tuple[str, str]) -> None:
    method, template = route
    named = await things(world)
    body = {
        name: value.format(**named) if name.endswith("_id") and value else value
        for name, value in EXAMPLES[route].items()
    }
    role = "agent" if template == "/appeals" or "withdraw" in template else None
    headers = world.as_(await world.person(role) if role else None) | {"content-type": "application/json"}
    for path in places(body):
        for value in VALUES:
            if not chosen(template, path, value):
                continue
            sent = planted(body, path, value)
            if "key" in sent and path != ("key",):
                sent["key"] = f"k{uuid4().hex}"
            answer = await world.client.request(
                method,
                template.format(**named),
                content=json.dumps(sent).encode(),  # escaped: surrogates can be sent
                headers=headers,
            )
            case = f"{method} {template} {path} {value!r:.60}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code < 500, case
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", case
                assert answer.status_code in (400, 403, 404, 409, 413, 422), case


def test_every_route_that_takes_a_body_has_an_example(world: World) -> None:
    takes = {
        (method.upper(), path)
        for path, operations in world.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
        and not path.startswith("/feedback/intake/")
    }
    assert takes == set(EXAMPLES)
