"""The text of service tokens: a prefix that leaks can be searched by, a name, 256 random bits, and a checksum
that tells a mistyped one without asking the database. Only a hash of it is stored."""

import hashlib
import re
import secrets
import zlib
from base64 import b32encode

MARK = "assay_st_"
_FORM = re.compile(MARK + r"([a-z2-7]{8})_[0-9a-f]{72}")


def make() -> tuple[str, str]:
    """(name, token)"""
    name = b32encode(secrets.token_bytes(5)).decode().lower()
    body = f"{MARK}{name}_{secrets.token_hex(32)}"
    return name, body + _checksum(body)


def parse(token: str) -> tuple[str, bytes] | None:
    """(name, hash); None for what cannot be one of ours."""
    found = _FORM.fullmatch(token)
    if found is None or _checksum(token[:-8]) != token[-8:]:
        return None
    return found[1], hash_of(token)


def find_in(text: str) -> list[str]:
    """Each token that stands in a longer text."""
    return [found[0] for found in _FORM.finditer(text) if parse(found[0])]


def hash_of(token: str) -> bytes:
    """A plain hash is enough: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
