"""Delivery targets as a tenant's administrators handle them: addresses that are judged, secrets that are sealed, tests, deliveries and their replay."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from flatrender.kit.db import Bells, Conn, Database, IdempotencyKey, current_version_check, run_once
from flatrender.kit.ids import new_id
from flatrender.kit.outgoing import AddressRefused, NoAnswer, Outgoing
from flatrender.kit.s3_upload import Bucket
from flatrender.kit.secret_box import Sealed, SecretBox
from flatrender.kit.webhook_signature import new_secret
from flatrender.services.render import errors
from flatrender.services.render.queries import deliveries as rows
from flatrender.services.render.queries import exports as export_rows
from flatrender.services.render.queries.deliveries import AttemptRow, DeliveryRow, TargetRow
from flatrender.services.render.service.deliveries import BELL, deliver
from flatrender.services.render.service.events import SCHEMA
from flatrender.services.render.settings import RenderSettings

Kind = Literal["s3", "webhook"]
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS = ("title", "profile", "extension", "date", "job_id", "export_id", "project_id")
DEFAULT_KEY = "{date}/{title}-{profile}-{export_id}.{extension}"
OLD_SECRET_S = 24 * 3600


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a webhook goes."""

    url: str


class S3Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which bucket files are put into."""

    endpoint: str
    """`https://host[:port]`."""
    bucket: str
    access_key_id: str
    region: str = "us-east-1"
    prefix: str = ""
    key_template: str = DEFAULT_KEY
    """Names of objects; `{title}`, `{profile}`, `{extension}`, `{date}`, `{job_id}`, `{export_id}` and `{project_id}` are filled in."""
    path_style: bool = True


Config = WebhookConfig | S3Config


class TargetView(msgspec.Struct, frozen=True, kw_only=True):
    """A target, and its signing secret when it was just made."""

    row: TargetRow
    secret: str | None = None


class DeliveryTargets:
    """The delivery targets of all tenants, each call for one."""

    def __init__(
        self, database: Database, bells: Bells, box: SecretBox, outgoing: Outgoing, settings: RenderSettings
    ) -> None:
        self._database = database
        self._bells = bells
        self._box = box
        self._outgoing = outgoing
        self._settings = settings

    async def all(self, tenant_id: UUID) -> list[TargetRow]:
        """Return the tenant's targets by name."""
        async with self._database.tenant(tenant_id) as conn:
            return await rows.targets(conn, tenant_id=tenant_id)

    async def one(self, tenant_id: UUID, target_id: UUID) -> TargetRow:
        """Return a target. Raises TargetNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            return await self._target(conn, tenant_id, target_id)

    async def make(
        self,
        tenant_id: UUID,
        *,
        user_id: UUID,
        name: str,
        kind: Kind,
        config: Mapping[str, Any],
        secret_access_key: str | None,
        is_default: bool,
        key: IdempotencyKey | None,
    ) -> TargetView:
        """Make a target, once for each key; a webhook's signing secret is in this answer and nowhere else.

        Raises TargetRefused for an address or settings that cannot be used, NameTaken and TooManyTargets.
        """
        checked = await self.checked(kind, config)
        secret = new_secret() if kind == "webhook" else secret_access_key or ""
        if kind == "s3" and not secret:
            raise errors.TargetRefused("a bucket needs its secret key", fields=[("secret_access_key", "is missing")])
        made: list[UUID] = []

        async with self._database.tenant(tenant_id) as conn:

            async def insert() -> UUID:
                if len(await rows.targets(conn, tenant_id=tenant_id)) >= self._settings.max_targets:
                    raise errors.TooManyTargets(f"a tenant has at most {self._settings.max_targets} delivery targets")
                target_id = new_id()
                sealed = self._box.seal(secret.encode(), place=secret_place(target_id))
                if not await rows.insert_target(
                    conn,
                    tenant_id=tenant_id,
                    target_id=target_id,
                    name=name,
                    kind=kind,
                    config=msgspec.to_builtins(checked),
                    secret_enc=sealed.data,
                    secret_key_id=sealed.key_id,
                    is_default=is_default,
                    user_id=user_id,
                ):
                    raise errors.NameTaken(f"there is a delivery target called {name} already; choose another name")
                made.append(target_id)
                return target_id

            if key is None:
                target_id = await insert()
            else:
                target_id = await run_once(conn, SCHEMA, tenant_id, f"target:{user_id}", key, UUID, insert)
            row = await self._target(conn, tenant_id, target_id)
        return TargetView(row=row, secret=secret if made and kind == "webhook" else None)

    async def change(
        self,
        tenant_id: UUID,
        target_id: UUID,
        *,
        version: int,
        name: str | None = None,
        config: Mapping[str, Any] | None = None,
        secret_access_key: str | None = None,
        is_default: bool | None = None,
        paused: bool | None = None,
    ) -> TargetRow:
        """Change a target; `paused` False also switches on one that was switched off. Raises what `make` does, TargetNotFound and PreconditionFailed."""
        before = await self.one(tenant_id, target_id)
        checked = await self.checked(before.kind, {**before.config, **(config or {})})
        if (
            config
            and "endpoint" in config
            and config["endpoint"] != before.config.get("endpoint")
            and not secret_access_key
        ):
            # Whoever may change the address must not be able to have old keys sent to it.
            raise errors.TargetRefused(
                "another endpoint needs its secret key again", fields=[("secret_access_key", "is missing")]
            )
        async with self._database.tenant(tenant_id) as conn:
            row = await self._target(conn, tenant_id, target_id, lock=True)
            current_version_check(version, row.row_version)
            if name is not None and await rows.name_taken(conn, tenant_id=tenant_id, name=name, except_id=target_id):
                raise errors.NameTaken(f"there is a delivery target called {name} already; choose another name")
            sealed = Sealed(row.secret_key_id, row.secret_enc)
            if secret_access_key and row.kind == "s3":
                sealed = self._box.seal(secret_access_key.encode(), place=secret_place(target_id))
            status = row.status if paused is None else "paused" if paused else "active"
            await rows.update_target(
                conn,
                tenant_id=tenant_id,
                target_id=target_id,
                name=name or row.name,
                config=msgspec.to_builtins(checked),
                is_default=row.is_default if is_default is None else is_default,
                status=status,
                secret_enc=sealed.data,
                secret_key_id=sealed.key_id,
            )
            await self._bells.ring(conn, BELL)
            return await self._target(conn, tenant_id, target_id)

    async def rotate(self, tenant_id: UUID, target_id: UUID) -> TargetView:
        """Give a webhook a new signing secret; for a day messages are signed with both. Raises TargetNotFound and TargetRefused (a bucket has none)."""
        secret = new_secret()
        async with self._database.tenant(tenant_id) as conn:
            row = await self._target(conn, tenant_id, target_id, lock=True)
            if row.kind != "webhook":
                raise errors.TargetRefused("only webhooks have a signing secret; change the bucket's keys instead")
            sealed = self._box.seal(secret.encode(), place=secret_place(target_id))
            await rows.rotate_secret(
                conn,
                tenant_id=tenant_id,
                target_id=target_id,
                secret_enc=sealed.data,
                secret_key_id=sealed.key_id,
                keep_s=OLD_SECRET_S,
            )
            return TargetView(row=await self._target(conn, tenant_id, target_id), secret=secret)

    async def delete(self, tenant_id: UUID, target_id: UUID) -> None:
        """Remove a target; what waits for it is cancelled. Raises TargetNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            if not await rows.delete_target(conn, tenant_id=tenant_id, target_id=target_id):
                raise errors.TargetNotFound("there is no such delivery target")

    async def test(self, tenant_id: UUID, target_id: UUID) -> DeliveryRow:
        """Send a target a test message, or put a small file into its bucket and remove it; return the delivery. Raises TargetNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            await self._target(conn, tenant_id, target_id)
            made = await deliver(conn, self._bells, tenant_id, target_id, None, key=f"test:{new_id()}")
            return await self._delivery(conn, tenant_id, made)

    async def send_export(
        self, tenant_id: UUID, export_id: UUID, target_id: UUID, *, user_id: UUID | None
    ) -> DeliveryRow:
        """Deliver a finished output to a target by hand. Raises ExportNotFound, ExportNotReady and UnknownTarget."""
        async with self._database.tenant(tenant_id) as conn:
            export = await export_rows.one(conn, tenant_id=tenant_id, export_id=export_id, user_id=user_id)
            if export is None:
                raise errors.ExportNotFound("there is no such output")
            if export.status != "ready":
                raise errors.ExportNotReady("the output is not there; renew it first")
            if await rows.target(conn, tenant_id=tenant_id, target_id=target_id) is None:
                raise errors.UnknownTarget(f"there is no delivery target {target_id}")
            made = await deliver(conn, self._bells, tenant_id, target_id, export_id, key=f"hand:{new_id()}")
            return await self._delivery(conn, tenant_id, made)

    async def deliveries(
        self, tenant_id: UUID, target_id: UUID, *, before: UUID | None, limit: int
    ) -> list[DeliveryRow]:
        """Return a target's deliveries, newest first. Raises TargetNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            await self._target(conn, tenant_id, target_id)
            return await rows.page(conn, tenant_id=tenant_id, target_id=target_id, before=before, limit=limit)

    async def delivery(self, tenant_id: UUID, delivery_id: UUID) -> tuple[DeliveryRow, Sequence[AttemptRow]]:
        """Return a delivery and how its attempts went, the last one first. Raises TargetNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            row = await self._delivery(conn, tenant_id, delivery_id)
            return row, await rows.attempts(conn, tenant_id=tenant_id, delivery_id=delivery_id)

    async def replay(self, tenant_id: UUID, delivery_id: UUID, *, key: IdempotencyKey | None) -> DeliveryRow:
        """Send something again that was delivered or given up, once for each key. Raises TargetNotFound and DeliveryUnderWay."""
        async with self._database.tenant(tenant_id) as conn:

            async def again() -> UUID:
                await self._delivery(conn, tenant_id, delivery_id)
                made = await rows.replay(conn, tenant_id=tenant_id, delivery_id=delivery_id)
                if made is None:
                    raise errors.DeliveryUnderWay("this delivery is still on its way")
                await self._bells.ring(conn, BELL)
                return made

            made = (
                await again()
                if key is None
                else await run_once(conn, SCHEMA, tenant_id, f"replay:{delivery_id}", key, UUID, again)
            )
            return await self._delivery(conn, tenant_id, made)

    async def checked(self, kind: str, config: Mapping[str, Any]) -> Config:
        """Return the settings of a target when they can be used; raise TargetRefused with the member that is wrong."""
        try:
            given = dict(config)
            found: Config = (
                msgspec.convert(given, WebhookConfig) if kind == "webhook" else msgspec.convert(given, S3Config)
            )
        except msgspec.ValidationError as error:
            raise errors.TargetRefused(f"these settings do not fit the target: {error}") from error
        if isinstance(found, S3Config):
            check_bucket(found)
        field, address = (
            ("url", found.url) if isinstance(found, WebhookConfig) else ("endpoint", bucket_of(found, "").base)
        )
        try:
            await self._outgoing.check(address)
        except AddressRefused as error:
            raise errors.TargetRefused(
                f"this address cannot be called: {error}", fields=[(field, str(error))]
            ) from error
        except NoAnswer as error:
            raise errors.TargetRefused(str(error), fields=[(field, str(error))]) from error
        return found

    async def _target(self, conn: Conn, tenant_id: UUID, target_id: UUID, *, lock: bool = False) -> TargetRow:
        row = await rows.target(conn, tenant_id=tenant_id, target_id=target_id, lock=lock)
        if row is None:
            raise errors.TargetNotFound("there is no such delivery target")
        return row

    async def _delivery(self, conn: Conn, tenant_id: UUID, delivery_id: UUID | None) -> DeliveryRow:
        row = await rows.one(conn, tenant_id=tenant_id, delivery_id=delivery_id) if delivery_id else None
        if row is None:
            raise errors.TargetNotFound("there is no such delivery")
        return row


def check_bucket(config: S3Config) -> None:
    """Raise TargetRefused for settings of a bucket that no store could take."""

    def refuse(field: str, why: str) -> None:
        raise errors.TargetRefused(f"{field} {why}", fields=[(field, why)])

    if not BUCKET.fullmatch(config.bucket) or ".." in config.bucket:
        refuse("bucket", "has 3 to 63 characters: small letters, digits, hyphens and dots")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", config.region):
        refuse("region", "is a name such as eu-central-1")
    if not re.fullmatch(r"[A-Za-z0-9_+/=.:-]{1,128}", config.access_key_id):
        refuse("access_key_id", "is no access key")
    if not re.fullmatch(r"https?://[^/?#@\s]+/?", config.endpoint):
        refuse("endpoint", "is https:// and a host, without a path")
    if len(config.prefix) > 200 or config.prefix.startswith("/") or not config.prefix.isprintable():
        refuse("prefix", "has at most 200 characters and begins with no slash")
    unknown = sorted(set(PLACEHOLDER.findall(config.key_template)) - set(PLACEHOLDERS))
    rest = PLACEHOLDER.sub("", config.key_template)
    if unknown or "{" in rest or "}" in rest:
        refuse("key_template", f"takes {', '.join('{' + name + '}' for name in PLACEHOLDERS)}")
    if (
        not 1 <= len(config.key_template) <= 300
        or config.key_template.startswith("/")
        or not config.key_template.isprintable()
    ):
        refuse("key_template", "has 1 to 300 characters and begins with no slash")
    if any(part in (".", "..") for part in f"{config.prefix}/{config.key_template}".split("/")):
        refuse("key_template", "has no part that is . or ..")


def bucket_of(config: S3Config, secret_access_key: str) -> Bucket:
    """Return the bucket as the uploader takes it."""
    return Bucket(
        endpoint=config.endpoint,
        region=config.region,
        bucket=config.bucket,
        access_key_id=config.access_key_id,
        secret_access_key=secret_access_key,
        path_style=config.path_style,
    )


def object_key(config: S3Config, values: Mapping[str, str]) -> str:
    """Return the name of an object: the template filled in, behind the prefix. What is filled in makes no further folders; at most 900 bytes."""

    def filled(found: re.Match[str]) -> str:
        text = "".join(c if c.isprintable() and c not in "/\\" else "-" for c in values.get(found.group(1), ""))
        return text.strip(". ") or "-"

    name = PLACEHOLDER.sub(filled, config.key_template)
    prefix = config.prefix.rstrip("/")
    key = f"{prefix}/{name}" if prefix else name
    return key.encode()[:900].decode(errors="ignore")


def secret_place(target_id: UUID) -> str:
    """Return what a target's sealed secret is bound to."""
    return f"render.delivery_targets|secret_enc|{target_id}"
