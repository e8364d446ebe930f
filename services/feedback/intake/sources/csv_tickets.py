"""One ticket while its rows come in, and what it is in our words once they are all there."""

from dataclasses import dataclass, field
from datetime import datetime

from services.feedback.intake.normalised import (
    AgentSighting,
    Change,
    NewMessage,
    Normalised,
    TicketFields,
    Version,
)

Words = dict[str, str | None]
"""Field → word, for the fields that a row knows. None: known, but not a word of ours."""

_TRACKED = ("status", "group", "assignee", "priority")
"""The fields whose changes are a ticket's history."""


@dataclass(frozen=True, slots=True)
class Head:
    """What all rows of one message say alike."""

    sent_at: datetime
    position: int | None
    author_kind: str
    author_key: str | None
    author_name: str | None
    is_public: bool


@dataclass(slots=True)
class Comment:
    """A message that may be spread over several rows."""

    head: Head
    order: int
    first_line: int
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Turn:
    """The stretch of a ticket's life that one assignee answers for."""

    number: int
    started_at: datetime | None
    ended_at: datetime
    assignee: str | None


class CollectedTicket:
    def __init__(self, key: str) -> None:
        self.key = key
        self.rows = 0
        """Update rows so far, unreadable ones too: mended, they leave other rows' keys alone."""
        self.opened_at: datetime | None = None
        self.words: Words = {}
        self.comments: dict[str, Comment] = {}
        self.turns: list[Turn] = []
        self._first_update_at: datetime | None = None
        self._updated_at: datetime | None = None
        self._solved_at: datetime | None = None
        self._changes: list[Change] = []
        self._agents: dict[str, str | None] = {}
        self._moved: list[str] = []

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self._moved:
            return ()
        first, count = self._moved[0], len(self._moved)
        return (
            f"{first}: dated before the row above it in its ticket; taken at that row's time "
            f"(rows of this ticket: {count})",
        )

    @property
    def weight(self) -> int:
        """How many rows of ours it becomes, about."""
        return len(self._changes) + len(self.comments) + len(self.turns) + 1

    @property
    def is_empty(self) -> bool:
        """None of its rows could be read."""
        return not (self.comments or self.turns or self._updated_at)

    def update(
        self,
        words: Words,
        at: datetime,
        solved_at: datetime | None,
        actor: str | None,
        where: str,
    ) -> None:
        """The next update in file order, which is the order of the events whatever their times say:
        a time that runs back is moved forward to the time before it."""
        if self._updated_at and at < self._updated_at:
            self._moved.append(where)
            at = self._updated_at
        for name in _TRACKED:
            if name in words and words[name] != self.words.get(name):
                key = f"{self.key}:{self.rows}:{name}"
                was, now = self.words.get(name), words[name]
                self._changes.append(Change(key, at, self.rows, name, was, now, actor, basis="history"))
        if assignee := words.get("assignee"):
            self._agents.setdefault(assignee, None)
        self.words |= words
        self._first_update_at = self._first_update_at or at
        self._updated_at, self._solved_at = at, solved_at

    def changes(self) -> tuple[Change, ...]:
        return (*self._changes, *self._handovers())

    def normalised(self) -> Normalised:
        messages = tuple(
            NewMessage(
                external_id=key,
                sent_at=comment.head.sent_at,
                position=comment.order if comment.head.position is None else comment.head.position,
                author_kind=comment.head.author_kind,
                author_key=comment.head.author_key,
                author_name=comment.head.author_name,
                is_public=comment.head.is_public,
                body="\n".join(comment.lines),
            )
            for key, comment in self.comments.items()
        )
        newest = self._newest()
        return Normalised(
            ticket_key=self.key,
            version=Version(newest, self.rows + len(self.comments) + len(self.turns)),
            state=self._state(newest),
            changes=self.changes(),
            messages=messages,
            agents=tuple(
                AgentSighting(external_id, name, None)
                for external_id, name in self._sightings(messages).items()
            ),
            warnings=self.warnings,
        )

    def _newest(self) -> datetime:
        updated = [self._updated_at] if self._updated_at else []
        sent = [comment.head.sent_at for comment in self.comments.values()]
        return max([*sent, *(turn.ended_at for turn in self.turns), *updated])

    def _state(self, newest: datetime) -> TicketFields:
        """All that an export can tell: what a row does not say is not there."""
        turns = self._turns_in_order()
        sent = [comment.head.sent_at for comment in self.comments.values()]
        started = [turn.started_at or turn.ended_at for turn in turns]
        first_updated = [self._first_update_at] if self._first_update_at else []
        known = self.words.get
        return TicketFields(
            # A ticket begins with its first message; only where none is known, with what is.
            created_at=self.opened_at or min(sent or first_updated or started),
            updated_at=newest,
            solved_at=self._solved_at,
            subject=known("subject"),
            status=known("status"),
            status_raw=known("status_raw"),
            priority=known("priority"),
            type=known("type"),
            channel=known("channel"),
            channel_raw=known("channel_raw"),
            language=known("language"),
            topic=known("topic"),
            brand=known("brand"),
            group_key=known("group"),
            group_name=known("group"),
            assignee_key=turns[-1].assignee if turns else known("assignee"),
            requester_key=known("requester"),
        )

    def _turns_in_order(self) -> list[Turn]:
        return sorted(self.turns, key=lambda turn: turn.number)

    def _handovers(self) -> list[Change]:
        """Who has the ticket, by turns. Unlike in an update, no assignee here means nobody."""
        handovers = []
        holder: str | None = None
        for turn in self._turns_in_order():
            if turn.started_at and turn.assignee != holder:
                key = f"{self.key}:turn:{turn.number}:assignee"
                was, now, position = holder, turn.assignee, turn.number
                handovers.append(
                    Change(key, turn.started_at, position, "assignee", was, now, basis="history")
                )
            holder = turn.assignee
        return handovers

    def _sightings(self, messages: tuple[NewMessage, ...]) -> dict[str, str | None]:
        seen = dict(self._agents)
        for message in messages:
            if message.author_kind == "agent" and message.author_key:
                seen[message.author_key] = message.author_name or seen.get(message.author_key)
        for turn in self.turns:
            if turn.assignee:
                seen.setdefault(turn.assignee, None)
        return seen
