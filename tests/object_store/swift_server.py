"""OpenStack Swift with its S3 interface in one process: a real object store, with signatures, multipart uploads and ranges.

Run by the system's Python, which has the package `python3-swift`: `python3 swift_server.py FOLDER HOST PORT PARENT_PID`. The key pair comes from
the environment (`ACCESS_KEY`, `SECRET_KEY`). It ends with the process PARENT_PID.
"""

import os
import sys
from pathlib import Path

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402 - Swift must be imported after eventlet has replaced the sockets
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

STORAGE = ("account", "container", "object")
PIPELINE = "catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth bulk copy slo versioned_writes proxy-server"


def make_rings(folder: Path, ports: dict[str, int]) -> None:
    for kind in STORAGE:
        builder = RingBuilder(4, 1, 1)
        builder.add_dev(
            {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "port": ports[kind], "device": "disk"}
        )
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def storage_conf(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.conf"
    path.write_text(
        f"[DEFAULT]\nswift_dir = {folder}\ndevices = {folder}/devices\nmount_check = false\nlog_level = ERROR\ndisable_fallocate = true\n"
        f"[pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n"
    )
    return path


def proxy_conf(folder: Path, access_key: str, secret_key: str) -> Path:
    path = folder / "proxy.conf"
    filters = {
        "catch_errors": "",
        "gatekeeper": "",
        "healthcheck": "",
        "listing_formats": "",
        "copy": "",
        "slo": "",
        "bulk": "",
        "cache": "memcache_servers = 127.0.0.1:1\n",
        "versioned_writes": "allow_versioned_writes = true\n",
        # Parts may be small, so that tests need no large objects to upload in parts.
        "s3api": "s3_acl = false\nmin_segment_size = 1048576\ncheck_bucket_owner = false\ncors_preflight_allow_origin = *\n",
        # an account is called tenant:user
        "tempauth": f"user_{access_key.replace(':', '_')} = {secret_key} .admin\n",
    }
    eggs = {"cache": "memcache"}
    sections = "".join(
        f"[filter:{name}]\nuse = egg:swift#{eggs.get(name, name)}\n{options}" for name, options in filters.items()
    )
    path.write_text(
        f"[DEFAULT]\nswift_dir = {folder}\nlog_level = ERROR\n[pipeline:main]\npipeline = {PIPELINE}\n"
        f"[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nallow_account_management = true\n{sections}"
    )
    return path


def main(folder: Path, host: str, port: int, parent_pid: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "devices" / "disk").mkdir(parents=True)
    utils.HASH_PATH_PREFIX, utils.HASH_PATH_SUFFIX = b"tests", b"tests"
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_prefix = tests\nswift_hash_path_suffix = tests\n")
    sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in STORAGE}
    make_rings(folder, {kind: sock.getsockname()[1] for kind, sock in sockets.items()})
    front = eventlet.listen((host, port), backlog=512)
    options = {"protocol": SwiftHttpProtocol, "capitalize_response_headers": False, "log_output": False}
    for kind, sock in sockets.items():
        eventlet.spawn(wsgi.server, sock, loadapp(str(storage_conf(folder, kind))), **options)
    app = loadapp(str(proxy_conf(folder, os.environ["ACCESS_KEY"], os.environ["SECRET_KEY"])))
    eventlet.spawn(wsgi.server, front, app, **options)
    while os.getppid() == parent_pid:
        eventlet.sleep(0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
