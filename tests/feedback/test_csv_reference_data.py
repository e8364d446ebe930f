"""The shipped mappings over the two published data sets: the numbers that others counted too."""

import os
import statistics
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.feedback.intake.normalised import Normalised
from services.feedback.intake.sources.csv import Reading, match_files, read
from services.feedback.intake.sources.csv_mapping import Mapping, find_mapping

REFERENCE = os.environ.get("ASSAY_REFERENCE_DIR") or Path(__file__).parents[2] / "../shared"
DATA = Path(REFERENCE) / "data"
DONE = {"solved", "closed"}

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the reference data is not here: set ASSAY_REFERENCE_DIR"
)


def _read(name: str, *files: str) -> Reading:
    mapping = Mapping.load(find_mapping(name))
    return read(mapping, match_files(mapping, [DATA / file for file in files]))


def _tickets(reading: Reading) -> list[Normalised]:
    return [ticket for batch in reading.batches() for ticket in batch]


@pytest.fixture(scope="module")
def helpdesk() -> Reading:
    return _read(
        "helpdesk_qa",
        "helpdesk_qa_scored_even_tickets.csv.gz",
        "helpdesk_utterances_even_tickets.csv.gz",
    )


@pytest.fixture(scope="module")
def incidents() -> Reading:
    return _read("incident_log", "uci_incidents_2016q1.csv.gz")


def _minutes(ticket: Normalised) -> float:
    assert ticket.state["solved_at"] is not None
    return (ticket.state["solved_at"] - ticket.state["created_at"]).total_seconds() / 60


# ---- The help desk with QA scores -------------------------------------------------------------


def test_every_row_of_the_help_desk_is_read(helpdesk: Reading) -> None:
    assert helpdesk.rows == 14_896 + 368
    assert helpdesk.rejected == ()
    assert helpdesk.warnings == ()


def test_the_sentences_become_3600_comments_of_which_861_are_private(helpdesk: Reading) -> None:
    tickets = _tickets(helpdesk)
    messages = [message for ticket in tickets for message in ticket.messages]
    assert len(tickets) == 170
    assert len(messages) == len({message.external_id for message in messages}) == 3600
    assert sum(not message.is_public for message in messages) == 861
    assert Counter(message.author_kind for message in messages) == {
        "agent": 2664,
        "requester": 761,
        "bot": 175,
    }
    assert sum(message.body.count("\n") + 1 for message in messages) == 14_896


def test_the_first_answer_without_the_bot_is_1_625_minutes_in_the_median(helpdesk: Reading) -> None:
    waits = []
    for ticket in _tickets(helpdesk):
        answers = [m for m in ticket.messages if m.is_public and m.author_kind == "agent"]
        if answers:
            first = min(answers, key=lambda message: (message.sent_at, message.position))
            waits.append((first.sent_at - ticket.state["created_at"]).total_seconds() / 60)
    assert len(waits) == 168
    assert statistics.median(waits) == 1.625
    assert statistics.mean(waits) == pytest.approx(216.3263, abs=5e-5)


def test_the_scores_become_368_reviews_of_which_75_say_nothing(helpdesk: Reading) -> None:
    reviews = helpdesk.reviews
    scored = [review for review in reviews if any(value is not None for _, value in review.answers)]
    assert len(reviews) == len({review.key for review in reviews}) == 368
    assert len(scored) == 293
    assert helpdesk.totals().unscored_reviews == 75
    assert sum(review.agent_key is None for review in reviews) == 4
    points = [sum((value or Decimal(0)) for _, value in review.answers) for review in scored]
    assert float(sum(points) / len(scored) / 15 * 100) == pytest.approx(80.6598, abs=5e-5)
    assert sum(one == 15 for one in points) == 173
    assert {review.ticket_key for review in reviews} == {t.ticket_key for t in _tickets(helpdesk)}


