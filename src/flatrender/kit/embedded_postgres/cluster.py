"""The files of one embedded cluster: where they lie, who owns them, how they come to be, what an unclean end leaves behind."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from flatrender.kit.embedded_postgres.errors import DataDirectoryInUse, EmbeddedPostgresError, PostgresDidNotStart
from flatrender.kit.embedded_postgres.installation import SYSTEM_HOME, RunAs, programs, reaches, run_as

SUPERUSER = "postgres"
PORT = 5432
"""Names the socket's file only; nothing listens on the network."""
MAX_SOCKET_PATH = 100
INITDB_TIMEOUT_S = 300
FAST_STOP_S = 30
QUICK_STOP_S = 5
MAX_LOG_BYTES = 10 * 1024 * 1024

_owned: set[Path] = set()
"""Data directories that this process owns: POSIX locks do not exclude their own process."""


@dataclass(frozen=True)
class Cluster:
    """One cluster's places. Everything that only we read lies in `data_dir`; what PostgreSQL uses belongs to its user."""

    data_dir: Path
    files: Path
    """PGDATA."""
    socket_dir: Path
    bin: Path
    user: RunAs | None

    @property
    def log_path(self) -> Path:
        """PostgreSQL's own log."""
        return self.data_dir / "postgres.log"

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line of one of PostgreSQL's programs."""
        return [str(self.bin / program), *arguments]

    def spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program as PostgreSQL's user, in a session of its own: a terminal's ctrl-C is for us, who stop it in order."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=self.user.uid if self.user else None,
            group=self.user.gid if self.user else None,
            extra_groups=[] if self.user else None,
            umask=0o077,
            start_new_session=True,
        )


class Ownership:
    """The lock inside a data directory. It is a POSIX lock: gone with our process however that ends, and never inherited by a child."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        if data_dir in _owned:
            raise DataDirectoryInUse(f"{data_dir} is already in use by this process")
        descriptor = os.open(data_dir / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise DataDirectoryInUse(
                f"{data_dir} is in use by process {holder}; stop that one, or use another data directory"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        _owned.add(data_dir)

    def release(self) -> None:
        """Give the directory up."""
        os.close(self._descriptor)
        _owned.discard(self._data_dir)


def prepare(data_dir: Path) -> Cluster:
    """Make the folders with the right owners and return the cluster's places. The caller owns `data_dir`."""
    home = _home(data_dir)
    user = run_as(home / "cluster")
    socket_dir = home / "run"
    if len(os.fsencode(socket_dir)) > MAX_SOCKET_PATH - len(f"/.s.PGSQL.{PORT}.lock"):
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        socket_dir = Path(tempfile.gettempdir()) / f"flatrender-{digest}"
    _private_folder(socket_dir, user)
    return Cluster(data_dir, home / "cluster", socket_dir, programs(user), user)


def passwords(cluster: Cluster, roles: tuple[str, ...]) -> dict[str, str]:
    """Return each role's password, kept in `roles.json` with mode 0600; made here for roles that have none yet."""
    path = cluster.data_dir / "roles.json"
    if cluster.files.exists() and not path.exists():
        raise EmbeddedPostgresError(f"{path} is missing, and with it the passwords; put it back from a backup")
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    missing = [role for role in roles if role not in known]
    if missing:
        known |= {role: secrets.token_urlsafe(24) for role in missing}
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    return known


def initialise(cluster: Cluster, superuser_password: str, *, durable: bool) -> None:
    """Make the cluster: UTF-8, checksums, SCRAM for every connection. Its folder appears only when it is complete."""
    unfinished = _unfinished(cluster.files)
    if unfinished.exists():
        shutil.rmtree(unfinished)
    _private_folder(unfinished, cluster.user)
    password_file = cluster.socket_dir / "password"
    password_file.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(superuser_password + "\n")
        if cluster.user:
            os.chown(password_file, cluster.user.uid, cluster.user.gid)
        command = cluster.command(
            "initdb", "--pgdata", str(unfinished), "--username", SUPERUSER, "--pwfile", str(password_file)
        )
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        command += ["--data-checksums"] if durable else ["--data-checksums", "--no-sync"]
        with tempfile.TemporaryFile() as output:
            code = cluster.spawn(command, output).wait(INITDB_TIMEOUT_S)
            if code:
                output.seek(0)
                said = output.read().decode(errors="replace").strip().splitlines()[-5:]
                raise PostgresDidNotStart(f"initdb ended with {code}: {' | '.join(said)}")
    finally:
        password_file.unlink(missing_ok=True)
    unfinished.rename(cluster.files)


