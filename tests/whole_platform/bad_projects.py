"""After Effects projects that come to nothing, each with the code and the words of its import."""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.aftereffects.making import new_project
from tests.aftereffects.uploads import PICTURE, campaign, zipped

from .bad_world import World
from .running import eventually

EMPTY = b"RIFX\x00\x00\x10\x00Egg!"
LOST_FONT = "Nowhere-Bold"


@dataclass(frozen=True)
class BadProject:
    """An uploaded file, and why its import fails."""

    what: str
    name: str
    data: Callable[[], bytes]
    code: str
    says: tuple[str, ...]


def campaign_without_compositions() -> bytes:
    """Return the bytes of a project in which nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.aep"
        new_project().save(path)
        return path.read_bytes()


IMPORTS = [
    BadProject("a damaged project", "damaged.aep", lambda: EMPTY + bytes(4000), "content.project_unsupported", ("save it again",)),
    BadProject("text called a project", "text.zip", lambda: zipped({"folder/project.aep": b"words"}), "content.project_invalid", ("project.aep",)),
    BadProject("two projects", "two.zip", lambda: zipped({"a.aep": EMPTY, "b.aep": EMPTY}), "content.project_ambiguous", ("a.aep", "b.aep", "leave one")),
    BadProject("an XML project", "xml.zip", lambda: zipped({"project.aepx": b"<?xml version='1.0'?>"}), "content.project_unsupported", (".aep",)),
    BadProject("an archive that leaves its folder", "outside.zip", lambda: zipped({"../../x.aep": EMPTY}), "content.archive_unsafe", ("../../x.aep",)),
    BadProject("a project without compositions", "empty.aep", campaign_without_compositions, "content.composition_unknown", ("composition",)),
]  # fmt: skip


def ended(client: httpx.Client, asked: httpx.Response) -> dict[str, Any]:
    """Return how an import that was asked for ended."""
    assert asked.status_code == 202, asked.text
    address = f"/v1/admin/imports/{asked.json()['id']}"

    def found() -> dict[str, Any] | None:
        state: dict[str, Any] = client.get(address).json()
        return state if state["status"] in ("done", "failed") else None

    return eventually(found, timeout_s=90, what="the import")


@functools.cache
def with_something_missing(world: World) -> str:
    """Return the id of a template, not published, whose project misses a picture and a font."""
    file_id = world.uploaded(campaign(storm=False, font=LOST_FONT)["campaign.aep"], "incomplete.aep")
    state = ended(world.admin, world.bring(file_id))
    assert state["status"] == "done", state
    return str(state["project_id"])


@functools.cache
def needing_after_effects(world: World) -> str:
    """Return the id of a template, not published, of which only After Effects draws a scene."""
    state = ended(world.admin, world.bring(world.uploaded(campaign(picture=False)["campaign.aep"], "storm.aep")))
    assert state["status"] == "done", state
    return str(state["project_id"])


class Added(NamedTuple):
    """A file on its way to the project that misses it."""

    project_id: str
    file: dict[str, str]


def prepared(world: World, data: bytes, name: str, called: str | None, *, purpose: str = "user_media") -> Added:
    """Upload a file for the project that misses something; `called` is which of the missing files it is."""
    project_id = with_something_missing(world)
    answer = world.upload(data, name, purpose=purpose, by=world.admin)
    assert answer.status_code == 201, answer.text
    return Added(project_id, {"file_id": answer.json()["id"]} | ({} if called is None else {"name": called}))


def adding(world: World, added: Added) -> httpx.Response:
    """Add the file to the project."""
    return world.admin.post(f"/v1/admin/projects/{added.project_id}/missing-files", json={"files": [added.file]})


def photo() -> bytes:
    """Return the picture that the project misses."""
    return campaign(storm=False)[f"(Footage)/{PICTURE}"]
