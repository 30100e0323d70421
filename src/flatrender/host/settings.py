"""The settings tree: read once from the environment, passed down, never looked up elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from flatrender.kit.s3 import S3Options, options_of

ServiceName = Literal["identity", "content", "studio", "render", "files", "notification"]
SERVICES: tuple[ServiceName, ...] = ("identity", "content", "studio", "render", "files", "notification")
DATABASE_ROLES: dict[ServiceName, str] = {
    "identity": "svc_identity",
    "content": "svc_content",
    "studio": "svc_studio",
    "render": "svc_render",
    "files": "svc_file",
    "notification": "svc_notification",
}
MIB = 1024 * 1024


class Settings(BaseSettings):
    """Every setting of the platform; `FLATRENDER_<NAME>` in the environment, a few under the names that everybody knows."""

    model_config = SettingsConfigDict(
        env_prefix="FLATRENDER_", env_file=None, frozen=True, extra="ignore", populate_by_name=True
    )

    data_dir: Path = Path("var")
    """Where the embedded database, the objects and the generated secrets live."""
    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback belongs behind TLS."""
    port: int = 8080
    """Port to listen on."""
    public_url: str | None = None
    """How people reach us, for links; default `http://<host>:<port>`."""
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """An external PostgreSQL 15 or newer; without it the embedded one runs. `migrate` and `up` connect as its owner, whom the address names; `serve`
    needs its host, database and options alone and signs in as each service's role."""
    database_pool: int = Field(default=8, ge=1, le=200)
    """Most connections of each of the six services that a process opens for requests."""
    database_worker_pool: int = Field(default=4, ge=2, le=200)
    """The same for background work and nodes."""
    objects_url: str | None = None
    """`s3://bucket/prefix?endpoint=https://…&region=…`; without it a folder in `data_dir`. See [deploy](deploy.md)."""
    objects_access_key: str | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    """The access key of the bucket; without it the machine's own credentials (instance profile, web identity)."""
    objects_secret_key: str | None = Field(default=None, validation_alias="AWS_SECRET_ACCESS_KEY", repr=False)
    """The secret of that key."""
    objects_session_token: str | None = Field(default=None, validation_alias="AWS_SESSION_TOKEN", repr=False)
    """The session that the key belongs to, for temporary ones."""
    objects_secret_file: Path | None = None
    """A file with the secret of the access key, instead of the variable."""
    objects_ca_file: Path | None = None
    """Certificates (PEM) that the store's own may be signed with, beside the usual ones."""
    objects_links: Literal["direct", "through"] = "direct"
    """Whether nodes and downloads go to the bucket themselves, or every byte passes through the server. A folder and a bucket without an access key
    are always gone through."""
    secrets_file: Path | None = None
    """Where keys are kept when several machines share them; default `<data_dir>/secrets.json`."""
    peers: Annotated[dict[str, str], NoDecode] = {}
    """Where services run when apart: `identity=http://10.0.0.2:8081,content=…`. For `serve NAME` and `serve gateway`."""
    dev_snapshots: bool = Field(default=False, validation_alias="RENDER_DEV_SNAPSHOTS")
    """Let a development worker fulfil scene previews without a node. Never takes real render jobs."""
    max_upload_bytes: int = 512 * MIB
    """The largest file that a person may upload."""
    user_quota_bytes: int = 2048 * MIB
    """What one person may keep."""
    resolve_threads: int = 2
    """How many scenes are resolved at the same time."""
    lease_s: float = 60.0
    """How long a node holds a chunk without a heartbeat."""
    heartbeat_s: float = 15.0
    """How often a node reports."""
    export_days: int | None = 90
    """How many days finished films are kept where a tenant's limits say nothing else; 0: for good."""
    outgoing_allow: Annotated[list[str], NoDecode] = []
    """Host names and networks (`minio.internal,10.1.0.0/16`) beside the public network that films may be delivered to, also without TLS."""
    workflows: bool = True
    """Whether `serve all` and `serve render` run workflows themselves; `0` leaves them to `serve executor`."""
    workflow_concurrency: int = Field(default=4, ge=1, le=100)
    """How many workflows a process runs at the same time: each joins at most one film."""
    executor_dead_after_s: float = Field(default=20.0, ge=2.0, le=600.0)
    """After so long without a sign of life from a process that runs workflows the others take up its own. The same on all of them."""
    executor_id: str | None = None
    """Name of this process among those that run workflows. One that always starts under the same name goes on with its own work at once; two
    that live at the same time must not share one. Default: a new one at each start."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where `GET /metrics` answers Prometheus, a port of its own on each process; without it nowhere. `up` gives its node the next one."""
    metrics_host: str = "127.0.0.1"
    """Address of that port; anything but loopback belongs into a network that only the operator reaches."""
    metrics_token: str | None = None
    """Bearer token that `/metrics` asks for; without it everybody who reaches the port may read."""
    drain_s: float = Field(default=0.0, ge=0.0, le=3600.0)
    """How long a process that is told to stop goes on serving while `/readyz` says 503, so that balancers send no more."""
    seed: bool = False
    """Make the first accounts and import the demo templates at start."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least serious line that is logged."""

    @field_validator("outgoing_allow", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("peers", mode="before")
    @classmethod
    def _split_peers(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.split("=", 1) for part in value.split(",") if part.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("peers must look like identity=http://host:port,content=http://host:port")
        return {name.strip(): url.strip().rstrip("/") for name, url in pairs}

    @property
    def address(self) -> str:
        """The platform's own address without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @model_validator(mode="after")
    def _objects_can_be_opened(self) -> "Settings":
        _ = self.objects
        return self

    @property
    def objects(self) -> str | S3Options:
        """Where objects are kept: a folder or a bucket. Raises ValueError for an address or files that are none."""
        if not self.objects_url:
            return str((self.data_dir / "objects").resolve())
        secret = self.objects_secret_key
        if self.objects_secret_file is not None:
            secret = _read(self.objects_secret_file).strip()
        return options_of(
            self.objects_url,
            access_key=self.objects_access_key,
            secret_key=secret,
            session_token=self.objects_session_token,
            ca_pem=None if self.objects_ca_file is None else _read(self.objects_ca_file),
        )

    @property
    def secrets_path(self) -> Path:
        """Where the generated secrets are kept."""
        return self.secrets_file or self.data_dir / "secrets.json"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {type(error).__name__}") from error
