"""Who may do what to whose: one table, by action and role. Routes and mutations ask it (`auth.permit`,
`auth.check`), the database's policies are made from it (`row_security.py`), clients read it at
`GET /people/permissions`. Nothing is reachable that is not named here.
"""

from collections.abc import Mapping
from enum import StrEnum

from shared.models.people import Role


class Relation(StrEnum):
    """Of which rows a role may do it. What lies outside answers 404, as if it were not there."""

    ALL = "all"
    """Every row; of those who work for a vendor: every row of that vendor."""
    VENDOR = "vendor"
    TEAM = "team"
    """Of the people they lead, and their own."""
    OWN = "own"
    """Where they are the agent whose work it is."""
    MINE = "mine"
    """What they made, or have taken."""


Grants = Mapping[Role, Relation]
ALL, VENDOR, TEAM, OWN, MINE = Relation

_ADMIN: Grants = {Role.ADMIN: ALL}
_LEADS: Grants = {Role.ADMIN: ALL, Role.LEAD: ALL}
_QUALITY: Grants = {**_LEADS, Role.SPECIALIST: ALL}
_OFFICE: Grants = {**_QUALITY, Role.POLICY_OWNER: ALL, Role.TRAINER: ALL, Role.ANALYST: ALL}
"""The company's own staff who work with quality, each for another end."""
_FLOOR: Grants = {Role.TEAM_LEAD: TEAM, Role.AGENT: OWN}
"""Those whose work it is about."""
_WORK: Grants = {**_OFFICE, **_FLOOR, Role.VENDOR_MANAGER: VENDOR, Role.SERVICE: ALL}
_WORDS: Grants = {**_LEADS, Role.SPECIALIST: MINE, **_FLOOR, Role.VENDOR_MANAGER: VENDOR}

_PEOPLE: Grants = {role: ALL for role in Role if role is not Role.SERVICE}
_PEOPLE_MINE: Grants = dict.fromkeys(_PEOPLE, MINE)

PERMISSIONS: Mapping[str, Grants] = {
    "vendors.create": _LEADS,
    "vendors.read": {**_OFFICE, Role.TEAM_LEAD: VENDOR, Role.AGENT: VENDOR, Role.VENDOR_MANAGER: VENDOR},
    "schedules.create": _LEADS,
    "people.create": _LEADS,
    "people.update": _LEADS,
    "people.read": {**_OFFICE, **_FLOOR, Role.VENDOR_MANAGER: VENDOR},
    "people.export": {**_PEOPLE_MINE, **_LEADS},
    "notices.create": _LEADS,
    "notices.read": _PEOPLE,
    "notices.acknowledge": _PEOPLE_MINE,
    "logins.read": _ADMIN,
    "logins.update": _ADMIN,
    "service_tokens.read": _ADMIN,
    "service_tokens.create": _ADMIN,
    "permissions.read": dict.fromkeys(Role, ALL),
    "connections.create": _ADMIN,
    "connections.update": _ADMIN,
    "connections.read": _LEADS,
    "dead_letters.read": _LEADS,
    "dead_letters.replay": _LEADS,
    "pulls.start": _ADMIN,
    "tickets.import": {**_ADMIN, Role.SERVICE: ALL},
    "tickets.read": _WORK,
    "messages.read": _WORDS,
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
    "retention.update": _ADMIN,
    "scorecards.create": _LEADS,
    "scorecards.publish": _LEADS,
    "scorecards.read": dict.fromkeys(Role, ALL),
    "plans.create": _LEADS,
    "plans.read": {**_QUALITY, Role.ANALYST: ALL},
    "sampling_runs.create": _LEADS,
    "sampling_runs.read": {**_LEADS, Role.ANALYST: ALL, Role.VENDOR_MANAGER: VENDOR},
    "audits.read": _WORK,
    "audits.claim": _QUALITY,
    "audits.pick": _QUALITY,
    "workload.read": _LEADS,
    "claim_policy.read": _QUALITY,
    "claim_policy.update": _LEADS,
    "specialist_profiles.read": {**_LEADS, Role.SPECIALIST: MINE},
    "specialist_profiles.update": _LEADS,
    "distressing.choose": dict.fromkeys(_QUALITY, MINE),
    "evidence.read": _WORDS,
    "reviewers.read": _QUALITY,
    "reviews.submit": _QUALITY,
    "held_reviews.read": {**_LEADS, Role.SPECIALIST: MINE},
    "held_reviews.check": {**_LEADS, Role.SPECIALIST: MINE},
    "reviews.read": _WORK,
    "reviews.acknowledge": _FLOOR,
    "reviews.acknowledge_for": {Role.TEAM_LEAD: TEAM},
    "reviews.reassign": _LEADS,
    "reviews.revise": _QUALITY,
    "reviews.void": _LEADS,
    "calibrations.create": _LEADS,
    "calibrations.read": {**_LEADS, Role.SPECIALIST: MINE},
    "calibrations.lead": _LEADS,
    "calibrations.rate": dict.fromkeys(_QUALITY, MINE),
    "checks.create": _LEADS,
    "checks.read": {**_LEADS, Role.SPECIALIST: MINE},
    "checks.submit": dict.fromkeys(_QUALITY, MINE),
    "alignment.read": {**_LEADS, Role.SPECIALIST: MINE},
    "appeals.file": _FLOOR,
    "appeals.withdraw": _FLOOR,
    "appeals.read": _WORK,
    "appeals.take": _QUALITY,
    "appeals.rule": _QUALITY,
    "metrics.read": _WORK,
    "trail.read": {**dict.fromkeys(Role, MINE), **_LEADS},
    "trail.export": _LEADS,
    "viewer.read": dict.fromkeys(Role, ALL),
    "schema.read": _ADMIN,
}
