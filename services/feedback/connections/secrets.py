"""What a connection's sealed secret holds: the names and words by which its sender proves itself.
Pure. (Sealing is `shared.crypto`'s.)"""

import json
from collections.abc import Mapping

ZENDESK_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # published by Zendesk
"""Signs Zendesk's "test webhook" before a webhook exists: everybody knows it, so it proves nothing."""


def text(secrets: Mapping[str, str]) -> str:
    return json.dumps(dict(secrets), ensure_ascii=False, sort_keys=True)


def parse(unsealed: str) -> Mapping[str, str]:
    """Connections made before there were several secrets hold the signing secret alone."""
    if not unsealed.startswith("{"):
        return {"secret": unsealed}
    found: dict[str, str] = json.loads(unsealed)
    return found
