"""The route that makes a film once more with changes."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter
from fastapi import Body as FromBody
from pydantic import Field

from flatrender.kit.http import CallerDep, responses
from flatrender.services.render.endpoints import job_out
from flatrender.services.render.schemas import Body, RenderJobOut
from flatrender.services.render.service.rerender import Changes, Rerenders

Colors = Annotated[dict[str, str], Field(max_length=100)]
Values = Annotated[dict[str, Any], Field(max_length=500)]


class SceneChangeIn(Body):
    """What is different in one scene."""

    number: int = Field(ge=1, le=1000)
    """The scene's place in the film, from 1."""
    values: Values = Field(default={})
    colors: Colors = Field(default={})


class RerenderIn(Body):
    """What is different; what is left out stays as it was."""

    profile: str | None = Field(default=None, min_length=1, max_length=80)
    title: str | None = Field(default=None, min_length=1, max_length=200)
    palette: Colors = Field(default={})
    global_values: Values = Field(default={})
    scenes: list[SceneChangeIn] = Field(default=[], max_length=200)


def router(*, rerenders: Rerenders) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["render"])

    @routes.post("/v1/render-jobs/{job_id}/rerender", response_model=RenderJobOut, responses=responses(409))
    async def rerender_job(
        job_id: UUID, who: CallerDep, body: Annotated[RerenderIn | None, FromBody()] = None
    ) -> RenderJobOut:
        """Make a film once more with another profile or other values; the same changes again are the same film."""
        changes = msgspec.convert((body or RerenderIn()).model_dump(), Changes)
        return job_out(await rerenders.again(who.tenant_id, job_id, user_id=who.user_id, changes=changes))

    return routes
