"""Small mappings of every grain, and how the tests read a CSV by one of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from services.feedback.intake.normalised import Normalised
from services.feedback.intake.sources.csv import Reading, match_files, read
from services.feedback.intake.sources.csv_mapping import Mapping

CONNECTION = """
[connection]
key = "desk"
name = "Desk"
resolution_basis = "history"
[time]
format = "%Y-%m-%d %H:%M"
zone = "Europe/Berlin"
[cells]
missing = ["?"]
"""

MESSAGES = (
    CONNECTION
    + """
[bots]
authors = ["robot"]
[[file]]
name = "talk"
grain = "message"
[file.columns]
ticket = "ticket"
message = "message"
at = "at"
author = "author"
author_kind = "role"
private = "private"
body = "text"
[file.values.author_kind]
customer = "requester"
staff = "agent"
[file.values.private]
no = false
yes = true
"""
)
TALK = "ticket,message,at,author,role,private,text\n"

UPDATES = (
    CONNECTION
    + """
[[file]]
name = "log"
grain = "ticket_update"
[file.columns]
ticket = "ticket"
at = "at"
opened_at = "opened"
solved_at = "solved"
status = "state"
priority = "priority"
channel = "channel"
group = "group"
assignee = "who"
[file.values.status]
New = "new"
Open = "open"
Done = "solved"
[file.values.priority]
P1 = "urgent"
P3 = "normal"
[file.values.channel]
Phone = "phone"
"""
)
LOG = "ticket,at,opened,solved,state,priority,channel,group,who\n"

REVIEWS = (
    CONNECTION
    + """
[[file]]
name = "scores"
grain = "review"
[file.columns]
ticket = "ticket"
turn = "turn"
started = "from"
at = "to"
assignee = "who"
notes = "notes"
[scorecard]
key = "quality"
name = "Quality"
not_scored = ["0"]
[[scorecard.criterion]]
id = "right"
title = "Right"
column = "A"
min = 0
max = 5
weight = 1
[[scorecard.criterion]]
id = "kind"
title = "Kind"
column = "B"
min = 0
max = 5
weight = 1.5
"""
)
SCORES = "ticket,turn,from,to,who,notes,A,B\n"

NOON = datetime(2024, 1, 5, 11, 0, tzinfo=UTC)  # 12:00 in Berlin

Read = Callable[[str, str | bytes], Reading]


def reader(folder: Path) -> Read:
    """Reads a file's content by a mapping's text."""

    def _read(mapping: str, content: str | bytes) -> Reading:
        path = folder / "export.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        parsed = Mapping.parse(mapping)
        return read(parsed, match_files(parsed, [path]))

    return _read


def tickets(found: Reading) -> dict[str, Normalised]:
    return {ticket.ticket_key: ticket for batch in found.batches() for ticket in batch}


def only(found: Reading) -> Normalised:
    (ticket,) = tickets(found).values()
    return ticket
