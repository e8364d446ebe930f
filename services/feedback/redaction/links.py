"""Addresses of the net: e-mail, IP, handles and profiles, and what is secret in a link. Pure."""

import ipaddress
import re
from collections.abc import Iterator

from services.feedback.redaction.reading import MASK, Found, Reading, before
from services.feedback.redaction.words import (
    AT_WORDS,
    DOT_WORDS,
    NO_HANDLES,
    NO_PROFILES,
    PLATFORMS,
    SECRET_PATHS,
    VERSION_WORDS,
)

_ASCII_LABELS = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24})(?![A-Za-z0-9_])"
)
_ANY_LABELS = (
    r"(?:[^\W_][\w-]{0,62}\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}(?![A-Za-z])|[^\W\d_]{2,24})"
)
_DOMAIN = re.compile(rf"(?:{_ASCII_LABELS}|{_ANY_LABELS})")
_ASCII_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-")
_PUNCTUATION = "._%+-"


def find_links(reading: Reading) -> Iterator[Found]:
    text = reading.plain
    if "@" in text:
        yield from _emails(text)
        yield from _handles(text)
    yield from _spelled_out(reading)
    if "/" in text or "?" in text:
        yield from _in_links(text)
    if "." in text or ":" in text:
        yield from _ips(reading)


# ---- E-mail -----------------------------------------------------------------------------------


