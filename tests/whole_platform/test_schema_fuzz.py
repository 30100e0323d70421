"""Requests made from the platform's own OpenAPI document: whatever they hold, none ends in an error of ours."""

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from .running import Running
from .tenants import new_tenant

pytestmark = [pytest.mark.xdist_group("platform"), pytest.mark.timeout(120)]
SECONDS = 25
ENDS_THE_SESSION_OR_NEVER_ENDS = "auth/|stream$|/events$|me/sessions/"


def test_no_request_of_the_documented_form_ends_in_an_internal_error(platform: Running, tmp_path: Path) -> None:
    tenant = new_tenant(platform)
    done = subprocess.run(
        [
            str(Path(sysconfig.get_path("scripts")) / "schemathesis"),
            "run",
            f"{platform.address}/openapi.json",
            *("-H", f"Authorization: {tenant.client.headers['Authorization']}"),
            *("--checks", "not_a_server_error"),
            *("--phases", "fuzzing"),
            *("--exclude-path-regex", ENDS_THE_SESSION_OR_NEVER_ENDS),
            *("--max-time", str(SECONDS)),
            *("--max-examples", "8"),
            *("--workers", "1"),
            *("--request-timeout", "20"),
            *("--suppress-health-check", "all"),
            "--continue-on-failure",
            "--no-shrink",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    sent = re.search(r"(\d+) generated", done.stdout)
    assert sent is not None
    assert int(sent[1]) > 100, done.stdout[-2000:]
