"""GraphQL: who gets which sample: turns, specialists' profiles, and the policy of claims. The audit service
decides."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET, argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.problems import Problem, command, sent, told
from services.gateway.topics.agreements import moments
from services.gateway.topics.audits import AuditOrProblem, WhichAudit, audit_of
from shared.auth import check
from shared.models.audit import Audit as AuditRow

POLICY = "/audit/claim-policy"


@strawberry.type(description="What holds for every claim.")
class ClaimPolicy:
    lease_hours: int = field(description="A claim that is not worked on for so long goes back.")
    pair_limit: int | None = field(
        description="How often a specialist meets the same agent within `pairDays`; null: no limit."
    )
    pair_days: int = field(description="The days of the pair limit.")
    vendors_audit_own: bool = field(
        description="Whether a vendor's specialists review that vendor's own agents."
    )
    skill_tags: list[str] = field(description="Tickets with such a tag are for specialists with that skill.")
    distress_weights: JSON = field(description="Tag → how much it weighs on whoever reads it.")
    distress_a_day: int | None = field(description="What somebody reads of it in a day; null: no limit.")
    distress_a_week: int | None = field(description="What somebody reads of it in seven days.")
    check_share: float = field(
        description="Of the reviews, 0 to 1: so many are looked at by a second person before their release."
    )
    release_after_hours: int = field(description="So long after it was handed in a review is released.")


@strawberry.type(description="What somebody reviews, how much of it, and when they are away.")
class SpecialistProfile:
    person_id: UUID = field(description="Whose.")
    open_at_once: int | None = field(description="Claims at a time; null: no limit.")
    claims_a_day: int | None = field(description="Claims a day; null: no limit.")
    languages: list[str] | None = field(description="Of tickets; null: all.")
    skills: list[str] | None = field(description="Of the policy's `skillTags`; null: all.")
    is_available: bool = field(description="Whether they claim at all.")
    leave: JSON = field(description="[{first_day, last_day}]: both included, in UTC.")
    takes_distressing: bool = field(description="Theirs alone to say.")


@strawberry.type(description="How much somebody has to review, and how long it takes them.")
class Workload:
    person_id: UUID = field(description="Whose.")
    name: str = field(description="Their name.")
    is_available: bool = field(description="Whether they claim at all.")
    open_at_once: int | None = field(description="Null: no limit.")
    claims_a_day: int | None = field(description="Null: no limit.")
    open: int = field(description="Claimed and not handed in.")
    overdue: int = field(description="Of those: late.")
    claimed_today: int = field(description="Claims of this day.")
    reviewed: int = field(description="In the last four weeks.")
    skipped: int = field(description="In the last four weeks, each with a reason. Declining counts nowhere.")
    median_s: float | None = field(description="Seconds from claim to submission, in the last four weeks.")


@strawberry.type(description="How long a claim holds.")
class Lease:
    audit_id: UUID = field(description="Which audit.")
    lease_ends_at: datetime = field(description="Then it goes back, unless it is worked on.")


ClaimPolicyOrProblem = Annotated[
    ClaimPolicy | Problem,
    strawberry.union("ClaimPolicyOrProblem", description="The policy, or why nothing was changed."),
]
ProfileOrProblem = Annotated[
    SpecialistProfile | Problem,
    strawberry.union("ProfileOrProblem", description="The profile, or why nothing was changed."),
]
LeaseOrProblem = Annotated[
    Lease | Problem, strawberry.union("LeaseOrProblem", description="The lease, or why it does not hold.")
]
Whose = Annotated[UUID, argument(description="Whose.")]
Limit = Annotated[int | None, argument(description="Null: no limit.")]
Tags = Annotated[list[str] | None, argument(description="As help desks write them.")]


@strawberry.input(description="Days on which nothing is claimed, both included, in UTC.")
class LeaveInput:
    first_day: str = field(description="2026-07-01")
    last_day: str = field(description="2026-07-14")


@strawberry.type
class AssignmentQuery:
    @strawberry.field(description="What holds for every claim.")
    async def claim_policy(self, info: Ask) -> ClaimPolicy:
        check(info.context.actor, "claim_policy.read")
        return ClaimPolicy(**await told(info.context, "audit", POLICY, {}))

    @strawberry.field(description="Who has how much, what of it is late, and how long a review takes.")
    async def workload(self, info: Ask) -> list[Workload]:
        check(info.context.actor, "workload.read")
        document = await told(info.context, "audit", "/audit/workload", {})
        info.context.count(len(document))
        return [Workload(**one) for one in document]

    @strawberry.field(description="What a specialist reviews: yours, or for leads anybody's.")
    async def specialist_profile(self, info: Ask, person_id: Whose) -> SpecialistProfile:
        check(info.context.actor, "specialist_profiles.read")
        path = f"/audit/specialists/{person_id}/profile"
        return SpecialistProfile(**await told(info.context, "audit", path, {}))


@strawberry.type
class AssignmentMutation:
    @strawberry.mutation(description="Leave this audit to others, and say why.")
    async def skip_audit(
        self, info: Ask, audit_id: WhichAudit,
        code: Annotated[
            str,
            argument(description="conflict_of_interest, wrong_language, missing_skill, not_auditable, "
                     "technical or other."),
        ],
    ) -> AuditOrProblem:  # fmt: skip
        return await _back(info, f"/audit/audits/{audit_id}/skip", {"code": code})

    @strawberry.mutation(
        description="Leave this audit to others: no reason is asked for, and it counts nowhere."
    )
    async def decline_audit(self, info: Ask, audit_id: WhichAudit) -> AuditOrProblem:
        return await _back(info, f"/audit/audits/{audit_id}/decline")

    @strawberry.mutation(description="I am still at it: the lease begins anew.")
    async def keep_audit(self, info: Ask, audit_id: WhichAudit) -> LeaseOrProblem:
        done = await command(info.context, "audit", f"/audit/audits/{audit_id}/keep")
        return done if isinstance(done, Problem) else Lease(**moments(done))

    @strawberry.mutation(description="Change what holds for every claim, from the next one on.")
    async def change_claim_policy(
        self, info: Ask,
        lease_hours: Annotated[int | None, argument(description="How long a claim holds.")] = UNSET,
        pair_limit: Limit = UNSET,
        pair_days: Annotated[int | None, argument(description="The days of the pair limit.")] = UNSET,
        vendors_audit_own: Annotated[
            bool | None, argument(description="Whether vendors review their own agents.")
        ] = UNSET,
        skill_tags: Tags = UNSET,
        distress_weights: Annotated[JSON | None, argument(description="{violence: 3}")] = UNSET,
        distress_a_day: Limit = UNSET, distress_a_week: Limit = UNSET,
        check_share: Annotated[float | None, argument(description="Of the reviews, 0 to 1.")] = UNSET,
        release_after_hours: Annotated[
            int | None, argument(description="So long after it was handed in a review is released.")
        ] = UNSET,
    ) -> ClaimPolicyOrProblem:  # fmt: skip
        given = {
            "lease_hours": lease_hours, "pair_limit": pair_limit, "pair_days": pair_days,
            "vendors_audit_own": vendors_audit_own, "skill_tags": skill_tags,
            "distress_weights": distress_weights, "distress_a_day": distress_a_day,
            "distress_a_week": distress_a_week, "check_share": check_share,
            "release_after_hours": release_after_hours,
        }  # fmt: skip
        done = await command(info.context, "audit", POLICY, sent(given), method="PATCH")
        return done if isinstance(done, Problem) else ClaimPolicy(**done)

    @strawberry.mutation(description="Say what a specialist reviews: all of it anew.")
    async def set_specialist_profile(
        self, info: Ask, person_id: Whose, open_at_once: Limit = UNSET, claims_a_day: Limit = UNSET,
        languages: Annotated[list[str] | None, argument(description="Null: all.")] = UNSET,
        skills: Tags = UNSET,
        is_available: Annotated[bool, argument(description="Whether they claim at all.")] = True,
        leave: Annotated[list[LeaveInput], argument(description="When they are away.")] = [],  # noqa: B006  # what GraphQL shows as the default; read only
    ) -> ProfileOrProblem:  # fmt: skip
        given = {
            "open_at_once": open_at_once, "claims_a_day": claims_a_day, "languages": languages,
            "skills": skills, "is_available": is_available, "leave": leave,
        }  # fmt: skip
        path = f"/audit/specialists/{person_id}/profile"
        return _profile(await command(info.context, "audit", path, sent(given), method="PUT"))

    @strawberry.mutation(description="Whether I take distressing tickets. No reason is asked for.")
    async def choose_distressing(
        self, info: Ask, takes: Annotated[bool, argument(description="False: none from now on.")]
    ) -> ProfileOrProblem:
        body = {"takes": takes}
        return _profile(await command(info.context, "audit", "/audit/my-distressing", body, method="PUT"))


async def _back(info: Ask, path: str, body: Any = None) -> AuditOrProblem:
    done = await command(info.context, "audit", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(AuditRow, UUID(done["id"]))
    assert row is not None, "whoever had claimed it still sees it"
    return audit_of(row)


def _profile(done: dict[str, Any] | Problem) -> ProfileOrProblem:
    return done if isinstance(done, Problem) else SpecialistProfile(**done)
