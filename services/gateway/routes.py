"""HTTP of the gateway: POST /graphql, nothing else. JSON in, JSON out, strictly."""

from typing import Annotated

from fastapi import Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials

from services.gateway import service
from services.gateway.schemas import GraphQLIn
from shared.auth import bearer, token_of
from shared.idempotency import read_key
from shared.openapi import POSTS, answers
from shared.web import router

routes = router("/graphql", "graphql")


@routes.post("", summary="GraphQL", responses=answers(*POSTS))
async def graphql(
    asked: GraphQLIn, request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> JSONResponse:  # fmt: skip
    token = token_of(request, credentials)
    read_key(request)  # refused here, before anything ran
    return JSONResponse(await service.execute(request, token, asked))
