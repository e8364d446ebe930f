"""Freshdesk's numbers and words in ours: tables, and the readers that its webhooks and its REST API
share. Pure.

Statuses are numbers in the API and names in webhooks; both belong to the account, so its own maps
(the connection's settings) come first, and the tables here are what every new account starts with.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.feedback.intake.normalised import Normalised, NotUnderstood, Told, Version
from services.feedback.intake.sources.reading import MAX_ID, flag, opt_moment, opt_text

STATUSES = {"2": "open", "3": "pending", "4": "solved", "5": "closed"}
STATUS_NAMES = {"Open": "2", "Pending": "3", "Resolved": "4", "Closed": "5"}
PRIORITIES = {"1": "low", "2": "normal", "3": "high", "4": "urgent"}
PRIORITY_NAMES = {"Low": "1", "Medium": "2", "High": "3", "Urgent": "4"}
OUTBOUND = "10"
"""The source of a ticket that began with an e-mail of ours."""
SOURCES = {
    "1": "email", "2": "web", "3": "phone", "4": "forum", "5": "social", "6": "social", "7": "chat",
    "8": "in_app", "9": "web", OUTBOUND: "email", "11": "ecommerce", "12": "bot", "13": "messaging",
}  # fmt: skip
SOURCE_NAMES = {
    "Email": "1", "Portal": "2", "Phone": "3", "Forum": "4", "Forums": "4", "Twitter": "5",
    "Facebook": "6", "Chat": "7", "MobiHelp": "8", "Feedback Widget": "9", "Outbound Email": OUTBOUND,
    "Ecommerce": "11", "Bot": "12", "Whatsapp": "13", "WhatsApp": "13",
}  # fmt: skip
OPENED_BY = {
    OUTBOUND: "agent",
    **dict.fromkeys(("1", "2", "4", "5", "6", "7", "8", "9", "11", "12", "13"), "requester"),
}
"""Who opens tickets of a source. Calls (3) may be logged by either side."""

LANGUAGES = {
    "arabic": "ar", "العربية": "ar", "bulgarian": "bg", "български": "bg", "catalan": "ca",
    "català": "ca", "chinese": "zh", "chinese (simplified)": "zh", "chinese (traditional)": "zh",
    "simplified chinese": "zh", "traditional chinese": "zh", "中文": "zh", "简体中文": "zh", "繁體中文": "zh",
    "croatian": "hr", "hrvatski": "hr", "czech": "cs", "čeština": "cs", "danish": "da", "dansk": "da",
    "dutch": "nl", "nederlands": "nl", "english": "en", "estonian": "et", "eesti": "et",
    "finnish": "fi", "suomi": "fi", "french": "fr", "français": "fr", "german": "de", "deutsch": "de",
    "greek": "el", "ελληνικά": "el", "hebrew": "he", "עברית": "he", "hindi": "hi", "हिन्दी": "hi",
    "hungarian": "hu", "magyar": "hu", "indonesian": "id", "bahasa indonesia": "id", "italian": "it",
    "italiano": "it", "japanese": "ja", "日本語": "ja", "korean": "ko", "한국어": "ko", "latvian": "lv",
    "latviešu": "lv", "lithuanian": "lt", "lietuvių": "lt", "malay": "ms", "bahasa melayu": "ms",
    "norwegian": "no", "norsk": "no", "persian": "fa", "farsi": "fa", "فارسی": "fa", "polish": "pl",
    "polski": "pl", "portuguese": "pt", "português": "pt", "portuguese (brazil)": "pt",
    "português (brasil)": "pt", "brazilian portuguese": "pt", "romanian": "ro", "română": "ro",
    "russian": "ru", "русский": "ru", "serbian": "sr", "српски": "sr", "slovak": "sk", "slovenčina": "sk",
    "slovenian": "sl", "slovenščina": "sl", "spanish": "es", "español": "es", "castellano": "es",
    "swedish": "sv", "svenska": "sv", "tamil": "ta", "தமிழ்": "ta", "thai": "th", "ไทย": "th",
    "turkish": "tr", "türkçe": "tr", "ukrainian": "uk", "українська": "uk", "urdu": "ur", "اردو": "ur",
    "vietnamese": "vi", "tiếng việt": "vi",
}  # fmt: skip
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]{2,8}){0,2}")
_CODES = frozenset(LANGUAGES.values())

RATINGS = (103, 102, 101, 100, -101, -102, -103)
"""Best to worst on the longest scale. The shorter ones leave steps out, and keep their ends."""

RATING_QUESTION = "default_question"
MAX_WORD = 200
"""Characters of a name in a map."""

_RATING = re.compile(r"-?[0-9]{1,6}")
_DIGITS = re.compile(r"[0-9]{1,20}")


def ticket_id(value: Any) -> str | None:
    """Goes into a REST path: ASCII digits and nothing else."""
    found = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return found if _DIGITS.fullmatch(found) else None


def table(settings: Mapping[str, Any], name: str, default: Mapping[str, Any]) -> Mapping[str, Any]:
    """The account's own map, or what new accounts start with."""
    return settings.get(name) or default


