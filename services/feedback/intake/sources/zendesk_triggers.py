"""Zendesk trigger and automation webhooks: JSON that the account's admin wrote around placeholders. Pure.

Everything is text, a placeholder that is not set is empty, and words are those of a language. What
stands where is said by the template that the body names: our field → the keys on the way to it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.feedback.intake.normalised import (
    NewRating,
    Normalised,
    NotUnderstood,
    TicketFields,
    Told,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.zendesk_words import (
    LONG_AGO,
    MAX_WORD,
    channel_of,
    named_group,
    priority_of,
    rating,
    seconds_of,
    status_of,
    told_by_tags,
)

DEFAULT_TEMPLATES: dict[str, dict[str, list[str]]] = {
    "csat_v1": {
        "ticket_id": ["ticket", "id"],
        "updated_at": ["ticket", "updated_at"],
        "created_at": ["ticket", "created_at"],
        "subject": ["ticket", "title"],
        "status": ["ticket", "status"],
        "priority": ["ticket", "priority"],
        "channel": ["ticket", "via"],
        "brand": ["ticket", "brand"],
        "group": ["ticket", "group"],
        "assignee_name": ["ticket", "assignee", "name"],
        "requester_name": ["ticket", "requester", "name"],
        "requester_email": ["ticket", "requester", "email"],
        "requester_language": ["ticket", "requester", "language"],
        "tags": ["ticket", "tags"],
        "rating": ["ticket", "satisfaction", "current_rating"],
        "rating_comment": ["ticket", "satisfaction", "current_comment"],
        "rating_reason": ["ticket", "satisfaction", "reason"],
    }
}
LANGUAGES = {
    "arabic": "ar", "العربية": "ar", "chinese": "zh", "简体中文": "zh", "繁體中文": "zh",
    "czech": "cs", "čeština": "cs",
    "danish": "da", "dansk": "da", "dutch": "nl", "nederlands": "nl", "english": "en", "finnish": "fi",
    "suomi": "fi", "french": "fr", "français": "fr", "german": "de", "deutsch": "de", "greek": "el",
    "ελληνικά": "el", "hebrew": "he", "עברית": "he", "hungarian": "hu", "magyar": "hu", "italian": "it",
    "italiano": "it", "japanese": "ja", "日本語": "ja", "korean": "ko", "한국어": "ko", "norwegian": "no",
    "norsk": "no", "polish": "pl", "polski": "pl", "portuguese": "pt", "português": "pt", "romanian": "ro",
    "română": "ro", "russian": "ru", "русский": "ru", "spanish": "es", "español": "es", "swedish": "sv",
    "svenska": "sv", "turkish": "tr", "türkçe": "tr", "ukrainian": "uk", "українська": "uk",
}  # fmt: skip
_TEXTS = ("subject", "requester_name", "requester_email")
_LOCALE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9-]{1,20})?", re.IGNORECASE | re.ASCII)
_SCORE = re.compile(r"(good|bad|offered|unoffered)\b", re.IGNORECASE)
_TICKET_ID = re.compile(rb'[{,]\s*"(?:ticket_)?id"\s*:\s*"?([0-9]{1,20})"?\s*[,}]')
UNRENDERED = "{{"


def is_trigger(payload: Any) -> bool:
    """An object that is not one of Zendesk's own events."""
    if not isinstance(payload, dict):
        return False
    kind = payload.get("type")
    return not (isinstance(kind, str) and kind.startswith("zen:"))


def salvage(body: bytes) -> str | None:
    """The ticket's id from JSON that a placeholder's text has broken; the rest of it is not trusted."""
    found = _TICKET_ID.search(body)
    return found[1].decode() if found else None


def normalise(payload: Any, settings: Mapping[str, Any], *, received_at: datetime, source_key: str) -> Told:
    """Raises NotUnderstood: a template that is not known, or no ticket id."""
    said = _Body(payload, _template(payload, settings), [])
    ticket = said.text("ticket_id")
    if ticket is None:
        raise NotUnderstood(said.pointer("ticket_id"), "The ticket's id is missing.")
    if UNRENDERED in ticket:
        return Told(ignored="A test: its placeholders were not filled in.")
    if len(ticket) > reading.MAX_ID:
        raise NotUnderstood(said.pointer("ticket_id"), "Too long for an id.")
    at = said.time("updated_at")
    state = _state(said, settings)
    state["display_id"] = ticket
    if at:
        state["updated_at"] = at
    # A text that a person wrote around may not hold back what Zendesk itself says later.
    version = Version(min(at, received_at) if at else received_at, 0, source_key)
    told = Normalised(
        ticket,
        version,
        state,
        ratings=_ratings(said, ticket, version),
        warnings=tuple(said.warnings),
    )
    return Told((told,))


