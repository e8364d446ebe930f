"""HTTP of the assignment room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.assignment import service
from services.audit.assignment.schemas import (
    AuditDetailOut,
    AuditOut,
    ClaimPolicyOut,
    ClaimPolicyPatch,
    DistressingIn,
    LeaseOut,
    ProfileIn,
    ProfileOut,
    ReasonIn,
    SkipIn,
    WorkloadOut,
)
from services.audit.errors import (
    AtCapacity,
    AuditAlreadyClaimed,
    ExposureUsed,
    NotASpecialist,
    NotAvailable,
    NothingToClaim,
    NotYourAudit,
    OwnTeam,
    OwnWork,
    PairLimit,
    PassedOn,
    SpecialistUnfit,
)
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import IllegalMove
from shared.idempotency import Idempotent
from shared.openapi import POSTS, READS, WRITES, answers
from shared.web import router

routes = router("/audit", "assignment")
Claimer = Annotated[Actor, Depends(permit("audits.claim"))]
Profiles = Annotated[Actor, Depends(permit("specialist_profiles.read"))]


@routes.post(
    "/audits/claim-next", response_model=AuditDetailOut, summary="Claim what is due first and fits you",
    responses=answers(*POSTS, NothingToClaim, NotAvailable, AtCapacity),
)  # fmt: skip
async def claim_next(session: Session, once: Idempotent, actor: Claimer) -> Response:
    return await once(service.claim_next(session, actor), AuditDetailOut, status=200)


@routes.post(
    "/audits/{audit_id}/claim", response_model=AuditDetailOut, summary="Claim this audit",
    responses=answers(
        *POSTS, AuditAlreadyClaimed, OwnWork, OwnTeam, NotAvailable, AtCapacity, PairLimit, SpecialistUnfit,
        ExposureUsed, PassedOn,
    ),
)  # fmt: skip
async def claim_audit(audit_id: UUID, session: Session, once: Idempotent, actor: Claimer) -> Response:
    return await once(service.claim_audit(session, actor, audit_id), AuditDetailOut, status=200)


@routes.post(
    "/audits/{audit_id}/release", response_model=AuditOut, summary="Give a claimed audit back",
    responses=answers(*POSTS, NotYourAudit, IllegalMove),
)  # fmt: skip
async def release_audit(
    audit_id: UUID, new: ReasonIn, session: Session, once: Idempotent, actor: Claimer
) -> Response:
    work = service.release_audit(session, actor, audit_id, new.reason)
    return await once(work, AuditOut, status=200)


@routes.post(
    "/audits/{audit_id}/skip", response_model=AuditOut, summary="Leave this audit to others, and say why",
    responses=answers(*POSTS, NotYourAudit, IllegalMove),
)  # fmt: skip
async def skip_audit(
    audit_id: UUID, new: SkipIn, session: Session, once: Idempotent, actor: Claimer
) -> Response:
    return await once(service.skip_audit(session, actor, audit_id, new.code), AuditOut, status=200)


@routes.post(
    "/audits/{audit_id}/decline", response_model=AuditOut,
    summary="Leave this audit to others: no reason is asked for, and it counts nowhere",
    responses=answers(*POSTS, NotYourAudit, IllegalMove),
)  # fmt: skip
async def decline_audit(audit_id: UUID, session: Session, once: Idempotent, actor: Claimer) -> Response:
    return await once(service.decline_audit(session, actor, audit_id), AuditOut, status=200)


@routes.post(
    "/audits/{audit_id}/keep", response_model=LeaseOut, summary="I am still at it: extend the lease",
    responses=answers(*POSTS, NotYourAudit, IllegalMove),
)  # fmt: skip
async def keep_audit(audit_id: UUID, session: Session, once: Idempotent, actor: Claimer) -> Response:
    return await once(service.keep_audit(session, actor, audit_id), LeaseOut, status=200)


@routes.get(
    "/workload", response_model=list[WorkloadOut], responses=answers(*READS),
    summary="Who has how much, what of it is late, and how long a review takes",
)  # fmt: skip
async def list_workload(session: Session, _: Annotated[Actor, Depends(permit("workload.read"))]) -> Any:
    return await service.list_workload(session)


@routes.get("/claim-policy", response_model=ClaimPolicyOut, responses=answers(*READS))
async def get_policy(session: Session, _: Annotated[Actor, Depends(permit("claim_policy.read"))]) -> Any:
    return await service.get_policy(session)


@routes.patch("/claim-policy", response_model=ClaimPolicyOut, responses=answers(*WRITES))
async def change_policy(
    patch: ClaimPolicyPatch, session: Session,
    actor: Annotated[Actor, Depends(permit("claim_policy.update"))],
) -> Any:  # fmt: skip
    return await service.change_policy(session, actor, patch)


@routes.get(
    "/specialists/{person_id}/profile", response_model=ProfileOut, responses=answers(*READS, NotASpecialist)
)
async def get_profile(person_id: UUID, session: Session, actor: Profiles) -> Any:
    return await service.get_profile(session, actor, person_id)


@routes.put(
    "/specialists/{person_id}/profile", response_model=ProfileOut,
    summary="What they review, how much of it, and when they are away",
    responses=answers(*WRITES, NotASpecialist),
)  # fmt: skip
async def set_profile(
    person_id: UUID, new: ProfileIn, session: Session,
    actor: Annotated[Actor, Depends(permit("specialist_profiles.update"))],
) -> Any:  # fmt: skip
    return await service.set_profile(session, actor, person_id, new)


@routes.put(
    "/my-distressing", response_model=ProfileOut, summary="Whether I take distressing tickets",
    responses=answers(*WRITES),
)  # fmt: skip
async def choose_distressing(
    new: DistressingIn, session: Session, actor: Annotated[Actor, Depends(permit("distressing.choose"))]
) -> Any:
    return await service.choose_distressing(session, actor, takes=new.takes)