def _emails(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at >= 0:
        start = _local_start(text, at)
        domain = _DOMAIN.match(text, at + 1)
        if start < at and domain:
            yield Found(start, domain.end(), "email")
        at = text.find("@", at + 1)


def _local_start(text: str, at: int) -> int:
    """Backwards, so that a long text without an address costs nothing. Letters of other scripts only where
    the address itself is written in them: Japanese puts no space before it."""
    if text[at - 1 : at] == '"':
        opening = text.rfind('"', max(0, at - 66), at - 1)
        return (
            opening if opening >= 0 and MASK not in text[opening:at] and "\n" not in text[opening:at] else at
        )
    start, floor = at, max(0, at - 320)
    is_ascii = text[at - 1 : at].isascii()
    while start > floor:
        letter = text[start - 1]
        if (letter in _ASCII_LOCAL if is_ascii else letter.isalnum() or letter in _PUNCTUATION) or (
            is_ascii and letter.isalpha() and _is_beside_ascii(letter)
        ):
            start -= 1
        else:
            break
    while start < at and text[start] in "'./=?&#{|}!*+-^%$~`":
        start += 1
    # A link's parameter is not part of the address in it.
    cut = max(text.rfind(mark, start, at) for mark in "=/?&#")
    return max(start, cut + 1) if cut + 1 < at else start


def _is_beside_ascii(letter: str) -> bool:
    """Latin with accents belongs to a Latin word; a kana does not."""
    return letter < "\u0250"


_DOT = rf"\s{{0,2}}[\[({{<]?\s{{0,2}}(?:{'|'.join(DOT_WORDS)})\s{{0,2}}[\])}}>]?\s{{0,2}}"
_AT_BRACKETED = re.compile(
    rf"\s{{0,2}}[\[({{<]\s{{0,2}}(?:{'|'.join(AT_WORDS)}|@)\s{{0,2}}[\])}}>]\s{{0,2}}", re.IGNORECASE
)
_AT_BARE = re.compile(rf" (?:{'|'.join(AT_WORDS)}) ", re.IGNORECASE)
_AT_DOT = re.compile(r"[\w-]{1,63}(?: dot [\w-]{2,24}){1,3}(?!\w)", re.IGNORECASE)
_AFTER_BRACKETED = re.compile(rf"[\w-]{{1,63}}(?:(?:{_DOT}|\.)[\w-]{{2,63}}){{1,4}}", re.IGNORECASE)
_AFTER_BARE = re.compile(
    rf"[\w-]{{1,63}}(?:\s(?:{'|'.join(DOT_WORDS)})\s[\w-]{{2,24}}){{1,3}}(?!\w)", re.IGNORECASE
)
_BEFORE_AT = re.compile(
    rf"[\w+-]{{1,64}}(?:(?:\.| (?:{'|'.join(DOT_WORDS)}) |_)[\w+-]{{1,30}}){{0,3}}$", re.IGNORECASE
)
_LETTERS_END = re.compile(
    r"(?<![^\W\d_])(?:com|net|org|info|biz|edu|gov|io|co|app|dev|me|eu|[a-z]{2}|рф)$", re.IGNORECASE
)


def _spelled_out(reading: Reading) -> Iterator[Found]:
    """ "jane (at) example dot com"."""
    text = reading.plain
    for brackets in "[({<":
        if brackets in text:
            for match in _AT_BRACKETED.finditer(text):
                yield from _around(text, match, _AFTER_BRACKETED)
            break
    if any(f" {word} " in reading.lower for word in DOT_WORDS):
        for match in _AT_BARE.finditer(text):
            # "at this point and": words of two languages make no address.
            yield from _around(text, match, _AT_DOT if match[0].lower() == " at " else _AFTER_BARE)


def _around(text: str, at: re.Match[str], after: re.Pattern[str]) -> Iterator[Found]:
    domain = after.match(text, at.end())
    if not domain or not _LETTERS_END.search(domain[0]):
        return
    floor = max(0, at.start() - 96)
    local = _BEFORE_AT.search(text[floor : at.start()])
    if local:
        yield Found(floor + local.start(), domain.end(), "email")


# ---- Handles and links ------------------------------------------------------------------------

_HANDLE = re.compile(r"(?<![\w@./:&=-])@([A-Za-z_][\w]{1,30}(?:[.-]\w{1,30}){0,3})(?![\w@])")
_PROFILE = re.compile(
    rf"(?<![\w.-])(?:https?://)?(?:(?:www|m|mobile|[a-z]{{2}})\.)?(?:{PLATFORMS})(@?[\w.%-]{{2,80}})"
    rf"(/?[\w/-]{{0,40}})",
    re.IGNORECASE,
)
_WHATSAPP = re.compile(r"(?<![\w.-])(?:wa\.me/|api\.whatsapp\.com/send\?phone=)\+?(\d{7,15})", re.IGNORECASE)
_PARAMETER = re.compile(
    r"[?&#;](?:[\w.-]{0,24}(?:token|secret|passw(?:or)?d|passwd|api[_-]?key|apikey|signature|credential"
    r"|session|jwt)"
    r"[\w.-]{0,24}|auth|authorization|sig|sid|key|pwd|pass|code|otp|hash|magic|invite|reset|state|nonce"
    r"|pin|k)"
    rf"=([^&#\s\"'<>\[\]{MASK}]{{4,4096}})",
    re.IGNORECASE,
)
_USERINFO = re.compile(
    rf"(?<![\w])[a-z][a-z0-9+.-]{{1,15}}://([^\s/@:?#\[\]{MASK}]{{1,200}}:[^\s/@\[\]{MASK}]{{1,200}})@",
    re.IGNORECASE,
)
_SECRET_PATH = re.compile(
    rf"/(?:[\w-]{{0,20}}(?:{SECRET_PATHS})[\w-]{{0,20}})/(?=[\w.~-]{{0,200}}\d)([\w.~-]{{16,1000}})",
    re.IGNORECASE,
)


def _handles(text: str) -> Iterator[Found]:
    for match in _HANDLE.finditer(text):
        if match[1].lower() not in NO_HANDLES:
            yield Found(match.start(), match.end(), "handle")


def _in_links(text: str) -> Iterator[Found]:
    for match in _PROFILE.finditer(text):
        name = match[1].strip("@.").lower()
        is_page_of_another_thing = "github" in match[0].lower() and len(match[2]) > 1
        if name and name not in NO_PROFILES and not is_page_of_another_thing:
            yield Found(match.start(1), match.end(1) - (len(match[1]) - len(match[1].rstrip("."))), "handle")
    for pattern, kind in (
        (_WHATSAPP, "phone"), (_PARAMETER, "url secret"), (_USERINFO, "url secret"),
        (_SECRET_PATH, "url secret"),
    ):  # fmt: skip
        for match in pattern.finditer(text):
            end = match.start(1) + len(match[1].rstrip(".,;:!?)")) if kind == "url secret" else match.end(1)
            if end > match.start(1):
                yield Found(match.start(1), end, kind)


# ---- IP ---------------------------------------------------------------------------------------

_IPV4 = re.compile(r"(?<![A-Za-z0-9_.-])(?:\d{1,3}\.){3}\d{1,3}(?![A-Za-z0-9_-]|\.\d)")
_IPV6 = re.compile(
    r"(?<![A-Za-z0-9_:.])(?=[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![A-Za-z0-9_:])"
)
_MAC = re.compile(r"(?<![A-Za-z0-9_:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![A-Za-z0-9_:-])")


def _ips(reading: Reading) -> Iterator[Found]:
    text = reading.plain
    for match in _IPV4.finditer(text):
        lead = before(reading.lower, match.start(), 12)
        if _is_somebodys(match[0]) and not any(word in lead for word in VERSION_WORDS):
            yield Found(match.start(), match.end(), "ip")
    if ":" not in text:
        return
    for match in _IPV6.finditer(text):
        if match[0].count(":") >= 2 and _is_somebodys(match[0]) and any(one.isalnum() for one in match[0]):
            yield Found(match.start(), match.end(), "ip")
    for match in _MAC.finditer(text):
        yield Found(match.start(), match.end(), "ip")


def _is_somebodys(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)