def status(number: str | None, settings: Mapping[str, Any]) -> str | None:
    return table(settings, "status_map", STATUSES).get(number or "")


def status_number(word: str, settings: Mapping[str, Any]) -> str | None:
    """The number of a status that is named, or already a number."""
    return _number(word, table(settings, "status_names", STATUS_NAMES))


def priority(number: str | None) -> str | None:
    return PRIORITIES.get(number or "")


def priority_number(word: str, settings: Mapping[str, Any]) -> str | None:
    return _number(word, table(settings, "priority_names", PRIORITY_NAMES))


def channel(number: str | None, settings: Mapping[str, Any]) -> str:
    """The channel of a source number; one that nobody knows is "other"."""
    return (settings.get("sources") or {}).get(number) or SOURCES.get(number or "", "other")


def source_number(word: str, settings: Mapping[str, Any]) -> str | None:
    return _number(word, {**SOURCE_NAMES, **(settings.get("source_names") or {})})


def _number(word: str, names: Mapping[str, Any]) -> str | None:
    if _DIGITS.fullmatch(word):
        return word
    found = names.get(word)
    return None if found is None else str(found)


def group(key: str | None, settings: Mapping[str, Any]) -> tuple[str | None, UUID | None]:
    """Name and vendor of a group; None where the directory does not know it."""
    found = (settings.get("groups") or {}).get(key) or {}
    vendor = found.get("vendor_id")
    return found.get("name"), UUID(vendor) if vendor else None


def key_named(name: str, keys: Iterable[tuple[str, Any]]) -> str | None:
    """The one key of that name; None where there is none, or more than one."""
    found = [key for key, named in keys if named == name]
    return found[0] if len(found) == 1 else None


def agent_named(name: str, settings: Mapping[str, Any]) -> str | None:
    return key_named(name, (settings.get("agents") or {}).items())


def group_named(name: str, settings: Mapping[str, Any]) -> str | None:
    groups = settings.get("groups") or {}
    return key_named(name, ((key, one.get("name")) for key, one in groups.items()))


def product_named(name: str, settings: Mapping[str, Any]) -> str | None:
    return key_named(name, (settings.get("products") or {}).items())


def language(word: str) -> str | None:
    """ISO 639-1 out of a language's name (English or its own) or code; None: not known."""
    name = unicodedata.normalize("NFC", word.strip()[:100]).casefold()
    if name in LANGUAGES:
        return LANGUAGES[name]
    code = _CODE.fullmatch(name)
    return code[1] if code and code[1] in _CODES else None


def is_storable(value: Any) -> bool:
    """What a custom field holds: text, numbers, ticks, or a list of them; no infinity, no nesting."""
    if isinstance(value, list):
        return all(is_storable(one) and not isinstance(one, list) for one in value)
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


# ---- Ratings ----------------------------------------------------------------------------------


def scale(accepted: Any) -> list[int]:
    """A survey's ratings, best first, in whatever order they came; odd ones are left out."""
    found = accepted if isinstance(accepted, list | tuple) else ()
    return sorted({int(str(one)) for one in found if _is_rating(one)}, reverse=True)


def _is_rating(value: Any) -> bool:
    return (
        not isinstance(value, bool) and isinstance(value, str | int) and bool(_RATING.fullmatch(str(value)))
    )


def score(raw: str, survey_id: str | None, settings: Mapping[str, Any]) -> Decimal | None:
    """1 for the best step of the survey's scale … 0 for the worst, evenly; None: not on the scale."""
    steps = scale((settings.get("surveys") or {}).get(survey_id)) or list(RATINGS)
    if not _RATING.fullmatch(raw) or int(raw) not in steps or len(steps) < 2:
        return None
    from_best = Decimal(steps.index(int(raw))) / (len(steps) - 1)
    return (1 - from_best).quantize(Decimal("0.000001"))


# ---- Configuration ----------------------------------------------------------------------------


def config(surveys: Any, ticket_fields: Any) -> dict[str, Any]:
    """The account's own words and scales, by the name of the setting; what cannot be read is left out."""
    fields = {one.get("name"): one.get("choices") for one in _objects(ticket_fields) if _is_named(one)}
    found = {
        "status_names": _names(_numbered(fields.get("status"))),
        "priority_names": _names(_named(fields.get("priority"))),
        "source_names": _names(_named(fields.get("source"))),
        "surveys": _scales(surveys),
    }
    return {name: value for name, value in found.items() if value}


