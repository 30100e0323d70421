"""What the refused requests are sent to: people, documents in odd states, a person without room, tokens that have ended."""

import json
import uuid
from typing import Any

import httpx
import psycopg

from flatrender.kit.ids import DEFAULT_TENANT_ID

from . import hostile
from .running import Running
from .story import READ_ONLY, new_document, save, template
from .tenants import Tenant, new_tenant


class World:
    """A platform with what the cases need; everything is made before the first of them is sent."""

    def __init__(self, platform: Running) -> None:
        self.platform = platform
        self.user = platform.client("user")
        self.admin = platform.client("admin")
        self.nobody = platform.client(None)
        self.promo = template(self.user, "promo")
        self.document = new_document(self.user, self.promo)
        empty = new_document(self.user, self.promo)
        empty["scenes"][0]["values"]["headline"] = ""
        self.empty_field = save(self.user, empty)
        without = new_document(self.user, self.promo)
        self.without_required = save(self.user, {**without, "scenes": without["scenes"][1:]})
        nothing = new_document(self.user, self.promo)
        self.without_scenes = save(self.user, {**nothing, "scenes": []})
        self.used_key = str(uuid.uuid4())
        answer = self.user.post(
            "/v1/saved-projects",
            json={"project_id": self.promo["id"]},
            headers={"Idempotency-Key": self.used_key},
        )
        assert answer.status_code == 201, answer.text
        self.small = self.tenant_with_little_room()
        self.expired = self.expired_token()
        self.reused_refresh_token = self.used_refresh_token()
        self.exports, self.delivery, self.failed_film = self.files_of_a_film()

    def dsn(self, role: str) -> str:
        """Return the address of the platform's database for a role."""
        return str(json.loads((self.platform.data_dir / "database.json").read_text())[role])

    def tenant_with_little_room(self) -> Tenant:
        """Return a tenant whose one person may keep 1000 bytes."""
        tenant = new_tenant(self.platform)
        with psycopg.connect(self.dsn("svc_file_worker")) as connection:
            connection.execute(
                "INSERT INTO file_mgr.quotas (tenant_id, owner_type, owner_id, limit_bytes) VALUES (%s, 'user', %s, 1000)"
                " ON CONFLICT (tenant_id, owner_type, owner_id) DO UPDATE SET limit_bytes = 1000",
                (tenant.id, tenant.user_id),
            )
        return tenant

    def expired_token(self) -> httpx.Client:
        """Return a client whose access token ended a second ago."""
        client = self.platform.client("user")
        sessions = client.get("/v1/me/sessions").json()["items"]
        session = next(one["id"] for one in sessions if one["current"])
        with psycopg.connect(self.dsn("svc_identity_worker")) as connection:
            changed = connection.execute(
                "UPDATE identity.sessions SET access_expires_at = now() - interval '1 second' WHERE id = %s", (session,)
            )
            assert changed.rowcount == 1
        return client

    def used_refresh_token(self) -> str:
        """Return a refresh token that was used longer ago than the grace for two tabs."""
        account = self.platform.accounts()["user"]
        signed_in = self.nobody.post(
            "/v1/auth/login", json={"email": account["email"], "password": account["password"]}
        ).json()
        token = str(signed_in["refresh_token"])
        assert self.nobody.post("/v1/auth/refresh", json={"refresh_token": token}).status_code == 200
        with psycopg.connect(self.dsn("svc_identity_worker")) as connection:
            changed = connection.execute(
                "UPDATE identity.refresh_tokens SET used_at = used_at - interval '1 hour' WHERE used_at IS NOT NULL"
            )
            assert changed.rowcount >= 1
        return token

    def files_of_a_film(self) -> tuple[dict[str, str], str, str]:
        """Return files of a film that has failed, by their state, a delivery to a paused target, and the film."""
        tenant, user = DEFAULT_TENANT_ID, self.user.get("/v1/me").json()["id"]
        exports = {}
        with psycopg.connect(self.dsn("svc_render_worker")) as connection:
            job = connection.execute(
                "INSERT INTO render.render_jobs (tenant_id, user_id, saved_project_id, revision_id, project_id, project_version_id, package_sha256,"
                " output_profile_key, status, input, input_hash, attempt, finished_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, 'draft', 'failed', '{}', %s, 1, now()) RETURNING id",
                (tenant, user, *(uuid.uuid4() for _ in range(4)), bytes(32), bytes(32)),
            ).fetchone()
            assert job is not None
            for number, status in enumerate(("pending", "expired")):
                row = connection.execute(
                    "INSERT INTO render.exports (tenant_id, render_job_id, user_id, kind, output_no, status, file_id, sha256, bytes, expired_at)"
                    " VALUES (%s, %s, %s, 'video', %s, %s, %s, %s, 1, now()) RETURNING id",
                    (tenant, job[0], user, number, status, uuid.uuid4(), bytes(32)),
                ).fetchone()
                assert row is not None
                exports[status] = str(row[0])
            target = connection.execute(
                "INSERT INTO render.delivery_targets (tenant_id, name, kind, config, secret_enc, secret_key_id, status)"
                " VALUES (%s, 'paused', 'webhook', '{}', '', 'k1', 'paused') RETURNING id",
                (tenant,),
            ).fetchone()
            assert target is not None
            delivery = connection.execute(
                "INSERT INTO render.deliveries (tenant_id, target_id, message_id, event_type, dedupe_key)"
                " VALUES (%s, %s, %s, 'export.ready', 'x') RETURNING id",
                (tenant, target[0], "msg_" + "x" * 27),
            ).fetchone()
            assert delivery is not None
        return exports, str(delivery[0]), str(job[0])

    def put(self, **changes: Any) -> httpx.Response:
        """Save the document with members replaced."""
        return self.put_body({**self.body(), **changes})

    def put_value(self, key: str, value: Any) -> httpx.Response:
        """Save the document with one value of its first scene replaced."""
        body = self.body()
        body["scenes"][0]["values"][key] = value
        return self.put_body(body)

    def body(self) -> dict[str, Any]:
        """Return a copy of the document as a client sends it."""
        kept = {name: value for name, value in self.document.items() if name not in READ_ONLY}
        return dict(json.loads(json.dumps(kept)))

    def put_body(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Send a whole document, with the version that it has unless `headers` say otherwise."""
        sent = headers or {"If-Match": f'"{self.document["row_version"]}"'}
        return self.user.put(f"/v1/saved-projects/{self.document['id']}", json=body, headers=sent)

    def render(self, document: dict[str, Any]) -> httpx.Response:
        """Press render."""
        return self.user.post(f"/v1/saved-projects/{document['id']}/render", json={"profile": "draft"})

    def upload(
        self,
        data: bytes,
        name: str = "file.bin",
        *,
        purpose: str = "user_media",
        content_type: str = "application/octet-stream",
        by: httpx.Client | None = None,
    ) -> httpx.Response:
        """Upload a file."""
        headers = {"X-File-Name": name, "X-File-Purpose": purpose, "Content-Type": content_type}
        return (by or self.user).post("/v1/files", content=data, headers=headers)

    def uploaded(self, data: bytes, name: str) -> str:
        """Upload a package as the admin and return the file's id."""
        answer = self.upload(data, name, purpose="template_package", by=self.admin)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def bring(self, file_id: str) -> httpx.Response:
        """Import an uploaded file as a template."""
        return self.admin.post("/v1/admin/projects", json={"file_id": file_id})

    def trace(self, **body: Any) -> httpx.Response:
        """Trace a picture for the template."""
        return self.admin.post(f"/v1/admin/projects/{self.promo['id']}/svg-previews", json=body)

    def state(self) -> dict[str, Any]:
        """Return everything that a refused request could have left behind."""
        return {
            "templates": _pages(self.admin, "/v1/admin/projects"),
            "documents": _pages(self.user, "/v1/saved-projects"),
            "films": _pages(self.user, "/v1/render-jobs"),
            "files": [_pages(one, "/v1/files") for one in (self.user, self.admin, self.small.client)],
            "room": [one.get("/v1/quota").json() for one in (self.user, self.admin, self.small.client)],
            "me": self.user.get("/v1/me").json(),
            "tokens": self.admin.get("/v1/admin/node-tokens").json(),
        }


def _pages(client: httpx.Client, path: str) -> list[tuple[str, Any]]:
    answer = client.get(path, params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return [(item["id"], item.get("row_version")) for item in answer.json()["items"]]


MANY_BYTES = b'{"title": "' + b"x" * (2 * hostile.MIB) + b'"}'
