"""A film made once more from what it was made of, with changes: everything that did not change is used again."""

from typing import Any
from uuid import UUID, uuid5

import msgspec

from flatrender.contracts.content import SceneRequest
from flatrender.contracts.render import FilmInput, RenderRequest
from flatrender.contracts.studio import StudioApi
from flatrender.kit.db import Database
from flatrender.kit.errors import Refused
from flatrender.services.render import errors
from flatrender.services.render.queries import rerender as rows
from flatrender.services.render.queries.jobs import UNFINISHED
from flatrender.services.render.queries.rerender import MadeOf
from flatrender.services.render.service.jobs import Jobs, JobView


class SceneChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is different in one scene."""

    number: int
    """The scene's place in the film, from 1."""
    values: dict[str, Any] = {}
    """Field key → value; what is absent stays."""
    colors: dict[str, str] = {}
    """Slot → `#rrggbb`; likewise."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is different from the film that it is made from."""

    profile: str | None = None
    title: str | None = None
    palette: dict[str, str] = {}
    """Of all scenes."""
    global_values: dict[str, Any] = {}
    """Of all scenes."""
    scenes: tuple[SceneChange, ...] = ()


class Rerenders:
    """Films from films."""

    def __init__(self, database: Database, jobs: Jobs, studio: StudioApi) -> None:
        self._database = database
        self._jobs = jobs
        self._studio = studio

    async def again(self, tenant_id: UUID, job_id: UUID, *, user_id: UUID, changes: Changes) -> JobView:
        """Return the film of a finished film's input with changes; the same changes again are the same film.

        Raises JobNotFound, NotRerenderable while the first one is being made, UnknownProfile, QueueFull, and Refused where a change does not
        fit the template.
        """
        async with self._database.tenant(tenant_id) as conn:
            made = await rows.made_of(conn, tenant_id=tenant_id, job_id=job_id)
        if made is None or made.user_id != user_id:
            raise errors.JobNotFound("there is no such film")
        if made.status in UNFINISHED:
            raise errors.NotRerenderable(
                f"the film is {made.status}; when it has ended it can be made again with changes"
            )
        film = await self._changed(tenant_id, made, msgspec.convert(made.input["film"], FilmInput), changes)
        title = made.input.get("title", "") if changes.title is None else changes.title
        content = msgspec.json.encode({"title": title, "film": film}, order="sorted")
        request = RenderRequest(
            user_id=user_id,
            saved_project_id=made.saved_project_id,
            # No revision of the project stands behind it: its own input is what it was made of.
            revision_id=uuid5(job_id, content.decode()),
            project_id=made.project_id,
            project_version_id=made.project_version_id,
            package_sha256=made.package_sha256,
            title=title,
            input=film,
            music_volume=made.music_volume,
            sfx_volume=made.sfx_volume,
            voiceover_volume=made.voiceover_volume,
            has_voiceover=made.has_voiceover,
        )
        (again,) = await self._jobs.create(tenant_id, [request])
        return await self._jobs.get(tenant_id, again.id, user_id=user_id)

    async def _changed(self, tenant_id: UUID, made: MadeOf, film: FilmInput, changes: Changes) -> FilmInput:
        scenes = list(film.scenes)
        if changes.palette or changes.global_values:
            everywhere = await self._checked(
                tenant_id, made, scenes[0], palette=changes.palette, global_values=changes.global_values
            )
            scenes = [_with(scene, everywhere) for scene in scenes]
        for change in changes.scenes:
            if not 1 <= change.number <= len(scenes):
                raise Refused(
                    f"the film has scenes 1 to {len(scenes)}, not {change.number}", code="render.no_such_scene"
                )
            place = change.number - 1
            here = await self._checked(tenant_id, made, scenes[place], values=change.values, colors=change.colors)
            scenes[place] = _with(scenes[place], here)
        return msgspec.structs.replace(film, scenes=scenes, profile=changes.profile or film.profile)

    async def _checked(
        self,
        tenant_id: UUID,
        made: MadeOf,
        scene: SceneRequest,
        *,
        values: dict[str, Any] | None = None,
        colors: dict[str, str] | None = None,
        palette: dict[str, str] | None = None,
        global_values: dict[str, Any] | None = None,
    ) -> SceneRequest:
        """Return only what was changed, as the studio takes it: known fields, values that fit, files that are the person's own."""
        draft = {
            "scene": {"scene_key": scene.scene_key, "values": values or {}, "colors": colors or {}},
            "palette": palette or {},
            "global_values": global_values or {},
            "locale": scene.locale,
            "size": scene.size,
        }
        checked = await self._studio.scene_request(
            tenant_id=tenant_id,
            user_id=made.user_id,
            saved_project_id=made.saved_project_id,
            draft=msgspec.json.encode(draft),
        )
        if checked is None:
            raise errors.JobNotFound("the project of this film is gone: its values cannot be changed any more")
        return checked


def _with(scene: SceneRequest, changed: SceneRequest) -> SceneRequest:
    return msgspec.structs.replace(
        scene, values={**scene.values, **changed.values}, colors={**scene.colors, **changed.colors}
    )
