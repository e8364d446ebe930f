"""Every table, by owner. Importing this package fills `SQLModel.metadata`."""

from shared.models import (
    appeals,
    assignment,
    audit,
    calibration,
    feedback,
    kpi,
    notices,
    people,
    privacy,
    queue,
    releases,
    sampling,
    trail,
)

OWNERS = {
    "shared": (queue,),
    "trail": (trail,),
    "people": (people, notices),
    "feedback": (feedback, privacy),
    "audit": (audit, assignment, calibration, releases, sampling),
    "appeals": (appeals,),
    "kpi": (kpi,),
}
"""A table is written only by the code of its owner (kept by tests/architecture)."""
