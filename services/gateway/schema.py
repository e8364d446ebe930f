"""The whole GraphQL schema: one topic a noun, put together here. `schema.graphql` is its text."""

from datetime import UTC, datetime

import strawberry
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.base_scalars import DateTimeDefinition

from services.gateway.failures import Schema, SoundDocument, StorableValues
from services.gateway.limits import MAX_TOKENS, Checked, WithinLimits
from services.gateway.topics.appeals import AppealsMutation, AppealsQuery
from services.gateway.topics.assignment import AssignmentMutation, AssignmentQuery
from services.gateway.topics.audits import AuditsMutation, AuditsQuery
from services.gateway.topics.calibrations import CalibrationsMutation, CalibrationsQuery
from services.gateway.topics.checks import ChecksMutation, ChecksQuery
from services.gateway.topics.connections import ConnectionsMutation, ConnectionsQuery
from services.gateway.topics.criteria import CriteriaQuery
from services.gateway.topics.dead_letters import DeadLettersMutation, DeadLettersQuery
from services.gateway.topics.erasures import ErasuresMutation, ErasuresQuery
from services.gateway.topics.forms import FormsMutation, FormsQuery
from services.gateway.topics.holds import HoldsMutation, HoldsQuery
from services.gateway.topics.live import LiveQuery, LiveSubscription
from services.gateway.topics.logins import LoginsMutation
from services.gateway.topics.metric_catalogue import CatalogueQuery
from services.gateway.topics.metrics import MetricsQuery
from services.gateway.topics.notices import NoticesMutation, NoticesQuery
from services.gateway.topics.originals import OriginalsMutation
from services.gateway.topics.people import PeopleMutation, PeopleQuery
from services.gateway.topics.picks import PicksMutation
from services.gateway.topics.plans import PlansMutation, PlansQuery
from services.gateway.topics.pulls import PullsMutation, PullsQuery
from services.gateway.topics.releases import ReleasesMutation, ReleasesQuery
from services.gateway.topics.requesters import RequestersMutation
from services.gateway.topics.retention import RetentionMutation, RetentionQuery
from services.gateway.topics.runs import RunsMutation, RunsQuery
from services.gateway.topics.schedules import SchedulesMutation
from services.gateway.topics.scorecards import ScorecardsMutation, ScorecardsQuery
from services.gateway.topics.tickets import TicketsQuery
from services.gateway.topics.tokens import TokensMutation, TokensQuery
from services.gateway.topics.trail import TrailQuery
from services.gateway.topics.vendors import VendorsMutation, VendorsQuery
from services.gateway.topics.verdicts import VerdictsMutation


@strawberry.type(description="Reads: one consistent snapshot for each request.")
class Query(
    PeopleQuery, VendorsQuery, TokensQuery, NoticesQuery, TrailQuery,
    ConnectionsQuery, DeadLettersQuery, PullsQuery, TicketsQuery,
    ErasuresQuery, HoldsQuery, RetentionQuery,
    ScorecardsQuery, FormsQuery, PlansQuery, AuditsQuery, ReleasesQuery, AssignmentQuery,
    CalibrationsQuery, ChecksQuery, CriteriaQuery, RunsQuery,
    AppealsQuery,
    CatalogueQuery, MetricsQuery,
    LiveQuery,
):  # fmt: skip
    pass


@strawberry.type(description="Commands: each goes to the service that owns the rule.")
class Mutation(
    PeopleMutation, VendorsMutation, SchedulesMutation, LoginsMutation, TokensMutation, NoticesMutation,
    ConnectionsMutation, DeadLettersMutation, PullsMutation,
    OriginalsMutation, RequestersMutation, ErasuresMutation, HoldsMutation, RetentionMutation,
    ScorecardsMutation, FormsMutation, PlansMutation, PicksMutation, AuditsMutation,
    ReleasesMutation, VerdictsMutation, AssignmentMutation,
    CalibrationsMutation, ChecksMutation, RunsMutation,
    AppealsMutation,
):  # fmt: skip
    pass


@strawberry.type(description="What happens, as soon as it has: of what you may see. Over WebSocket or SSE.")
class Subscription(LiveSubscription):
    pass


def _moment(value: datetime) -> str:
    whole, dot, rest = value.astimezone(UTC).isoformat().partition(".")
    return f"{whole}.{rest[:6].rstrip('0')}{rest[6:]}" if dot else whole


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="ISO 8601, told in UTC: 2026-03-04T09:12:00+00:00, with what there is of a second.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=_moment,
    parse_value=DateTimeDefinition.parse_value,
)
schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map={datetime: DATE_TIME}),
    extensions=[
        WithinLimits,  # the one that stands inside is asked first: is the document sound?
        SoundDocument,
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: AddValidationRules([StorableValues]),
        Checked,
    ],
)
