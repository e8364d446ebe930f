"""What each GraphQL type is in the database: its table, the fields that are not simply columns of the same
name, and how it leads to others. Data. What is not here is left to the resolvers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MANY = 200
"""As the resolvers' `many`: so much of a nested list one owner shows."""


@dataclass(frozen=True)
class Edge:
    """To rows of another type. In SQL, {me} is the row that it leads from, {it} the one that it leads to."""

    type: str
    on: str
    order: str = ""
    """Of a list; a single object has none."""
    source: str = ""
    """Instead of the type's table."""


@dataclass(frozen=True)
class Source:
    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field → SQL; none: left to the resolvers. The others are columns of the same name, in snake_case."""
    edges: Mapping[str, Edge] = field(default_factory=dict)


@dataclass(frozen=True)
class Root:
    """A field of Query. `newest`: it is a list in pages, the newest by this column first."""

    type: str
    permission: str
    filters: Mapping[str, str]
    """Argument → condition on {it}, with {value}: the argument, cast to what it is."""
    newest: str = ""


def _person(column: str) -> Edge:
    return Edge("Person", f"{{it}}.id = {column}")


_VENDOR = Edge("Vendor", "{it}.id = {me}.vendor_id")
_OF_TICKET = "{it}.ticket_id = {me}.id"
_OF_AUDIT = "{it}.ticket_id = {me}.ticket_id AND {it}.audit_id = {me}.id"
_OF_REVIEW = "{it}.ticket_id = {me}.ticket_id AND {it}.review_id = {me}.id"
_REVIEWER = f"(SELECT one.reviewer_id FROM review_author one WHERE {_OF_REVIEW})".replace("{it}", "one")
_LEASE = f"(SELECT one.lease_ends_at FROM assignment one WHERE {_OF_AUDIT})".replace("{it}", "one")
_SPECIALIST = f"(SELECT one.specialist_id FROM assignment one WHERE {_OF_AUDIT})".replace("{it}", "one")

SOURCES: Mapping[str, Source] = {
    "Vendor": Source("vendor"),
    "Person": Source(
        "person",
        {"version": ""},
        {"vendor": _VENDOR, "lead": _person("{me}.lead_id")},
    ),
    "Clock": Source("", {"startedBy": "{it}.value->>'started_by'", "stoppedBy": "{it}.value->>'stopped_by'"}),
    "TicketFacts": Source(
        "ticket_fact",
        {
            "firstResponseS": "{it}.first_reply_s",
            "firstResponseBusinessS": "{it}.first_reply_business_s",
        },
        {
            "clocks": Edge(
                "Clock", "true", '{it}.name COLLATE "C"', "jsonb_each({me}.clocks) AS {it}(name, value)"
            )
        },
    ),
    "Ticket": Source(
        "ticket",
        edges={
            "assignee": _person("{me}.assignee_id"),
            "facts": Edge("TicketFacts", _OF_TICKET),
            "audits": Edge("Audit", _OF_TICKET, "{it}.drawn_at, {it}.id"),
            "reviews": Edge("Review", _OF_TICKET, "{it}.audit_id, {it}.number"),
        },
    ),
    "Audit": Source(
        "audit",
        {"specialistId": _SPECIALIST, "leaseEndsAt": _LEASE, "evidence": ""},
        {
            "agent": _person("{me}.agent_id"),
            "specialist": _person(_SPECIALIST),
            "reviews": Edge("Review", _OF_AUDIT, "{it}.number"),
            "ticket": Edge("Ticket", "{it}.id = {me}.ticket_id"),
        },
    ),
    "Review": Source(
        "review",
        {"reviewerId": _REVIEWER},
        {
            "agent": _person("{me}.agent_id"),
            "reviewer": _person(_REVIEWER),
            "appeals": Edge("Appeal", _OF_REVIEW, "{it}.id"),
        },
    ),
    "Appeal": Source(
        "appeal",
        {"filedById": "{it}.filed_by"},
        {
            "agent": _person("{me}.agent_id"),
            "filedBy": _person("{me}.filed_by"),
            "resolver": _person("{me}.resolver_id"),
            "ruling": Edge("Ruling", "{it}.ticket_id = {me}.ticket_id AND {it}.appeal_id = {me}.id"),
        },
    ),
    "Ruling": Source("ruling", {"ruledById": "{it}.ruled_by"}, {"ruledBy": _person("{me}.ruled_by")}),
}  # fmt: skip

_ID = {"id": "{it}.id = {value}::uuid"}
_OF_AGENT = {"agentId": "{it}.agent_id = {value}::uuid"}
_ABOUT = {"ticketId": "{it}.ticket_id = {value}::uuid"}
ROOTS: Mapping[str, Root] = {
    "ticket": Root("Ticket", "tickets.read", _ID),
    "tickets": Root(
        "Ticket", "tickets.read",
        {
            "status": "{it}.status = {value}::text",
            "vendorId": "{it}.vendor_id = {value}::uuid",
            "connectionId": "{it}.connection_id = {value}::uuid",
            "externalId": "{it}.external_id = {value}::text",
            "assigneeId": "{it}.assignee_id = {value}::uuid",
        },
        newest="created_at",
    ),
    "audit": Root("Audit", "audits.read", _ID),
    "audits": Root(
        "Audit", "audits.read",
        {"state": "{it}.state = {value}::text"} | _OF_AGENT | _ABOUT
        | {
            "specialistId": _SPECIALIST.replace("{me}", "{it}") + " = {value}::uuid",
            "overdue": "coalesce({it}.due_at < now() AND {it}.state IN ('open', 'claimed'), false)"
            " = {value}::boolean",
        },
        newest="drawn_at",
    ),
    "review": Root("Review", "reviews.read", _ID),
    "reviews": Root(
        "Review", "reviews.read",
        {
            "current": "({it}.superseded_at IS NULL) = {value}::boolean",
            "auditId": "{it}.audit_id = {value}::uuid",
            "scorecardVersionId": "{it}.scorecard_version_id = {value}::uuid",
        } | _OF_AGENT | _ABOUT,
        newest="released_at",
    ),
    "appeal": Root("Appeal", "appeals.read", _ID),
    "appeals": Root(
        "Appeal", "appeals.read",
        {
            "state": "{it}.state = {value}::text",
            "reviewId": "{it}.review_id = {value}::uuid",
            "agentId": "{it}.agent_id = {value}::uuid",
        },
        newest="filed_at",
    ),
    "person": Root("Person", "people.read", _ID),
    "people": Root(
        "Person", "people.read",
        {"role": "{it}.role = {value}::text", "vendorId": "{it}.vendor_id = {value}::uuid"},
        newest="id",
    ),
    "vendors": Root("Vendor", "vendors.read", {}, newest="id"),
}  # fmt: skip
