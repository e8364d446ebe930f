"""An OpenID Connect provider on a local port: discovery, keys that rotate, tokens of any kind, bad days."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from help_desks.serving import serving
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "https://assay.example"
CONFIGURATION, JWKS = "/.well-known/openid-configuration", "/jwks"

_KEYS: dict[str, tuple[Callable[[], Any], Any]] = {
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "EdDSA": (Ed25519PrivateKey.generate, OKPAlgorithm),
}


class Provider:
    """`keys`: what it signs with, by `kid`. `asked`: every path asked for. The rest: its bad days."""

    def __init__(self, url: str = "https://id.example") -> None:
        self.url = url
        self.keys: dict[str, tuple[str, Any]] = {}
        self.asked: list[str] = []
        self.status = 200
        self.delay_s = 0.0
        self.about: dict[str, Any] = {}
        """What its discovery document says otherwise."""
        self.more_keys: list[Any] = []
        self.raw: dict[str, bytes] = {}
        """By path: an answer of any bytes."""
        self.drip_s = 0.0
        """Between one byte of an answer and the next."""
        self.add_key("first")

    def add_key(self, kid: str, algorithm: str = "EdDSA") -> None:
        self.keys[kid] = (algorithm, _KEYS[algorithm][0]())

    def jwks(self) -> dict[str, Any]:
        public = [
            _KEYS[algorithm][1].to_jwk(key.public_key(), as_dict=True)
            | {"kid": kid, "use": "sig", "alg": algorithm}
            for kid, (algorithm, key) in self.keys.items()
        ]
        return {"keys": [*self.more_keys, *public]}

    def token(self, subject: str = "somebody", *, kid: str = "first", header: Any = None, **more: Any) -> str:
        """An access token of RFC 9068; a claim or a header that is None is left out."""
        algorithm, key = self.keys[kid]
        now = int(datetime.now(UTC).timestamp())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 300} | more
        claims = {name: value for name, value in said.items() if value is not None}
        headers = {"typ": "at+jwt", "kid": kid} | (header or {})
        return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm, headers=headers)

    def count(self, path: str) -> int:
        return self.asked.count(path)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.asked.append(path)
        await asyncio.sleep(self.delay_s)
        about = {"issuer": self.url, "jwks_uri": self.url + JWKS} | self.about
        found = {CONFIGURATION: about, JWKS: self.jwks()}.get(path)
        body = self.raw.get(path, json.dumps(found).encode())
        status = self.status if found is not None else 404
        headers = [(b"content-type", b"application/json"), (b"location", (self.url + "/elsewhere").encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for at in range(len(body)) if self.drip_s else ():
            await send({"type": "http.response.body", "body": body[at : at + 1], "more_body": True})
            await asyncio.sleep(self.drip_s)
        await send({"type": "http.response.body", "body": b"" if self.drip_s else body})


@contextlib.asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    async with serving(made) as url:
        made.url = url
        yield made
