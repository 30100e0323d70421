"""What a newcomer does, over HTTP: choose a template, write a headline, put in a picture, render, play."""

import io
import uuid
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from .running import Running, eventually, wait_for_film

HEADLINE = "فروش ویژهٔ پاییز ۱۴۰۵"


def picture(width: int = 900, height: int = 900, color: tuple[int, int, int] = (200, 30, 60)) -> bytes:
    """Return a JPEG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "JPEG", quality=90)
    return out.getvalue()


def upload(
    client: httpx.Client,
    data: bytes,
    *,
    name: str = "عکس.jpg",
    content_type: str = "image/jpeg",
    purpose: str = "user_media",
) -> dict[str, Any]:
    """Upload a file and return it."""
    from urllib.parse import quote

    headers = {"Content-Type": content_type, "X-File-Name": quote(name), "X-File-Purpose": purpose}
    answer = client.post("/v1/files", content=data, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def template(client: httpx.Client, slug: str) -> dict[str, Any]:
    """Return a published template."""
    answer = client.get(f"/v1/projects/{slug}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def new_document(client: httpx.Client, project: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a new saved project of a template."""
    body = {"project_id": project["id"], "title": "فیلم من", "locale": "fa", **more}
    answer = client.post("/v1/saved-projects", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


READ_ONLY = (
    "id",
    "status",
    "project_id",
    "project_version_id",
    "duration_frames",
    "thumbnail_url",
    "row_version",
    "created_at",
    "updated_at",
)


def save(client: httpx.Client, document: dict[str, Any]) -> dict[str, Any]:
    """Save a document and return it as it is kept."""
    body = {name: value for name, value in document.items() if name not in READ_ONLY}
    answer = client.put(
        f"/v1/saved-projects/{document['id']}", json=body, headers={"If-Match": f'"{document["row_version"]}"'}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def press_render(
    client: httpx.Client, document: dict[str, Any], profile: str = "draft", key: str | None = None
) -> dict[str, Any]:
    """Press render and return the job."""
    answer = client.post(
        f"/v1/saved-projects/{document['id']}/render",
        json={"profile": profile},
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def edited(client: httpx.Client, slug: str = "promo", *, scenes: int | None = None) -> dict[str, Any]:
    """Return a saved document of a template with a Persian text, a picture where the scene takes one, and music."""
    project = template(client, slug)
    document = new_document(client, project)
    if scenes is not None:
        document["scenes"] = document["scenes"][:scenes]
    described = {scene["key"]: scene for scene in project["scenes"]}
    file = upload(client, picture())
    for scene in document["scenes"]:
        for field in described[scene["scene_key"]]["fields"]:
            if (
                field["type"] == "text"
                and "max_length" in field["constraints"]
                and field["constraints"]["max_length"] >= len(HEADLINE)
            ):
                scene["values"][field["key"]] = HEADLINE
            elif field["type"] == "image":
                scene["values"][field["key"]] = file["id"]
    if project["music"]:
        document["audio"]["music_track_id"] = project["music"][0]["track_id"]
        document["audio"]["music_volume"] = 1.0
    return save(client, document)


def is_file(value: object) -> bool:
    """Say whether a field's value is the id of an uploaded file."""
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def assets_of(document: dict[str, Any]) -> dict[str, bytes]:
    """Return the pictures that `edited` put into a document, by file id."""
    values = [value for scene in document["scenes"] for value in scene["values"].values()]
    return {value: picture() for value in values if is_file(value)}


def lengths_of(client: httpx.Client, document: dict[str, Any]) -> list[int]:
    """Return how many frames each scene of a document lasts: its own length, else the template's."""
    scenes = {scene["key"]: scene for scene in template(client, document["project_id"])["scenes"]}
    return [scene["duration_frames"] or scenes[scene["scene_key"]]["duration_frames"] for scene in document["scenes"]]


def download(client: httpx.Client, job: dict[str, Any], to: Path) -> Path:
    """Download the finished film by its link and return where it lies."""
    answer = client.get(job["export"]["download_url"])
    assert answer.status_code == 200, answer.text
    to.write_bytes(answer.content)
    return to


def tell(platform: Running, folder: Path) -> dict[str, Any]:
    """Live the whole story at draft size; return the job, the film's path, the document and the notification."""
    client = platform.client("user")
    document = edited(client)
    job = press_render(client, document)
    finished = wait_for_film(client, job["id"])
    assert finished["status"] == "completed", finished
    film = download(client, finished, folder / "film.mp4")

    def ready_notice() -> dict[str, Any] | None:
        items = client.get("/v1/notifications").json()["items"]
        return next((item for item in items if item["type_key"] == "render.completed"), None)

    notice = eventually(ready_notice, timeout_s=15, what="the notice that the film is ready")
    return {
        "job": finished,
        "film": film,
        "document": document,
        "notice": notice,
        "lengths": lengths_of(client, document),
        "assets": assets_of(document),
    }
