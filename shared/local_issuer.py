"""Our own issuer, for running without an identity provider: its tokens go the same way as any other's.
Its key is made of the secret key, so that every process of a deployment has the same. Not in production."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from shared import clock
from shared.config import Issuer, Settings
from shared.crypto import key_for

ISSUER = "http://assay.internal/identity"
AUDIENCE, TOKEN_TYPE, KID = "assay-api", "at+jwt", "local-1"


class NotForProduction(RuntimeError):
    """What is set is good enough to try things out only."""


def refuse_in_production(settings: Settings) -> None:
    """Raises NotForProduction where people would come in by our own tokens, or by keys read in the open."""
    if settings.environment == "production" and not settings.oidc_issuers:
        raise NotForProduction(
            "ASSAY_ENVIRONMENT is production: set ASSAY_OIDC_ISSUERS. The local issuer, which makes a token "
            "for whoever has the secret key, is for trying out."
        )
    for one in settings.oidc_issuers:
        if settings.environment == "production" and not one.issuer.startswith("https://"):
            raise NotForProduction(
                f"ASSAY_ENVIRONMENT is production, and {one.issuer} in ASSAY_OIDC_ISSUERS is not https: "
                "whoever is on the way could hand us keys of their own."
            )


class LocalIssuer:
    def __init__(self, settings: Settings) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key_for(settings, "local issuer"))
        self._ttl = timedelta(seconds=settings.token_ttl_s)

    def issue(self, person_id: UUID) -> str:
        """A token that names this person."""
        now = clock.now()
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(person_id), "iat": now, "exp": now + self._ttl}
        headers = {"typ": TOKEN_TYPE, "kid": KID}
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers=headers)

    def configuration(self) -> Issuer:
        """As an identity provider would be configured."""
        return Issuer(
            issuer=ISSUER, audience=AUDIENCE, algorithms=("EdDSA",), max_life_s=int(self._ttl.total_seconds())
        )

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/jwks",
            "id_token_signing_alg_values_supported": ["EdDSA"],
        }

    def jwks(self) -> dict[str, Any]:
        public = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": KID, "use": "sig", "alg": "EdDSA"}]}