def _objects(rows: Any) -> list[Mapping[str, Any]]:
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _is_named(one: Mapping[str, Any]) -> bool:
    return isinstance(one.get("name"), str)


def _numbered(choices: Any) -> list[tuple[Any, Any]]:
    """Statuses: number → [what agents see, what customers see]; webhooks write what agents see."""
    if not isinstance(choices, dict):
        return []
    return [(one[0] if isinstance(one, list) and one else one, number) for number, one in choices.items()]


def _named(choices: Any) -> list[tuple[Any, Any]]:
    """Priorities and sources: name → number."""
    return list(choices.items()) if isinstance(choices, dict) else []


def _names(pairs: list[tuple[Any, Any]]) -> dict[str, str]:
    """name → number. A name that two numbers share says nothing."""
    numbers: dict[str, set[str]] = {}
    for name, value in pairs:
        number = ticket_id(value)
        if isinstance(name, str) and 0 < len(name.strip()) <= MAX_WORD and number:
            numbers.setdefault(name.strip(), set()).add(number)
    return {name: found.pop() for name, found in numbers.items() if len(found) == 1}


def _scales(surveys: Any) -> dict[str, list[int]]:
    """survey id → the ratings that its own question accepts, best first."""
    scales: dict[str, list[int]] = {}
    for survey in _objects(surveys):
        survey_id = ticket_id(survey.get("id"))
        for question in _objects(survey.get("questions")):
            steps = scale(question.get("accepted_ratings"))
            is_main = question.get("id") == RATING_QUESTION or flag(question, "default")
            if survey_id and is_main and len(steps) > 1:
                scales.setdefault(survey_id, steps)
    return scales


# ---- Rows of the REST API ---------------------------------------------------------------------


@dataclass
class Row:
    """A row while it is read: what is odd about it is noted, and costs only that field."""

    row: Mapping[str, Any]
    settings: Mapping[str, Any]
    read_at: datetime | None = None
    where: str = ""
    warnings: list[str] = field(default_factory=list)

    def warn(self, name: str, detail: str) -> None:
        self.warnings.append(f"{self.where}/{name}: {detail}")

    def id(self, name: str = "id") -> str:
        found = ticket_id(self.row.get(name))
        if found is None:
            raise NotUnderstood(f"{self.where}/{name}", "An id is missing here.")
        return found

    def time(self, name: str, owner: Mapping[str, Any] | None = None) -> datetime | None:
        owner = self.row if owner is None else owner
        found = opt_moment(owner, name) if isinstance(owner.get(name), str) else None
        if found is None and owner.get(name) is not None:
            self.warn(name, "Not a time with its zone.")
        return found

    def text(self, name: str) -> str | None:
        found = opt_text(self.row, name)
        if found is None and self.row.get(name) is not None:
            self.warn(name, "Not text.")
        return found or None

    def reference(self, name: str) -> tuple[bool, str | None]:
        """Whether another record's id is told, and which (None: none). An odd one is not told."""
        found = opt_text(self.row, name)
        if name not in self.row:
            return False, None
        if (found is None and self.row[name] is not None) or (found and len(found) > MAX_ID):
            self.warn(name, "Not an id.")
            return False, None
        return True, found or None

    def version(self, *times: datetime | None) -> Version:
        """The newest of the times; a date in the future must not outlive what will be told until then."""
        known = [time for time in times if time is not None]
        if self.read_at is None:
            return Version(max(known), 0, f"fd-rest:{self.id()}")
        newest = max(known, default=self.read_at)
        if newest > self.read_at:
            self.warn("updated_at", "In the future.")
        return Version(min(newest, self.read_at), 0, f"fd-rest:{self.id()}")


def opened(row: Any, settings: Mapping[str, Any], read_at: datetime | None, where: str = "") -> Row:
    if not isinstance(row, dict):
        raise NotUnderstood(where, "An object is missing here.")
    return Row(row, settings, read_at, where)


def listed(rows: Any) -> Sequence[Any]:
    if not isinstance(rows, list):
        raise NotUnderstood("", "A list is missing here.")
    return rows


def each(rows: Any, read: Callable[[Any, str], Normalised]) -> tuple[Told, list[str]]:
    tickets, faults = [], []
    for number, row in enumerate(listed(rows)):
        try:
            tickets.append(read(row, f"/{number}"))
        except NotUnderstood as error:
            faults.append(str(error))
    return Told(tuple(tickets)), faults
