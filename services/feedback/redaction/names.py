"""Names of people who are known for certain, wherever they stand and however they are declined. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from services.feedback.redaction.name_words import CASE_ENDINGS, NO_NAMES, ORDINARY_WORDS, PARTICLES
from services.feedback.redaction.reading import MASK, Found, Known, Reading, occurrences

LETTER = r"[^\W\d_]"
MARKS = (
    "\u0591-\u05c7\u0610-\u061a\u064b-\u0652\u0670\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963"
    "\u0981-\u0d7f\u0e31-\u0e4e"
)
"""Vowel signs and the like, which `\\w` leaves out."""
WORD = re.compile(rf"{LETTER}(?:{LETTER}|[{MARKS}]|['](?={LETTER}))*")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]")
_LATIN_APART = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": ""})
_CYRILLIC = str.maketrans({"ё": "е"})
_DECLINED_LATIN = frozenset(
    {"pl", "cs", "sk", "hr", "sl", "sr", "bs", "lt", "lv", "de", "nl", "sv", "da", "no", "nb"}
)
_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل", "ف", "ك", "ה", "ו", "ב", "ל", "מ", "ש", "כ")


@lru_cache(maxsize=8192)
def folded(word: str) -> str:
    """Without case and accents, and the letters that only look different."""
    if word.isascii():
        return word
    bare = unicodedata.normalize("NFKD", word.translate(_LATIN_APART))
    return (
        "".join(one for one in bare if not unicodedata.combining(one)).translate(_ARABIC).translate(_CYRILLIC)
    )


class _Wanted(NamedTuple):
    """What is looked for of the known people: made once for each set of them."""

    strong: frozenset[str]
    weak: frozenset[str]
    """Count beside another part, or together."""
    stems: frozenset[str]
    unspaced: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    """Two weak parts that follow each other in a name."""
    numbers: frozenset[str]
    exact: tuple[tuple[str, str], ...]
    """(in lower case, kind): e-mail addresses and handles."""


@lru_cache(maxsize=1024)
def _wanted(known: Known) -> _Wanted:
    strong, weak, stems, pairs, unspaced = (
        set[str](),
        set[str](),
        set[str](),
        set[tuple[str, str]](),
        list[str](),
    )
    mails = [*known.emails, *(name for name in known.names if "@" in name)]
    for name in known.names:
        if "@" in name:
            continue
        lower = unicodedata.normalize("NFKC", name).lower()
        unspaced += _unspaced_parts(lower)
        words = [word for word in WORD.findall(lower) if not _UNSPACED.search(word)]
        for word in words:
            forms = {folded(word), folded(word.translate(_GERMAN))}
            if len(word) < 3 or word in ORDINARY_WORDS or word in PARTICLES or word in NO_NAMES:
                weak |= forms
            else:
                strong |= forms
                stems |= {stem for form in forms for stem in _stems(form)}
        pairs |= {(folded(one), folded(next_one)) for one, next_one in pairwise(words)}
        if len(words) == 1 and len(words[0]) < 3:
            pairs.discard((words[0], words[0]))
    exact = [(mail.strip().lower(), "email") for mail in mails if "@" in mail]
    for mail in mails:
        local = mail.strip().lower().partition("@")[0]
        if len(local) >= 6 and re.search(r"[\d._]", local):
            exact.append((local, "handle"))
    exact += [(handle.strip().lstrip("@").lower(), "handle") for handle in known.handles]
    numbers = {"".join(filter(str.isdecimal, unicodedata.normalize("NFKC", phone))) for phone in known.phones}
    return _Wanted(
        frozenset(strong), frozenset(weak), frozenset(stems), tuple(dict.fromkeys(unspaced)),
        frozenset(pairs),
        frozenset(number for number in numbers if len(number) >= 5),
        tuple((text, kind) for text, kind in dict.fromkeys(exact) if len(text) >= 3),
    )  # fmt: skip


def _unspaced_parts(lower: str) -> list[str]:
    """In scripts without spaces: the whole, the parts that are written apart, a Korean given name."""
    whole = "".join(lower.split())
    if not _UNSPACED.search(whole):
        return []
    parts = [part for part in lower.split() if _UNSPACED.search(part) and len(part) >= 2]
    if len(whole) == 3 and "가" <= whole[0] <= "힣":
        parts.append(whole[1:])
    return [lower.strip(), whole, *parts]


def _stems(form: str) -> set[str]:
    if len(form) < 3:
        return set()
    return {form, form[:-1]} if form[-1] in "аяйьеоуиaeo" and len(form) >= 4 else {form}


_SMALL_GAP = re.compile(r"[ .,'\-]{1,3}")
_NUMBER = re.compile(r"\d(?:[ .\-/()]{0,3}\d){4,24}")


def find_known(reading: Reading, known: Known, language: str | None) -> Iterator[Found]:
    if not (known.names or known.emails or known.phones or known.handles):
        return
    wanted = _wanted(known)
    if wanted.strong or wanted.weak:
        yield from _known_words(reading, wanted, language)
    for part in wanted.unspaced:
        for place in occurrences(reading.lower, part):
            yield Found(place, place + len(part), "name")
    for part, kind in wanted.exact:
        for place in occurrences(reading.lower, part):
            end = place + len(part)
            if not (
                _is_ascii_word(reading.lower[place - 1 : place])
                or _is_ascii_word(reading.lower[end : end + 1])
            ):
                begins = place - 1 if reading.lower[place - 1 : place] == "@" and kind == "handle" else place
                yield Found(begins, end, kind)
    if wanted.numbers:
        yield from _known_numbers(reading.plain, wanted.numbers)


def _is_ascii_word(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")


def _known_numbers(text: str, numbers: frozenset[str]) -> Iterator[Found]:
    """The last eight digits tell a phone, whatever is written before them."""
    for run in _NUMBER.finditer(text):
        digits = "".join(filter(str.isdigit, run[0]))
        for number in numbers:
            tail = number[-8:] if len(number) >= 8 else number
            if tail in digits:
                yield Found(
                    run.start() - (text[run.start() - 1 : run.start()] in ("+", "(")), run.end(), "phone"
                )
                break


def _known_words(reading: Reading, wanted: _Wanted, language: str | None) -> Iterator[Found]:
    """Parts of three letters and more count alone; initials, particles and names that are words as well count
    beside another part, or where a capital shows that a name is meant."""
    words = list(WORD.finditer(reading.lower))
    forms = [folded(word[0].removesuffix("'s")) for word in words]
    is_latin = (language or "").lower()[:2] in _DECLINED_LATIN
    strong = {
        place for place, form in enumerate(forms)
        if form in wanted.strong or _is_declined(reading.plain, words[place], form, wanted, is_latin=is_latin)
    }  # fmt: skip
    weak = {place for place, form in enumerate(forms) if form in wanted.weak and place not in strong}
    for place in weak:
        if (
            place + 1 in weak
            and (forms[place], forms[place + 1]) in wanted.pairs
            and _is_near(reading, words, place)
        ):
            strong |= {place, place + 1}
        elif (
            _is_capital_inside(reading.plain, words[place])
            and len(forms[place]) >= 3
            and forms[place] not in NO_NAMES
        ):
            strong.add(place)
    for step in (1, -1):
        for place in sorted(weak, reverse=step < 0):
            neighbour = place - step
            if neighbour in strong and _is_near(reading, words, min(place, neighbour)):
                strong.add(place)
    yield from _joined(reading, words, sorted(strong))


def _is_declined(text: str, word: re.Match[str], form: str, wanted: _Wanted, *, is_latin: bool) -> bool:
    if not wanted.stems or len(form) < 4:
        return False
    if "\u0590" <= form[0] <= "\u06ff":
        return any(form.startswith(prefix) and form[len(prefix) :] in wanted.strong for prefix in _PREFIXES)
    if form[0] < "\u0250" and not is_latin:
        return False
    # In scripts with capitals a declined name keeps its own: "верю" is not a form of Вера.
    if not text[word.start()].isupper():
        return False
    return any(form[:-length] in wanted.stems and form[-length:] in CASE_ENDINGS for length in (1, 2, 3))


def _is_near(reading: Reading, words: list[re.Match[str]], place: int) -> bool:
    return bool(_SMALL_GAP.fullmatch(reading.lower, words[place].end(), words[place + 1].start()))


def _is_capital_inside(text: str, word: re.Match[str]) -> bool:
    """A capital that no beginning of a sentence explains; or a word that is a line of its own."""
    if not text[word.start()].isupper():
        return not text[word.start()].islower()
    lead = text[max(0, word.start() - 4) : word.start()].rstrip(" \"'(")
    is_alone = text[word.end() : word.end() + 1] in ("", ",", "\n", "!")
    return is_alone or bool(lead and lead[-1] not in f".!?\n:;-*{MASK}")


def _joined(reading: Reading, words: list[re.Match[str]], places: list[int]) -> Iterator[Found]:
    """One name, not one for each of its parts."""
    at = 0
    while at < len(places):
        last = at
        while (
            last + 1 < len(places)
            and places[last + 1] == places[last] + 1
            and _is_near(reading, words, places[last])
        ):
            last += 1
        yield Found(words[places[at]].start(), words[places[last]].end(), "name")
        at = last + 1
