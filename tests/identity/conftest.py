"""A provider and what is verified against it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from provider import ISSUER, Provider

from shared.config import Issuer
from shared.tokens import Verifier


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(issuer=ISSUER, audience="assay", algorithms=("RS256", "ES256"))


@pytest.fixture
def verifier(provider: Provider, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Verifier:
    made = Verifier([(issuer, provider.client())])
    for _, keys in made._issuers.values():
        keys._now = lambda: provider.now
    return made