def test_each_help_desk_ticket_says_who_had_it_and_nothing_about_its_status(
    helpdesk: Reading,
) -> None:
    tickets = _tickets(helpdesk)
    changes = [change for ticket in tickets for change in ticket.changes]
    assert {change.field for change in changes} == {"assignee"}
    # 368 turns, but 4 tickets never had an assignee and one assignee had two turns in a row.
    assert len(changes) == 363
    assert all(ticket.state["status"] is None for ticket in tickets)
    assert all(ticket.state["requester_key"] and ticket.state["type"] for ticket in tickets)
    assert Counter(ticket.state["priority"] for ticket in tickets).keys() == {
        "low",
        "normal",
        "high",
        "urgent",
    }
    assert sum(ticket.state["assignee_key"] is None for ticket in tickets) == 4
    for ticket in tickets:
        assert ticket.state["created_at"] == min(message.sent_at for message in ticket.messages)
        sighted = {agent.external_id for agent in ticket.agents}
        assert {change.to_value for change in ticket.changes} - {None} <= sighted


# ---- The incident log -------------------------------------------------------------------------


def test_every_row_of_the_incident_log_is_read(incidents: Reading) -> None:
    assert incidents.rows == 59_354
    assert len(incidents.tickets) == 9_202
    assert incidents.rejected == ()
    (warning,) = incidents.warnings  # the one incident whose updates are not in time order
    assert "line 360" in warning


def test_161_reopenings_of_133_incidents_are_in_the_log(incidents: Reading) -> None:
    reopened = [
        ticket.ticket_key
        for ticket in _tickets(incidents)
        for change in ticket.changes
        if change.field == "status" and change.from_value in DONE and change.to_value not in DONE
    ]
    assert len(reopened) == 161
    assert len(set(reopened)) == 133


def test_8419_incidents_state_when_they_were_solved(incidents: Reading) -> None:
    solved = [ticket for ticket in _tickets(incidents) if ticket.state["solved_at"]]
    minutes = [_minutes(ticket) for ticket in solved]
    assert len(minutes) == 8_419
    assert statistics.median(minutes) == 4_226
    assert statistics.mean(minutes) == pytest.approx(14_577.841, abs=5e-4)
    assert max(minutes) == 484_210


def test_the_group_is_seen_to_change_8289_times(incidents: Reading) -> None:
    changes = [change for ticket in _tickets(incidents) for change in ticket.changes]
    handed_over = [c for c in changes if c.field == "group" and c.from_value is not None]
    assert len(handed_over) == 8_289
    assert all(change.to_value is not None for change in changes)


def test_the_changes_of_each_incident_are_a_chain_with_keys_of_their_own(
    incidents: Reading,
) -> None:
    tickets = _tickets(incidents)
    keys = [change.key for ticket in tickets for change in ticket.changes]
    assert len(keys) == len(set(keys))
    for ticket in tickets:
        last: dict[str, str | None] = {}
        for change in ticket.changes:
            assert change.from_value == last.get(change.field)
            assert change.from_value != change.to_value
            last[change.field] = change.to_value
        times = [(change.occurred_at, change.position) for change in ticket.changes]
        assert times == sorted(times)
        state = SimpleNamespace(**ticket.state)
        assert (state.status, state.group_key) == (last["status"], last.get("group"))
        assert (state.assignee_key, state.priority) == (last.get("assignee"), last["priority"])


def test_the_last_row_decides_what_an_incident_is_now(incidents: Reading) -> None:
    states = [SimpleNamespace(**ticket.state) for ticket in _tickets(incidents)]
    assert Counter(state.status for state in states) == {"closed": 9_202}
    assert Counter(state.priority for state in states) == {
        "urgent": 94,
        "high": 143,
        "normal": 8_581,
        "low": 384,
    }
    assert {state.channel for state in states} == {"phone", "email"}
    assert min(state.created_at for state in states).isoformat() == "2016-02-29T01:16:00+00:00"
