"""Every table, by owner. Importing this package fills `SQLModel.metadata`."""

from shared.models import appeals, audit, feedback, kpi, people, privacy, queue

OWNERS = {
    "shared": (queue,),
    "people": (people,),
    "feedback": (feedback, privacy),
    "audit": (audit,),
    "appeals": (appeals,),
    "kpi": (kpi,),
}
"""A table is written only by the code of its owner (kept by tests/architecture)."""
