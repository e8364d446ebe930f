"""Whatever proves a sender is compared in constant time: nobody finds a secret out letter by letter."""

import ast
import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doors import DOORS, Delivery, furnish, genuine
from world import World

from services.feedback.inbox import rules as inbox_rules
from services.feedback.intake.sources import freshdesk
from services.feedback.intake.sources import zendesk as source_of_zendesk
from shared import standard_webhooks

REAL_COMPARE = hmac.compare_digest
FORGED: dict[str, Callable[[str], str]] = {
    "its first character": lambda proof: ("b" if proof[0] == "a" else "a") + proof[1:],
    "its last character": lambda proof: proof[:-1] + ("b" if proof[-1] == "a" else "a"),
    "cut short": lambda proof: proof[: len(proof) // 2],
    "nothing": lambda _proof: "",
}


async def complaints_about_comparisons(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for door in DOORS:
        await furnish(world, door)
    compared: set[bytes] = set()

    def counting(one: Any, other: Any) -> bool:
        compared.update(side.encode() if isinstance(side, str) else bytes(side) for side in (one, other))
        return REAL_COMPARE(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    found = []
    # given deliveries that prove nothing, at every door
    for door in DOORS:
        for name, forgery in forgeries(door).items():
            compared.clear()
            # when one comes
            status = (await forgery.posted(world)).status_code
            # then it is refused, and was compared with all that it should have brought, at full length
            if status != (404 if door == "soap" else 401):
                found.append(f"{door}, {name}: answered {status}")
            if not compared >= {proof.encode() for proof in forgery.expected}:
                found.append(f"{door}, {name}: not compared in constant time")
    return found


def forgeries(door: str) -> dict[str, Delivery]:
    """Proofs that are wrong at their first character, at their last, in length, or not there."""
    right = genuine(door, "1")
    made = {}
    for name, forge in FORGED.items():
        if door == "freshdesk":
            basic = base64.b64encode(forge(right.expected[0]).encode()).decode()
            headers = {"authorization": f"Basic {basic}", "x-intake-token": forge(right.expected[1])}
            made[name] = replace(right, headers=headers)
        elif door == "soap":
            path = right.path.replace(right.expected[0], forge(right.expected[0]) or "-")
            made[name] = replace(right, path=path)
        else:
            headers = {
                key: forge(value) if value in right.expected else value
                for key, value in right.headers.items()
            }
            made[name] = replace(right, headers=headers)
    return made


async def test_every_refused_delivery_was_compared_in_constant_time_with_the_whole_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await complaints_about_comparisons(world, monkeypatch) == []


async def test_the_check_of_comparisons_complains_where_equality_is_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given comparisons that end at the first difference
    def zendesk_equal(secret: str, headers: Any, body: bytes, **_: Any) -> bool:
        stamp = headers.get(source_of_zendesk.TIMESTAMP, "")
        return bool(headers.get(source_of_zendesk.SIGNATURE) == source_of_zendesk.sign(secret, stamp, body))

    def standard_equal(secret: str, headers: Any, body: bytes, **_: Any) -> bool:
        signed = (headers[standard_webhooks.ID], headers[standard_webhooks.TIMESTAMP], body)
        return bool(headers[standard_webhooks.SIGNATURE] == standard_webhooks.sign(secret, *signed))

    def freshdesk_equal(
        authorization: str, token: str, *, user: str, password: str, expected_token: str
    ) -> bool:
        return freshdesk._credentials(authorization) == f"{user}:{password}".encode() and (
            token == expected_token
        )

    monkeypatch.setattr(source_of_zendesk, "is_genuine", zendesk_equal)
    monkeypatch.setattr(standard_webhooks, "is_genuine", standard_equal)
    monkeypatch.setattr(freshdesk, "is_genuine", freshdesk_equal)
    monkeypatch.setattr(inbox_rules, "_same", lambda expected, given: expected == given)
    # when it is checked, then it complains of every door and forgery
    found = await complaints_about_comparisons(world, monkeypatch)
    assert found == [f"{door}, {name}: not compared in constant time" for door in DOORS for name in FORGED]


SECRET_WORDS = re.compile("secret|token|signature|password|digest|credential|expected", re.IGNORECASE)
PUBLIC = {"ZENDESK_TEST_SECRET"}
"""Everybody knows it: comparing with it tells nothing."""


def equalities_of_secrets(source: str) -> list[str]:
    """Comparisons by == or != of what is named like a secret."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            names = {getattr(side, "id", getattr(side, "attr", "")) for side in sides}
            if any(SECRET_WORDS.search(name) for name in names) and not names & PUBLIC:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def test_nothing_named_like_a_secret_is_compared_by_equality() -> None:
    # given all code that is given secrets
    root = Path(inbox_rules.__file__).parents[3]
    files = [*(root / "services/feedback").rglob("*.py"), root / "shared/standard_webhooks.py"]
    assert len(files) > 40
    # then nowhere it compares one by ==
    assert {str(file): found for file in files if (found := equalities_of_secrets(file.read_text()))} == {}


@pytest.mark.parametrize(
    "line", ["secret == given", "given != self.token", "a.signature == b", "user == u and password == given"]
)
def test_the_search_for_equalities_finds_them(line: str) -> None:
    assert len(equalities_of_secrets(f"def fits():\n    return {line}\n")) == 1
