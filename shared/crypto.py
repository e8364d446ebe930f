"""Keys derived from the one secret key, and secrets sealed for the database."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.config import Settings


def key_for(settings: Settings, purpose: str) -> bytes:
    """32 bytes that only this purpose uses, so that no key ever serves two ends."""
    secret = settings.secret_key.get_secret_value()
    if len(secret) < 32:
        raise RuntimeError("ASSAY_SECRET_KEY must be set, with at least 32 characters.")
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


class Sealer:
    """Encrypts small secrets at rest (Fernet: AES-128-CBC with an HMAC)."""

    def __init__(self, settings: Settings) -> None:
        self._fernet = Fernet(urlsafe_b64encode(key_for(settings, "secrets at rest")))

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise RuntimeError(
                "A stored secret was sealed with another ASSAY_SECRET_KEY: restore that key."
            ) from None
