"""Who may do what: one table, by role. What depends on the row (own, own vendor) is in the
services' rules and in `visibility.py`; nothing is reachable that is not named here."""

from shared.models.people import Role

_LEADS = frozenset({Role.ADMIN, Role.LEAD})
_QUALITY = _LEADS | {Role.SPECIALIST}
_READERS = frozenset(Role)

PERMISSIONS: dict[str, frozenset[Role]] = {
    "vendors.create": _LEADS,
    "vendors.read": _READERS,
    "schedules.create": _LEADS,
    "people.create": _LEADS,
    "people.update": _LEADS,
    "people.read": _READERS,
    "connections.create": frozenset({Role.ADMIN}),
    "connections.update": frozenset({Role.ADMIN}),
    "connections.read": _LEADS,
    "dead_letters.read": _LEADS,
    "dead_letters.replay": _LEADS,
    "pulls.start": frozenset({Role.ADMIN}),
    "tickets.import": frozenset({Role.ADMIN}),
    "tickets.read": _READERS,
    "originals.open": _LEADS,
    "requesters.find": _LEADS,
    "requesters.open": _LEADS,
    "requesters.export": _LEADS,
    "requesters.erase": _LEADS,
    "erasures.read": _LEADS,
    "legal_holds.create": _LEADS,
    "legal_holds.read": _LEADS,
    "legal_holds.update": _LEADS,
    "retention.read": _LEADS,
    "retention.update": frozenset({Role.ADMIN}),
    "scorecards.create": _LEADS,
    "scorecards.publish": _LEADS,
    "scorecards.read": _READERS,
    "plans.create": _LEADS,
    "plans.read": _QUALITY | {Role.ANALYST},
    "audits.read": _READERS,
    "audits.claim": _QUALITY,
    "reviews.submit": _QUALITY,
    "reviews.read": _READERS,
    "reviews.acknowledge": frozenset({Role.AGENT, Role.TEAM_LEAD}),
    "appeals.file": frozenset({Role.AGENT, Role.TEAM_LEAD}),
    "appeals.withdraw": frozenset({Role.AGENT, Role.TEAM_LEAD}),
    "appeals.read": _READERS,
    "appeals.take": _QUALITY,
    "appeals.rule": _QUALITY,
    "metrics.read": _READERS,
    "viewer.read": _READERS,
}


def allowed_actions(role: Role) -> list[str]:
    return sorted(action for action, roles in PERMISSIONS.items() if role in roles)
