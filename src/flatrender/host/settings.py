"""The settings tree: read once from the environment, passed down, never looked up elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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
    """An external PostgreSQL 15 or newer, as its owner; without it the embedded one runs."""
    objects_url: str | None = None
    """`s3://bucket/prefix` and the like; without it a folder in `data_dir`."""
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

    @property
    def objects(self) -> str:
        """Where objects are kept."""
        return self.objects_url or str((self.data_dir / "objects").resolve())

    @property
    def secrets_path(self) -> Path:
        """Where the generated secrets are kept."""
        return self.secrets_file or self.data_dir / "secrets.json"
