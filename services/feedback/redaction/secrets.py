"""What is said to be secret or to be a name on a platform, and keys that show what they are. Pure."""

import re
from collections.abc import Iterator

from services.feedback.redaction.reading import MASK, Found, Reading, occurrences
from services.feedback.redaction.words import (
    ACCOUNT_WORDS,
    CODE_WORDS,
    IDENTITY_WORDS,
    IS_WORDS,
    NO_HANDLES,
    NO_SECRETS,
    PASSWORD_WORDS,
)

_KEYS = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,256}|whsec_[A-Za-z0-9+/=]{16,128}"
    r"|gh[opsur]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|ya29\.[\w-]{20,512}|SG\.[\w-]{16,64}\.[\w-]{16,64}"
    r"|npm_[A-Za-z0-9]{30,64}|hf_[A-Za-z0-9]{30,64}|dop_v1_[a-f0-9]{64}|shp(?:at|ss|ca)_[a-fA-F0-9]{32}"
    r"|eyJ[\w-]{8,4096}\.[\w-]{4,8192}(?:\.[\w-]{0,4096})?)"
)
_BEARER = re.compile(r"(?<!\w)(?:bearer|basic) +(?=[\w.~+/-]{0,200}\d)([\w.~+/-]{16,4096}=*)", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY-----")

_NUMBERED = (
    r"(?: ?[(/]?(?:no|nr|num|number|nummer|numéro|numero|número|номер|numer|numarası|n[º°]|号码|番号|번"
    r"호|नंबर|رقم)\b[.)]?)?"
)
_LINK = rf"{_NUMBERED}(?: {{0,3}}(?:{IS_WORDS})(?= ))?"
_SAID = re.compile(rf"{_LINK} {{0,3}}[\"']?(?P<mark>[:=]|->|=>)? {{0,3}}\n? {{0,3}}[\"'`]?")
_TOKEN = re.compile(rf"[^\s\"'<>{MASK}\[\]]{{1,200}}")
_ID_TOKEN = re.compile(r"#?([A-Za-z0-9](?:[ ./-]?[A-Za-z0-9]){4,23})(?![A-Za-z0-9])")
_CODE_TOKEN = re.compile(r"(\d{3,8}|\d{3}[ -]\d{3})(?![\w-])")
_ACCOUNT_TOKEN = re.compile(r"@?[A-Za-z0-9_](?:[\w.:#-]{0,40}\w)")
_CJK_AFTER = re.compile(r"[はが는은이가] ?")


def find_secrets(reading: Reading) -> Iterator[Found]:
    text = reading.plain
    for match in _KEYS.finditer(text):
        yield Found(match.start(), match.end(), "secret")
    if "earer" in reading.lower or "basic " in reading.lower:
        for match in _BEARER.finditer(text):
            yield Found(match.start(1), match.end(1), "secret")
    if "-----BEGIN" in text:
        yield from _private_keys(text)
    yield from _passwords(reading)
    if any(map(str.isdigit, text)):
        yield from _codes(reading)
        yield from _identity_numbers(reading)
    yield from _accounts(reading)


def _private_keys(text: str) -> Iterator[Found]:
    at = 0
    while begin := _PEM.search(text, at):
        end = _PEM_END.search(text, begin.end())
        at = end.end() if end else len(text)
        hidden = text.find(MASK, begin.end(), at)
        yield Found(begin.start(), at if hidden < 0 else hidden, "secret")


def _told(reading: Reading, words: tuple[str, ...]) -> Iterator[tuple[int, bool]]:
    """(where the value begins, whether a colon or the like is before it) for each place a word is said."""
    for word in words:
        for place in occurrences(reading.lower, word):
            end = place + len(word)
            if word[0].isascii() and reading.lower[max(0, place - 1) : place].isalpha() and word[0].isalpha():
                continue
            if reading.lower[end : end + 1].isalpha() and reading.lower[end : end + 1] < "\u2e80":
                continue
            particle = _CJK_AFTER.match(reading.lower, end)
            said = _SAID.match(reading.lower, particle.end() if particle else end)
            if said and (said.end() > end):
                yield said.end(), said["mark"] is not None


def _passwords(reading: Reading) -> Iterator[Found]:
    for at, is_marked in _told(reading, PASSWORD_WORDS):
        token = _TOKEN.match(reading.plain, at)
        value = token[0].rstrip(".,;!?)。、") if token else ""
        if len(value) < 4 or value.lower() in NO_SECRETS or value.startswith(("http://", "https://")):
            continue
        if is_marked or _looks_made_up(value):
            yield Found(at, at + len(value), "secret")


def _looks_made_up(value: str) -> bool:
    """Without a colon "password is expired" must stay: only what no word looks like is one."""
    has_digit, has_letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    return (has_digit and has_letter) or (has_letter and any(sign in value for sign in "!@#$%^&*_+="))


def _codes(reading: Reading) -> Iterator[Found]:
    for at, _ in _told(reading, CODE_WORDS):
        code = _CODE_TOKEN.match(reading.plain, at)
        if code:
            yield Found(code.start(1), code.end(1), "secret")


def _identity_numbers(reading: Reading) -> Iterator[Found]:
    for at, _ in _told(reading, IDENTITY_WORDS):
        token = _ID_TOKEN.match(reading.plain, at)
        if not token:
            continue
        value = token[1]
        # Words that follow are not the number's: it ends with its last digit, or the letter beside it.
        last = max((place for place, letter in enumerate(value) if letter.isdigit()), default=-1)
        first_gap = next(
            (place for place in range(last + 1, len(value)) if not value[place].isalnum()), len(value)
        )
        value = value[:first_gap]
        if sum(map(str.isdigit, value)) >= 5:
            yield Found(at, token.start(1) + len(value), "id number")


def _accounts(reading: Reading) -> Iterator[Found]:
    for at, is_marked in _told(reading, ACCOUNT_WORDS):
        token = _ACCOUNT_TOKEN.match(reading.plain, at)
        if not token or token[0].lower().strip("@") in NO_HANDLES | NO_SECRETS:
            continue
        is_made_up = any(sign.isdigit() or sign in "_@#." for sign in token[0][:-1])
        if is_marked or is_made_up:
            yield Found(token.start(), token.end(), "handle")
