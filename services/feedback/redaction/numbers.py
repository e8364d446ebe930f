"""Cards, accounts, national numbers, phones: their own check digits decide. Pure."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from stdnum import iban, luhn, verhoeff
from stdnum.br import cpf
from stdnum.ch import ssn as ch_ssn
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.pl import pesel
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import ssn as us_ssn

from services.feedback.redaction.reading import Found, Reading, before
from services.feedback.redaction.words import (
    BARE_MOBILES,
    COUNTING_WORDS,
    CURRENCIES,
    MEASURES,
    PHONE_WORDS,
    REGIONS,
    REGIONS_BY_SCRIPT,
    REGIONS_UNTOLD,
)

Check = Callable[[str], bool]
_DIGIT = re.compile(r"\d")
_RUN = re.compile(r"(?<![0-9A-Za-z_])(?:\+ ?)?\(?\+?\d(?:(?:[ \-/()]{0,3}|\.)\d)+(?![0-9A-Za-z_])")
_GROUP = re.compile(r"\d+")
MOST_PARSED = 100
"""So many number-like runs of one text are looked up as phones; beyond them their form is enough. Looking up
costs a tenth of a millisecond, and no honest message holds as many."""


def find_numbers(reading: Reading, language: str | None, region: str | None) -> Iterator[Found]:
    text = reading.plain
    if not _DIGIT.search(text):
        return
    yield from _ibans(text)
    yield from _identities(text, language, region)
    regions = _regions(text, language, region)
    parsed = 0
    for run in _RUN.finditer(text):
        digits = sum(map(str.isdigit, run[0]))
        if digits < 6:
            continue
        cards = list(_cards(run)) if digits >= 12 else []
        yield from cards
        if not cards:
            phones = list(_phones(reading, run, regions, is_looked_up=parsed < MOST_PARSED))
            parsed += 1
            yield from phones


# ---- Cards and accounts -----------------------------------------------------------------------

_ISSUED = re.compile(
    r"(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|220[0-4]\d{12,15}"
    r"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}|35(?:2[89]|[3-8]\d)\d{12,15}"
    r"|(?:6011|64[4-9]\d|65\d\d|60\d\d|62\d\d|81\d\d|82\d\d|9792)\d{12,15}|(?:50|5[6-9]|6[1379])\d{14,17})"
)


def _cards(run: re.Match[str]) -> Iterator[Found]:
    """A card may stand beside other digits (its date, its code): tried from every group to every group."""
    groups = [(run.start() + one.start(), run.start() + one.end(), one[0]) for one in _GROUP.finditer(run[0])]
    first = 0
    while first < len(groups):
        digits, best = "", None
        for last in range(first, len(groups)):
            digits += groups[last][2]
            if len(digits) > 19:
                break
            if len(digits) >= 13 and _ISSUED.fullmatch(digits) and luhn.is_valid(digits):
                best = last
        if best is None:
            first += 1
        else:
            yield Found(groups[first][0], groups[best][1], "card")
            first = best + 1


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2} ?\d{2}(?:[ -]?[A-Za-z0-9]{1,4}){3,10}")
_IBAN_PART = re.compile(r"[A-Za-z0-9]")


def _ibans(text: str) -> Iterator[Found]:
    """Words that follow look like more of it: the longest beginning that checks is the number."""
    at = 0
    while match := _IBAN.search(text, at):
        at = match.start() + 2
        places = [match.start() + one.start() for one in _IBAN_PART.finditer(match[0])]
        for length in range(min(34, len(places)), 14, -1):
            end = places[length - 1] + 1
            number = "".join(text[place] for place in places[:length])
            if not text[end : end + 1].isalnum() and iban.is_valid(number):
                yield Found(match.start(), end, "iban")
                at = end
                break


# ---- National numbers -------------------------------------------------------------------------


def _any(_: str) -> bool:
    return True


def _aadhaar(number: str) -> bool:
    return number[0] in "23456789" and verhoeff.is_valid(re.sub(r"\D", "", number))


class _Shape(NamedTuple):
    pattern: re.Pattern[str]
    check: Check
    spoken: frozenset[str] = frozenset()
    """Languages and regions it is looked for in; none: everywhere."""


def _shape(pattern: str, check: Check, *spoken: str, ignore_case: bool = False) -> _Shape:
    flags = re.IGNORECASE if ignore_case else 0
    return _Shape(
        re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])", flags), check, frozenset(spoken)
    )


_SHAPES = (
    _shape(r"\d{3}\.\d{3}\.\d{3}-\d{2}", cpf.is_valid),
    _shape(r"\d{3}-\d{2}-\d{4}", us_ssn.is_valid),
    _shape(r"[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}", nir.is_valid),
    _shape(
        r"[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]", codicefiscale.is_valid,
        ignore_case=True
    ),
    _shape(r"\d{8}-?[A-Z]", dni.is_valid),
    _shape(r"[XYZ]-?\d{7}-?[A-Z]", nie.is_valid),
    _shape(r"\d{17}[\dXx]", ric.is_valid),
    _shape(r"\d{6}-[1-8]\d{6}", rrn.is_valid),
    _shape(r"\d{6}-[1-8]\d{6}", _any, "ko", "KR"),  # since 2020 the last digits are drawn
    _shape(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", hetu.is_valid),
    _shape(r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", curp.is_valid),
    _shape(r"[A-Z]{3}P[A-Z]\d{4}[A-Z]", _any),  # India's PAN of a person
    _shape(r"\d{4}[ -]\d{4}[ -]\d{4}", _aadhaar),
    # The United Kingdom's national insurance number has no check digit, but a form that little else has.
    _shape(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d{2}){3} ?[A-D]", _any),
    _shape(r"756\.?\d{4}\.?\d{4}\.?\d{2}", ch_ssn.is_valid),
    _shape(r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", rut.is_valid),
    _shape(r"(?:\d{2}){3,4}[-+]\d{4}", personnummer.is_valid),
    _shape(r"\d{6}-\d{4}", cpr.is_valid, "da", "DK"),
    _shape(r"\d{3} \d{3} \d{4}", nhs.is_valid, "GB"),
    _shape(r"\d{11}", pesel.is_valid, "pl", "PL"),
    _shape(r"\d{11}", tckimlik.is_valid, "tr", "TR"),
    _shape(r"\d{11}", cpf.is_valid, "pt", "BR"),
    _shape(r"\d{13}", cnp.is_valid, "ro", "RO"),
    _shape(r"\d{3}-\d{3}-\d{3} \d{2}", _any),  # SNILS: no other number is written so
)  # fmt: skip


def _identities(text: str, language: str | None, region: str | None) -> Iterator[Found]:
    spoken = {(language or "").lower()[:2], (region or "").upper()}
    for shape in _SHAPES:
        if shape.spoken and not shape.spoken & spoken:
            continue
        for match in shape.pattern.finditer(text):
            if shape.check(match[0]):
                yield Found(match.start(), match.end(), "id number")


# ---- Phones -----------------------------------------------------------------------------------

_DATE = re.compile(
    r"(?:(?:19|20)\d\d([-./ ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:(?:19|20)\d\d|\d\d))(?!\d)"
)
_BOUNDARY = re.compile(r"\n\n|[。！？!?]|\d{4}")
"""What is said before it is said of something else."""
_YEARS = re.compile(r"(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d")
_PAIRS = re.compile(r"0\d([ .-])\d\d(?:\1\d\d){3}")
_AFTER_NUMBER = re.compile(rf" ?(?:{CURRENCIES}|{MEASURES})(?![^\W\d_])", re.IGNORECASE)
_BEFORE_MONEY = re.compile(rf"(?:{CURRENCIES}) ?$", re.IGNORECASE)
_DECIMAL = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+[.,]\d{1,2}|\d+\.\d+")
_MOBILES = frozenset({phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE})


def _regions(text: str, language: str | None, region: str | None) -> tuple[str, ...]:
    """The region's own first; then those that speak the language; else those that write so."""
    spoken = REGIONS.get((language or "").lower()[:2], ())
    if language and "-" in language:
        spoken = (language.rpartition("-")[2].upper(), *spoken)
    if not spoken:
        spoken = next((codes for script, codes in REGIONS_BY_SCRIPT if script.search(text)), REGIONS_UNTOLD)
    own = (region.upper(),) if region else ()
    return tuple(dict.fromkeys(own + spoken))


