"""Keys derived from the one secret key; secrets, and what people wrote, sealed for the database."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.config import Settings

NONCE_BYTES = 12
ANOTHER_KEY = "A stored secret was sealed with another ASSAY_SECRET_KEY: restore that key."


def key_for(settings: Settings, purpose: str) -> bytes:
    """32 bytes that only this purpose uses, so that no key ever serves two ends."""
    secret = settings.secret_key.get_secret_value()
    if len(secret) < 32:
        raise RuntimeError("ASSAY_SECRET_KEY must be set, with at least 32 characters.")
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


class DataKey:
    """The key of one person's data (AES-256-GCM). Removed, and nothing sealed with it is read again."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, words: str, *place: object) -> bytes:
        """`place` says where it stands: sealed words that are moved elsewhere are not opened."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, words.encode(), _joined(place))

    def open(self, sealed: bytes, *place: object) -> str:
        """Raises RuntimeError where it was sealed with another key, or for another place."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _joined(place)).decode()
        except InvalidTag:
            raise RuntimeError(ANOTHER_KEY) from None


class Sealer:
    """What is done with the deployment's own keys: seals small secrets (Fernet: AES-128-CBC with an HMAC)
    and data keys (AES-256-GCM), and hashes names so that only who has the key can try them."""

    def __init__(self, settings: Settings) -> None:
        self._fernet = Fernet(urlsafe_b64encode(key_for(settings, "secrets at rest")))
        self._data_keys = AESGCM(key_for(settings, "data keys"))
        self._names = key_for(settings, "names of people")

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise RuntimeError(ANOTHER_KEY) from None

    def new_data_key(self, owner: UUID) -> bytes:
        """A fresh random key of 256 bits, sealed for its owner."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._data_keys.encrypt(nonce, secrets.token_bytes(32), owner.bytes)

    def data_key(self, sealed: bytes, owner: UUID) -> DataKey:
        try:
            key = self._data_keys.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.bytes)
        except InvalidTag:
            raise RuntimeError(ANOTHER_KEY) from None
        return DataKey(key)

    def hash_of(self, *names: object) -> bytes:
        """32 bytes: the same for the same names, and a riddle to whoever has not the key."""
        return hmac.digest(self._names, _joined(names), hashlib.sha256)

    def id_of(self, *names: object) -> UUID:
        """The same as a UUID (version 8)."""
        digest = bytearray(self.hash_of("id", *names)[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return UUID(bytes=bytes(digest))


def _joined(parts: tuple[object, ...]) -> bytes:
    """The separator cannot occur in a name: text columns refuse it (see `strict.py`)."""
    return "\x1f".join(map(str, parts)).encode()
