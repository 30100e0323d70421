"""Another tenant's things are not there: every route of the OpenAPI document answers 404, every table counts nothing."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from flatrender.kit.database_roles import SERVICE_ROLES
from tests.aftereffects.making import small_project

from .running import Running, eventually, wait_for_film
from .story import edited, press_render, upload
from .tenants import Tenant, new_tenant

pytestmark = pytest.mark.xdist_group("platform")

MISSING = (404,)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#336699"/></svg>'
BODIES: dict[str, Any] = {
    "POST /v1/admin/projects/{project_id}/versions": {"file_id": "file_id"},
    "PATCH /v1/admin/projects/{project_id}": {"title": {"fa": "مال من", "en": "Mine"}},
    "PATCH /v1/admin/scenes/{scene_id}": {"snapshot_frame": 1},
    "POST /v1/admin/projects/{project_id}/svg-previews": {"svg": SVG},
    "PATCH /v1/admin/svg-previews/{preview_id}": {"groups": [{"number": 0, "slot": None}]},
    "PUT /v1/saved-projects/{document_id}": "document",
    "POST /v1/saved-projects/{document_id}/preview": "preview",
    "POST /v1/saved-projects/{document_id}/render": {"profile": "draft"},
    "POST /v1/saved-projects": {"project_id": "project_id"},
    "POST /v1/admin/projects": {"file_id": "file_id"},
    "POST /v1/admin/projects/{project_id}/missing-files": {
        "files": [{"file_id": "00000000-0000-0000-0000-000000000000"}]
    },
    "POST /v1/snapshots": "snapshot",
    "PUT /v1/admin/nodes/{node_id}/hours": {"begin": "22:00", "end": "08:00", "time_zone": "Asia/Tehran"},
    "POST /v1/admin/nodes/{node_id}/kill-job": {"render_job_id": "job_id"},
    "PATCH /v1/admin/delivery-targets/{target_id}": {"name": "mine"},
    "POST /v1/exports/{export_id}/download-url": {"filename": "film.mp4"},
    "POST /v1/exports/{export_id}/deliver": {"target_id": "target_id"},
    "POST /v1/admin/render-jobs/{job_id}/repair": {"first_frame": 0, "last_frame": 1},
    "PUT /v1/admin/render-jobs/{job_id}/priority": {"priority": 0},
    "PUT /v1/admin/output-profiles/{key}": {"name": {"en": "Mine"}, "container": "mp4", "max_height": 360},
    "PUT /v1/admin/tenants/{tenant_id}/render-limits": {
        "max_concurrent_jobs": 1, "max_queued_jobs": 1, "weight": 1, "paused": True,
    },
}  # fmt: skip
"""Bodies that name the other tenant's things; a route with a path parameter and no entry is asked without a body."""


@pytest.fixture(scope="module")
def tenants(platform: Running) -> tuple[Tenant, Tenant, dict[str, Any]]:
    """Two tenants; the first has one of everything, whose ids are given."""
    first, second = new_tenant(platform), new_tenant(platform)
    ids = everything(first.client) | {"tenant_id": str(first.id)}
    return first, second, ids


def everything(client: httpx.Client) -> dict[str, Any]:
    """Make one of everything and return the ids by the names that routes use."""
    lottie = (Path(__file__).parent / "plain_lottie.json").read_bytes()
    file = upload(client, lottie, name="plain.json", content_type="application/json", purpose="template_package")
    project = client.post(
        "/v1/admin/projects", json={"file_id": file["id"]}, headers={"Idempotency-Key": str(uuid.uuid4())}
    ).json()
    assert client.post(f"/v1/admin/projects/{project['id']}/publish").status_code in (200, 204)
    detail = client.get(f"/v1/admin/projects/{project['id']}").json()
    document = edited(client, detail["slug"])
    job = press_render(client, document)
    finished = wait_for_film(client, job["id"])
    assert finished["status"] == "completed", finished
    preview = client.post(f"/v1/admin/projects/{project['id']}/svg-previews", json={"svg": SVG})
    assert preview.status_code == 201, preview.text
    items = client.post(f"/v1/scene-snapshots/{project['id']}").json()["items"]
    scene = {"scene_key": document["scenes"][0]["scene_key"], "values": {}, "colors": {}}
    snapshot = client.post(
        "/v1/snapshots",
        json={"saved_project_id": document["id"], "scene": scene},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    ).json()
    token = client.post(
        "/v1/admin/node-tokens", json={"name": "mine"}, headers={"Idempotency-Key": str(uuid.uuid4())}
    ).json()

    profile = {"key": "ours", "name": {"en": "Ours"}, "container": "mp4", "video_codec": "h264", "max_height": 360}
    assert client.post("/v1/admin/output-profiles", json=profile).status_code == 201
    hook = {"name": "hook", "kind": "webhook", "config": {"url": "https://93.184.215.14/hook"}}
    target = client.post("/v1/admin/delivery-targets", json=hook)
    assert target.status_code == 201, target.text
    delivery = client.post(f"/v1/admin/delivery-targets/{target.json()['id']}/test").json()
    attempt = client.get(f"/v1/admin/render-jobs/{job['id']}/attempts").json()["items"][0]

    def notice() -> dict[str, Any] | None:
        found = client.get("/v1/notifications").json()["items"]
        return dict(found[0]) if found else None

    return {
        "project_id": project["id"],
        "import_id": imported_project(client),
        "reference": project["id"],
        "scene_id": detail["scenes"][0]["id"],
        "preview_id": preview.json()["id"],
        "document_id": document["id"],
        "document": document,
        "file_id": file["id"],
        "job_id": job["id"],
        "snapshot_id": snapshot["id"],
        "snapshot_jobs": [item["scene_id"] for item in items],
        "token_id": token["id"],
        "notification_id": eventually(notice, timeout_s=20, what="a notice")["id"],
        "session_id": client.get("/v1/me/sessions").json()["items"][0]["id"],
        "node_id": str(uuid.uuid4()),
        "export_id": finished["outputs"][0]["id"],
        "target_id": target.json()["id"],
        "delivery_id": delivery["id"],
        "key": profile["key"],
        "frame_job_id": attempt["frame_job_id"],
        "epoch": attempt["epoch"],
        "frame": 0,
        "flag_id": str(uuid.uuid4()),
        "slug": detail["slug"],
    }