def _phones(
    reading: Reading, run: re.Match[str], regions: tuple[str, ...], *, is_looked_up: bool
) -> Iterator[Found]:
    written, (start, end) = run[0], run.span()
    is_called_phone, is_counted = _said_before(reading.lower, start)
    lead, trail = before(reading.lower, start, 5), reading.lower[end : end + 12]
    if is_counted or _BEFORE_MONEY.search(lead) or lead.endswith("#") or _AFTER_NUMBER.match(trail):
        return
    if trail[:1] in ("%", "°") or (trail[:1] == "," and trail[1:2].isdigit()) or _DECIMAL.fullmatch(written):
        return
    is_date = _DATE.match(written.lstrip("(")) or _YEARS.fullmatch(written)
    if is_date and not _PAIRS.fullmatch(written):
        return
    if _is_phone(written, regions, is_called_phone=is_called_phone, is_looked_up=is_looked_up):
        yield Found(start, end, "phone")
        return
    for begin, stop in _parts(written):
        if _is_phone(written[begin:stop], regions, is_called_phone=False, is_looked_up=is_looked_up):
            yield Found(start + begin, start + stop, "phone")
            return


def _parts(written: str) -> list[tuple[int, int]]:
    """Where a number may begin within a run of several: at a plus, or a nought after a space."""
    begins = [match.start() for match in re.finditer(r"\+|(?<=[ /])\(?0", written)][:4]
    groups = [match.end() for match in _GROUP.finditer(written)]
    return [
        (begin, stop)
        for begin in begins
        for stop in reversed([end for end in groups if begin + 8 <= end <= begin + 20][:6])
    ]


