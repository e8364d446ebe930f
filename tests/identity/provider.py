"""An identity provider on this machine: discovery, keys that can be rotated, and moods."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.config import Issuer
from shared.tokens import Verifier

ISSUER = "https://id.example.com/realms/quality"


class Provider:
    """Signs tokens, and answers as an httpx transport."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"first": rsa.generate_private_key(65537, 2048)}
        self.asked: list[str] = []
        self.mood = "well"
        self.discovery: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        self.now = 0.0

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def rotate(self, kid: str) -> None:
        self.keys = {kid: ec.generate_private_key(ec.SECP256R1())}

    def token(self, *, kid: str | None = None, key: Any = None, **claims: Any) -> str:
        kid = kid or next(iter(self.keys))
        key = key or self.keys[kid]
        now = datetime.now(UTC)
        said = {
            "iss": ISSUER, "aud": "assay", "sub": "mara@id", "iat": now, "exp": now + timedelta(minutes=5),
        } | claims  # fmt: skip
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        headers = {"typ": "at+jwt", "kid": kid}
        return jwt.encode({k: v for k, v in said.items() if v is not None}, key, algorithm, headers=headers)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.mood == "down":
            raise httpx.ConnectError("down")
        if self.mood == "redirects":
            return httpx.Response(302, headers={"location": "http://169.254.169.254/"})
        if self.mood == "endless":
            return httpx.Response(200, content=b'"' + b"x" * 2_000_000)
        if self.mood == "html":
            return httpx.Response(200, content=b"<html>")
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(200, json=self.discovery)
        return httpx.Response(200, json={"keys": [self._public(kid) for kid in self.keys]})

    def _public(self, kid: str) -> dict[str, Any]:
        key = self.keys[kid].public_key()
        kind = RSAAlgorithm if isinstance(key, rsa.RSAPublicKey) else ECAlgorithm
        return dict(kind.to_jwk(key, as_dict=True)) | {"kid": kid, "use": "sig"}


def verifier_of(provider: Provider, **settings: Any) -> Verifier:
    whole = {"issuer": ISSUER, "audience": "assay", "algorithms": ("RS256", "ES256")} | settings
    return Verifier([(Issuer.model_validate(whole), provider.client())])
