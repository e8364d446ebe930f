"""Where somebody's id stands, table by table: what is held about one person. Data, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """The rows of a table in which one of these columns is the person's id."""

    columns: tuple[str, ...]
    without: tuple[str, ...] = ()
    """Columns that are left out: secrets, and what requesters wrote or who they are."""
    listed: tuple[str, ...] = ()
    """Columns of JSON, `[{ids: […]}]`: rows that list the person's id there are held about them too."""


HELD: Mapping[str, Held] = {
    "person": Held(("id",)),
    "help_desk_agent": Held(("id",)),
    "login": Held(("person_id",)),
    "reporting_login": Held(("person_id",)),
    "service_token": Held(("owner_id",), without=("secret_hash", "prefix")),
    "notice": Held(("published_by",)),
    "notice_reading": Held(("person_id",)),
    "ticket": Held(
        ("assignee_id",),
        without=("subject", "description", "custom_fields", "requester_key", "told", "settled"),
    ),
    "rating": Held(("agent_id",), without=("comment", "extra")),
    "ticket_fact": Held(("agent_id",), without=("requester_key",)),
    "audit": Held(("agent_id",)),
    "sampling_run": Held(("requested_by",), without=("drawn",)),
    "assignment": Held(("specialist_id",)),
    "claim": Held(("specialist_id",)),
    "specialist_profile": Held(("person_id",)),
    "distress_opt_out": Held(("person_id",)),
    "review": Held(("agent_id", "acknowledged_by")),
    "held_review": Held(("author_id", "checked_by")),
    "review_author": Held(("reviewer_id",)),
    "appeal": Held(("agent_id", "filed_by", "resolver_id")),
    "ruling": Held(("ruled_by",)),
    "erasure_request": Held(("requested_by", "decided_by"), without=("scanned_to",)),
    "legal_hold": Held(("placed_by", "released_by")),
    "calibration": Held(("created_by", "expert_id")),
    "calibration_rater": Held(("person_id",)),
    "calibration_sample": Held(("agreed_by",), without=("agreed",)),
    "calibration_rating": Held(("rater_id",)),
    "review_check": Held(("reviewer_id", "checker_id")),
    "state_change": Held(("moved_by",)),
    "trail_entry": Held(("actor_id",), without=("mac",), listed=("changes", "reads")),
}
NOT_HELD: Mapping[str, str] = {
    "claim.agent_id": "whose turn it was to review them is not theirs to know; the audits are theirs",
    "person.lead_id": "it is about the people who are led",
    "idempotency_key.actor_id": "copies of answers, gone after a day",
}
"""Columns with a person's id that are left out, with the reason."""