def stop_leftovers(cluster: Cluster) -> list[int]:
    """End what runs on this cluster although nobody owns it: the postmaster of an owner that was killed, or backends whose postmaster was.

    Only the cluster's owner may call this. Returns the process ids that were found.
    """
    left = _processes_on(cluster.files)
    postmaster = _recorded_postmaster(cluster)
    parents = [process for process in left if process.pid == postmaster]
    for stop, targets, patience_s in (
        (signal.SIGINT, parents, FAST_STOP_S if parents else 1),
        (signal.SIGQUIT, left, QUICK_STOP_S),
        (signal.SIGKILL, left, QUICK_STOP_S),
    ):
        alive = [process for process in left if process.is_running()]
        if not alive:
            break
        for process in targets:
            try:
                process.send_signal(stop)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(alive, timeout=patience_s)
    # The owner's lock and the search above say more than these files, whose process ids may since belong to others.
    for stale in (cluster.files / "postmaster.pid", *cluster.socket_dir.glob(f".s.PGSQL.{PORT}*")):
        stale.unlink(missing_ok=True)
    return [process.pid for process in left]


def remove_socket_folder(cluster: Cluster) -> None:
    """Remove the socket's folder when it lies in the system's temporary folder."""
    if cluster.socket_dir.parent == Path(tempfile.gettempdir()):
        with suppress(OSError):
            cluster.socket_dir.rmdir()


def open_log(cluster: Cluster) -> IO[bytes]:
    """Open PostgreSQL's log for appending, the former one kept as `postgres.log.1` when it has grown."""
    path = cluster.log_path
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")


def log_tail(cluster: Cluster, lines: int = 5) -> str:
    """Return the last lines of PostgreSQL's log on one line."""
    try:
        with cluster.log_path.open("rb") as file:
            file.seek(max(0, cluster.log_path.stat().st_size - 4096))
            return " | ".join(file.read().decode(errors="replace").strip().splitlines()[-lines:])
    except OSError:
        return ""


def _home(data_dir: Path) -> Path:
    """Return where the cluster lies: in `data_dir`, or elsewhere when PostgreSQL's user cannot reach that one.

    The file LOCATION remembers the latter; its counterpart there tells a copied data directory from the original.
    """
    location = data_dir / "LOCATION"
    if location.exists():
        home = Path(location.read_text(encoding="utf-8").strip())
        made_for = (
            (home / "DATA_DIR").read_text(encoding="utf-8").strip() if (home / "DATA_DIR").exists() else "nothing"
        )
        if made_for != str(data_dir):
            raise EmbeddedPostgresError(
                f"{location} points to {home}, which belongs to {made_for}; put that back, or remove {location} to begin with an empty database"
            )
        return home
    if reaches(run_as(data_dir / "cluster"), data_dir):
        return data_dir
    temporary = Path(tempfile.gettempdir()).resolve()
    # What begins in the temporary folder stays there: the system clears it.
    base = temporary if temporary in data_dir.resolve().parents else SYSTEM_HOME
    base.mkdir(mode=0o755, parents=True, exist_ok=True)
    home = base / f"flatrender-{secrets.token_hex(8)}"
    home.mkdir(mode=0o711)
    (home / "DATA_DIR").write_text(f"{data_dir}\n", encoding="utf-8")
    location.write_text(f"{home}\n", encoding="utf-8")
    return home


def _processes_on(files: Path) -> list[psutil.Process]:
    """Return PostgreSQL's processes on a cluster, and those of an initdb that is still making it."""
    folders = {str(files), str(_unfinished(files))}
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] not in ("postgres", "initdb"):
            continue
        try:
            if process.cwd() in folders or str(_unfinished(files)) in process.cmdline():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _unfinished(files: Path) -> Path:
    return files.with_name("cluster.new")


def _recorded_postmaster(cluster: Cluster) -> int | None:
    try:
        return int((cluster.files / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _private_folder(path: Path, user: RunAs | None) -> None:
    """Make `path` 0700 for `user`; refuse one that somebody else laid there."""
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.lstat().st_uid not in (os.geteuid(), user.uid if user else os.geteuid()):
        raise EmbeddedPostgresError(f"{path} belongs to somebody else; remove it or use another data directory")
    if user:
        os.chown(path, user.uid, user.gid)
    path.chmod(0o700)
