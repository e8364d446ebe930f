"""How an account's words map to ours, by platform. Kept as JSON on the connection; read by `intake`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.schemas import Id, In, Name

ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Number = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,20}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
Status = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]


class GroupIn(In):
    name: Name
    vendor_id: Id | None = Field(default=None, description="Whose agents this group holds; null: in-house.")


class ZendeskSettings(In):
    brands: dict[ExternalId, Name] = Field(default={}, description="brand id → name")
    groups: dict[ExternalId, GroupIn] = Field(default={}, description="group id → name and vendor")
    bots: list[ExternalId] = Field(default=[], description="Accounts whose comments are automatic.")
    language_tag_prefix: str | None = Field(default=None, max_length=40, examples=["lang_"])
    topic_tag_prefix: str | None = Field(default=None, max_length=40, examples=["topic_"])
    triggers: dict[Word, dict[FieldName, list[Word]]] = Field(
        default={},
        description="Triggers' own JSON: template name → our field → the path of keys to it. "
        "The body names its template in `template`; `csat_v1` is known without being listed.",
        examples=[{"csat_v1": {"ticket_id": ["ticket", "id"], "rating": ["ticket", "rating"]}}],
    )


class ScaleIn(In):
    scale: tuple[int, int] = Field(description="Worst and best number.", strict=False)


class SalesforceSettings(In):
    declared_fields: dict[FieldName, list[FieldName]] = Field(
        default={}, description="object → the fields its outbound message sends: one left out is empty."
    )
    status_map: dict[Word, Status] = Field(default={}, description="their word → ours")
    priority_map: dict[Word, Priority] = Field(default={}, description="their word → ours")
    record_types: dict[ExternalId, Name] = Field(default={}, description="record type id → brand")
    queues: dict[ExternalId, GroupIn] = Field(default={}, description="queue id → name and vendor")
    vendors: dict[Word, Id] = Field(default={}, description="word in `vendor_field` → vendor")
    vendor_field: FieldName | None = None
    language_field: FieldName | None = None
    topic_field: FieldName | None = None
    bots: list[ExternalId] = Field(default=[], description="Users whose messages are automatic.")
    csat_questions: dict[ExternalId, ScaleIn] = Field(default={}, description="question id → its scale")


class FreshdeskSettings(In):
    status_map: dict[Number, Status] = Field(
        default={"2": "open", "3": "pending", "4": "solved", "5": "closed"}, description="number → status"
    )
    status_names: dict[Word, Number] = Field(default={}, description="name in webhooks → number")
    priority_names: dict[Word, Number] = Field(
        default={"Low": "1", "Medium": "2", "High": "3", "Urgent": "4"}, description="name → number"
    )
    sources: dict[Number, Word] = Field(default={}, description="source number → channel")
    source_names: dict[Word, Number] = Field(default={}, description="source name in webhooks → number")
    products: dict[ExternalId, Name] = Field(default={}, description="product id → brand")
    groups: dict[ExternalId, GroupIn] = Field(default={}, description="group id → name and vendor")
    agents: dict[ExternalId, Name] = Field(default={}, description="agent id → name")
    surveys: dict[ExternalId, list[int]] = Field(default={}, description="survey id → its ratings")
    language_field: FieldName | None = None
    topic_field: FieldName | None = None


class GenericSettings(In):
    groups: dict[ExternalId, GroupIn] = Field(default={}, description="group key → name and vendor")


SETTINGS: dict[str, type[In]] = {
    "zendesk": ZendeskSettings,
    "salesforce": SalesforceSettings,
    "freshdesk": FreshdeskSettings,
    "generic": GenericSettings,
}