def imported_project(client: httpx.Client) -> str:
    """Import an After Effects project and return the id of its import."""
    file = upload(
        client, small_project(), name="small.aep", content_type="application/octet-stream", purpose="template_package"
    )
    asked = client.post("/v1/admin/projects", json={"file_id": file["id"]})
    assert asked.status_code == 202, asked.text
    address = f"/v1/admin/imports/{asked.json()['id']}"
    eventually(lambda: client.get(address).json()["status"] == "done", timeout_s=60, what="the import")
    return str(asked.json()["id"])


def body_for(route: str, ids: dict[str, Any]) -> Any:
    """Return the body that asks for the other tenant's thing."""
    body = BODIES.get(route)
    document = ids["document"]
    scene = {name: document["scenes"][0][name] for name in ("scene_key", "values", "colors")}
    if body == "document":
        return {
            name: document[name] for name in ("title", "size", "locale", "palette", "global_values", "audio", "scenes")
        }
    if body == "preview":
        return {"scene": scene}
    if body == "snapshot":
        return {"saved_project_id": document["id"], "scene": scene}
    return (
        {name: ids.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
        if body
        else None
    )


def routes(client: httpx.Client) -> list[tuple[str, str]]:
    """Return every (method, path) of the OpenAPI document."""
    paths = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path) for path, described in paths.items() for method in described if method != "parameters"
    ]


def test_every_route_answers_404_for_another_tenants_ids(tenants: tuple[Tenant, Tenant, dict[str, Any]]) -> None:
    first, second, ids = tenants
    asked, wrong = 0, []
    for method, path in routes(second.client):
        route = f"{method} {path}"
        names = re.findall(r"{(\w+)(?::\w+)?}", path)
        if (not names and route not in BODIES) or path.startswith(("/o/", "/p/", "/d/")):
            continue
        unknown = [name for name in names if name not in ids]
        assert not unknown, f"{route}: this test must learn to make {unknown}"
        address = re.sub(r"{(\w+)(?::\w+)?}", lambda found: str(ids[found.group(1)]), path)
        headers = {"If-Match": '"1"', "Idempotency-Key": str(uuid.uuid4())}
        answer = second.client.request(method, address, json=body_for(route, ids), headers=headers)
        asked += 1
        # What another tenant may have of the farm is known to be the platform's business, whoever it is.
        if answer.status_code not in ((403,) if path.endswith("/render-limits") else MISSING):
            wrong.append((route, answer.status_code, answer.text[:200]))
    assert not wrong
    assert asked >= 30
    still = first.client.get(f"/v1/saved-projects/{ids['document_id']}").json()
    assert still == ids["document"]


def test_no_list_shows_another_tenants_things(tenants: tuple[Tenant, Tenant, dict[str, Any]]) -> None:
    _, second, ids = tenants
    hidden = {str(value) for value in ids.values() if isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{36}", value)}
    listed = 0
    for method, path in routes(second.client):
        if method != "GET" or "{" in path or path.endswith("/stream"):
            continue
        answer = second.client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert not [value for value in hidden if value in answer.text], path
        listed += 1
    assert listed >= 12


def test_every_table_counts_nothing_of_another_tenant(
    platform: Running, tenants: tuple[Tenant, Tenant, dict[str, Any]]
) -> None:
    first, second, _ = tenants
    addresses = json.loads((platform.data_dir / "database.json").read_text())
    seen_by_owner: dict[str, int] = {}
    for role in SERVICE_ROLES:
        with psycopg.connect(addresses[role]) as connection:
            tables = connection.execute(
                "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped"
                " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'dbos'"
                " AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
            ).fetchall()
            for (table,) in tables:
                for tenant, expected_zero in ((second.id, True), (first.id, False)):
                    connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant),))
                    found = connection.execute(
                        f"SELECT count(*) FROM {table} WHERE tenant_id = %s", (first.id,)
                    ).fetchone()
                    count = found[0] if found else 0
                    if expected_zero:
                        assert count == 0, f"{role} sees {count} rows of another tenant in {table}"
                    else:
                        seen_by_owner[table] = count
                connection.rollback()
    filled = [table for table, count in seen_by_owner.items() if count]
    assert len(seen_by_owner) > 80
    assert len(filled) >= 20, f"the first tenant was to have one of everything, and only has {filled}"