def _said_before(lower: str, start: int) -> tuple[bool, bool]:
    """(called a phone, called a number of something else): the nearest word decides."""
    lead = before(lower, start, 32)
    lead = _BOUNDARY.split(lead)[-1]
    phone = max((match.start() for match in PHONE_WORDS.finditer(lead)), default=-1)
    counted = max((match.start() for match in COUNTING_WORDS.finditer(lead)), default=-1)
    return phone > counted, counted > phone


def _is_phone(written: str, regions: tuple[str, ...], *, is_called_phone: bool, is_looked_up: bool) -> bool:
    digits = "".join(_GROUP.findall(written))
    if not 6 <= len(digits) <= 17 or len(set(digits)) == 1:
        return False
    is_international = "+" in written[:3] or (digits.startswith("00") and len(digits) >= 10)
    if is_called_phone or not is_looked_up:
        return len(digits) <= 15 or is_international
    if is_international:
        return _is_possible("+" + digits.removeprefix("00"))
    if len(digits) < 7:
        return False
    is_bare = written.isdigit()
    return any(_is_of(digits, region, is_bare) for region in regions)


@lru_cache(maxsize=4096)
def _is_possible(international: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(international, None))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(maxsize=16384)
def _is_of(digits: str, region: str, is_bare: bool) -> bool:
    """Whether this is how a number is written at home: with the nought before it where there is one."""
    if phonenumbers.ndd_prefix_for_region(region, True) == "0" and not digits.startswith("0"):
        if region not in BARE_MOBILES:
            return False
        wanted = _MOBILES
    else:
        wanted = frozenset()
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return False
    if not phonenumbers.is_valid_number_for_region(number, region):
        return False
    # Eight digits in a row are more often a ticket than a phone.
    if is_bare and len(digits) < 9:
        return False
    return not wanted or phonenumbers.number_type(number) in wanted
