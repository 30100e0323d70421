"""What stands in `deploy/` names things that exist: settings, commands and their options, probes, ports, secrets; and systemd takes its units."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from flatrender.cli.app import build
from flatrender.host.app import add_probes
from flatrender.host.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OF_OTHERS = {"PYTHONUNBUFFERED", "FORWARDED_ALLOW_IPS", "PATH"}
"""Read by Python, by the HTTP server and by the shell."""


def setting_names() -> set[str]:
    return {
        str(one.validation_alias or f"FLATRENDER_{name.upper()}") for name, one in Settings.model_fields.items()
    } | OF_OTHERS


def documents() -> list[tuple[str, dict[str, Any]]]:
    return [(path.name, one) for path in MANIFESTS for one in yaml.safe_load_all(path.read_text()) if one]


def kinds(kind: str) -> list[dict[str, Any]]:
    return [one for _, one in documents() if one["kind"] == kind]


def pods() -> list[tuple[str, dict[str, Any]]]:
    return [(one["metadata"]["name"], one["spec"]["template"]) for one in (*kinds("Deployment"), *kinds("Job"))]


def commands() -> Iterator[tuple[str, list[str]]]:
    for path in COMPOSE:
        for name, service in yaml.safe_load(path.read_text())["services"].items():
            if service.get("image") == "flatrender":
                yield f"{path.name}:{name}", [str(word) for word in service["command"]]
    for name, pod in pods():
        yield f"kubernetes:{name}", [str(word) for word in pod["spec"]["containers"][0]["args"]]
    for path in UNITS:
        start = re.search(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)
        assert start is not None
        yield path.name, shlex.split(start.group(1))[1:]


@pytest.mark.parametrize(("where", "words"), list(commands()), ids=[where for where, _ in commands()])
def test_every_command_and_option_exists(where: str, words: list[str], tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    words = [str(token) if word.endswith("node-token") else word for word in words]
    group = typer.main.get_command(build())
    command = group.get_command(typer.Context(group), words[0])  # type: ignore[attr-defined]
    assert command is not None, f"{where}: there is no command {words[0]}"
    command.make_context(words[0], words[1:])


def test_every_setting_that_is_named_exists() -> None:
    known = setting_names()
    named: dict[str, set[str]] = {}
    for path in COMPOSE:
        for name, service in yaml.safe_load(path.read_text())["services"].items():
            if service.get("image") == "flatrender":
                named[f"{path.name}:{name}"] = set(service.get("environment", {}))
    for config in kinds("ConfigMap"):
        named["config map"] = set(config["data"])
    for name, pod in pods():
        named[name] = {one["name"] for one in pod["spec"]["containers"][0].get("env", [])}
    for path in UNITS:
        named[path.name] = set(re.findall(r"(?:^Environment=| )([A-Z_]+)=", path.read_text(), re.MULTILINE))
    named["Dockerfile"] = set(re.findall(r"(FLATRENDER_[A-Z_]+)=", (DEPLOY / "Dockerfile").read_text()))
    page = set(re.findall(r"\b((?:FLATRENDER|AWS)_[A-Z_]+|DATABASE_URL)\b", (ROOT / "docs" / "deploy.md").read_text()))
    named["docs/deploy.md"] = page
    assert {where: names - known for where, names in named.items() if names - known} == {}
    assert len(page) > 10


def test_the_settings_in_the_files_are_ones_that_the_platform_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in kinds("ConfigMap")[0]["data"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    taken = Settings()
    assert taken.workflows is False
    assert not isinstance(taken.objects, str)
    assert taken.objects.base == "https://s3.example.org/flatrender"


def test_manifests_fit_together() -> None:
    config = kinds("ConfigMap")[0]["metadata"]["name"]
    secrets = {"flatrender-secrets": {"secrets.json", "node-token"}, "flatrender-objects": {"access-key", "secret-key"}}
    secrets["flatrender-database-owner"] = {"url"}
    labels = {}
    for name, pod in pods():
        spec, labels[name] = pod["spec"], pod["metadata"]["labels"]
        container = spec["containers"][0]
        assert {one["configMapRef"]["name"] for one in container.get("envFrom", [])} <= {config}
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                found = variable["valueFrom"]["secretKeyRef"]
                assert found["key"] in secrets[found["name"]]
        volumes = {one["name"]: one for one in spec["volumes"]}
        assert {one["name"] for one in container["volumeMounts"]} == set(volumes)
        for volume in volumes.values():
            if "secret" in volume:
                assert {item["key"] for item in volume["secret"].get("items", [])} <= secrets[
                    volume["secret"]["secretName"]
                ]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert container["resources"]["limits"]["memory"]
    # The owner's password is the migration's alone, and nodes get nothing but their token.
    owners = [name for name, pod in pods() if "flatrender-database-owner" in str(pod)]
    assert owners == ["flatrender-migrate"]
    node = next(pod for name, pod in pods() if name == "flatrender-node")
    assert "configMapRef" not in str(node)
    assert "secrets.json" not in str(node)
    for one in kinds("Deployment"):
        assert one["spec"]["selector"]["matchLabels"] == labels[one["metadata"]["name"]]
    for one in (*kinds("PodDisruptionBudget"), *kinds("Service")):
        selector = one["spec"]["selector"]
        assert selector.get("matchLabels", selector) in labels.values()
    for one in kinds("HorizontalPodAutoscaler"):
        assert one["spec"]["scaleTargetRef"]["name"] in labels


def test_probes_ask_addresses_that_answer() -> None:
    class Routes:
        """Notes which addresses are served."""

        def __init__(self) -> None:
            self.paths: set[str] = set()

        def get(self, path: str, **_: Any) -> Any:
            self.paths.add(path)
            return lambda function: function

    routes = Routes()
    add_probes(routes, None)  # type: ignore[arg-type]
    asked = set(re.findall(r"/(?:healthz|readyz)\b", "".join(path.read_text() for path in (*COMPOSE, *MANIFESTS))))
    asked |= {
        probe["httpGet"]["path"]
        for _, pod in pods()
        for name, probe in pod["spec"]["containers"][0].items()
        if name.endswith("Probe")
    }
    assert asked <= routes.paths
    assert asked


def test_the_image_copies_what_is_there_and_listens_where_its_neighbours_look() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert f"EXPOSE {Settings.model_fields['port'].default}" in text
    extras = re.search(r'"\.\[(.*)\]"', text)
    assert extras is not None
    for extra in extras.group(1).split(","):
        assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE), extra
    kept = (ROOT / ".dockerignore").read_text()
    assert all(f"!{folder}/" in kept for folder in ("requirements", "src", "migrations", "templates", "web"))


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze (Debian: systemd) is not installed here"
)
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("flatrender")
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/flatrender/bin/flatrender", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_docker_takes_the_compose_file(path: Path) -> None:
    if not compose_there():
        pytest.skip("docker with its compose plugin is not installed here")
    done = subprocess.run(
        ["docker", "compose", "--env-file", str(DEPLOY / "example.env"), "-f", str(path), "config", "--quiet"],
        capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "POSTGRES_PASSWORD": "p", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def compose_there() -> bool:
    if shutil.which("docker") is None:
        return False
    found = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=30, check=False)
    return found.returncode == 0
