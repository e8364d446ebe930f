"""What is asked in the GraphQL benchmark: the same four questions, as each server understands them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from services.bench.graphql.data import Furnished

Variables = Callable[[Random, Furnished], dict[str, Any]]


@dataclass(frozen=True)
class Operation:
    """`document`: ours, and plain Strawberry's; `by_hand`: an address with the variables in it;
    `postgraphile`: in its own schema of the same tables, where it has what is asked for."""

    name: str
    document: str
    by_hand: str
    variables: Variables
    postgraphile: str | None = None


def _one(chance: Random, furnished: Furnished) -> dict[str, Any]:
    ticket_id, audit_id = chance.choice(furnished.audits)
    return {"id": str(audit_id), "ticketId": str(ticket_id)}


def _no(_: Random, __: Furnished) -> dict[str, Any]:
    return {}


def _vendor(chance: Random, furnished: Furnished) -> dict[str, Any]:
    return {"vendor": str(chance.choice(furnished.vendors))}


OPERATIONS: Sequence[Operation] = (
    Operation(
        "one audit",
        """query Audit($id: UUID!) { audit(id: $id) {
          id state drawnAt
          ticket { id externalId subject status createdAt }
          agent { id name }
          reviews { id number score passed answers releasedAt appeals { id state reason filedAt } }
        } }""",
        "/audit?id={id}",
        _one,
        """query Audit($id: UUID!, $ticketId: UUID!) { auditByTicketIdAndId(ticketId: $ticketId, id: $id) {
          id state drawnAt
          ticketByTicketId { id externalId subject status createdAt }
          personByAgentId { id name }
          reviewsByTicketIdAndAuditIdList(orderBy: NUMBER_ASC) {
            id number score passed answers releasedAt
            appealsByTicketIdAndReviewIdList { id state reason filedAt }
          }
        } }""",
    ),
    Operation(
        "50 audits",
        """query Audits { audits(first: 50, state: "reviewed") { nodes {
          id state drawnAt
          ticket { id externalId subject status }
          agent { id name }
          reviews { id score passed appeals { id state reason filedAt } }
        } } }""",
        "/audits?state=reviewed",
        _no,
        """query Audits { allAuditsList(
            first: 50, condition: {state: "reviewed"}, orderBy: [DRAWN_AT_DESC, ID_DESC]) {
          id state drawnAt
          ticketByTicketId { id externalId subject status }
          personByAgentId { id name }
          reviewsByTicketIdAndAuditIdList(orderBy: NUMBER_ASC) {
            id score passed appealsByTicketIdAndReviewIdList { id state reason filedAt }
          }
        } }""",
    ),
    Operation(
        "50 tickets",
        """query Tickets($vendor: UUID) { tickets(first: 50, status: "solved", vendorId: $vendor) { nodes {
          id externalId subject status priority channel language groupName tags createdAt updatedAt
          assignee { id name }
        } } }""",
        "/tickets?status=solved&vendor={vendor}",
        _vendor,
        """query Tickets($vendor: UUID!) { allTicketsList(
            first: 50, condition: {status: "solved", vendorId: $vendor},
            orderBy: [CREATED_AT_DESC, ID_DESC]) {
          id externalId subject status priority channel language groupName tags createdAt updatedAt
          personByAssigneeId { id name }
        } }""",
    ),
    Operation(
        "KPI dashboard",
        """query Dashboard { metrics(
            keys: ["csat", "first_response_time", "quality_score"], groupBy: "vendor_id") {
          metric group value n
        } }""",
        "/metrics-by-vendor",
        _no,
    ),
)


def graphql_body(document: str, variables: Mapping[str, Any]) -> bytes:
    used = {name: value for name, value in variables.items() if f"${name}:" in document}
    return json.dumps({"query": document, "variables": used}).encode()