def _template(payload: Any, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    name = payload.get("template") if isinstance(payload, dict) else None
    own = reading.opt_obj(settings, "triggers")
    found = (own.get(name) or DEFAULT_TEMPLATES.get(name)) if isinstance(name, str) else None
    if not isinstance(found, dict):
        raise NotUnderstood("/template", "The body names no template that this connection knows.")
    return found


@dataclass
class _Body:
    """A body while it is read through its template."""

    payload: Any
    template: Mapping[str, Any]
    warnings: list[str]

    def path(self, name: str) -> list[str]:
        found = self.template.get(name)
        return [str(key) for key in found] if isinstance(found, list) else []

    def pointer(self, name: str) -> str:
        return "".join(f"/{key}" for key in self.path(name))

    def tells(self, name: str) -> bool:
        return bool(self.path(name)) and self._owner(name) is not None

    def text(self, name: str) -> str | None:
        """Empty, and a placeholder that was not filled in, is none; only that of the id is told."""
        owner = self._owner(name)
        if owner is None:
            return None
        found = (reading.opt_text(owner, self.path(name)[-1]) or "").strip()
        return found if found and (name == "ticket_id" or UNRENDERED not in found) else None

    def word(self, name: str) -> str | None:
        found = self.text(name)
        return found[:MAX_WORD] if found else None

    def time(self, name: str) -> datetime | None:
        found = self.text(name)
        at = reading.opt_moment({name: found}, name)
        if found and at is None:
            self.warnings.append(f"{name} is not a time.")
        return at

    def _owner(self, name: str) -> Mapping[str, Any] | None:
        """The object in which the field stands; None: it does not stand there."""
        owner, path = self.payload, self.path(name)
        for key in path[:-1]:
            owner = owner.get(key) if isinstance(owner, dict) else None
        return owner if path and isinstance(owner, dict) and path[-1] in owner else None


# ---- The ticket -----------------------------------------------------------------------------------


def _state(said: _Body, settings: Mapping[str, Any]) -> TicketFields:
    state: dict[str, Any] = {name: said.text(name) for name in _TEXTS if said.tells(name)}
    if created := said.time("created_at"):
        state["created_at"] = created
    for name, read in (("status", status_of), ("priority", priority_of), ("channel", channel_of)):
        word = said.word(name)
        if word or (said.tells(name) and name != "status"):  # there is no ticket without a status
            state |= {name: read(word), f"{name}_raw": word}
        if word and state[name] is None:
            said.warnings.append(f"The {name} is not one we know.")
    state |= _brand(said, settings) | _group(said, settings)
    if said.tells("assignee_name"):
        assignee = said.word("assignee_name")
        state |= {"assignee_name": assignee} | ({} if assignee else {"assignee_key": None})
    if said.tells("tags"):
        state |= told_by_tags([tag[:MAX_WORD] for tag in (said.text("tags") or "").split()], settings)
    if said.tells("requester_language") and not state.get("language"):
        state["language"] = _language(said)
    return cast(TicketFields, state)  # the names above are its own


def _brand(said: _Body, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not said.tells("brand"):
        return {}
    name = said.word("brand")
    known = reading.opt_obj(settings, "brands")
    return {"brand": name, "brand_key": _only(said, name, "brand", {key: known[key] for key in known})}


def _group(said: _Body, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not said.tells("group"):
        return {}
    name = said.word("group")
    known = reading.opt_obj(settings, "groups")
    key = _only(said, name, "group", {one: named_group(known[one])[0] for one in known})
    return {"group_name": name, "group_key": key, "vendor_id": named_group(known[key])[1] if key else None}


def _only(said: _Body, name: str | None, kind: str, known: Mapping[str, Any]) -> str | None:
    """The id of the one that has this name."""
    if name is None:
        return None
    found = [key for key in known if known[key] == name]
    if len(found) == 1:
        return found[0]
    said.warnings.append(f"The {kind}'s name is not that of one we know.")
    return None


def _language(said: _Body) -> str | None:
    """A language's own or English name, or a locale → ISO 639-1."""
    word = (said.word("requester_language") or "").partition("(")[0].strip()
    locale = _LOCALE.fullmatch(word)
    found = locale[1].lower() if locale else LANGUAGES.get(word.lower())
    if word and found is None:
        said.warnings.append("The requester's language is not one we know.")
    return found


# ---- The rating -----------------------------------------------------------------------------------


def _ratings(said: _Body, ticket: str, version: Version) -> tuple[NewRating, ...]:
    """Of the ticket's latest rating, whenever that was given, and without the agent it is about: so any
    telling of Zendesk's own counts more, and among triggers the newest."""
    raw = said.word("rating")
    if raw is None:
        return ()
    score = _SCORE.match(raw)
    if score is None:
        said.warnings.append("The rating is not one we know.")
    found = rating(
        ticket,
        Version(LONG_AGO, seconds_of(version.at), version.key),
        score[1] if score else raw,
        rated_at=version.at,
        comment=said.text("rating_comment"),
        reason=said.text("rating_reason"),
    )
    return (found,) if found else ()
