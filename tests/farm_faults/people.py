"""People who want films while the farm suffers: patient, as programs that keep to the interface's documents are, and sometimes of another mind."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

from tests.engine_film.conftest import film_numbers, numbered

FRAMES = 240
PATIENCE_S = 120.0


class Refused(Exception):
    """An answer that will not change by asking again."""


class Person:
    """Somebody signed in, whose every request is repeated under the same key until it is answered."""

    def __init__(self, address: str, accounts: Path, role: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=10, transport=httpx.HTTPTransport(retries=0))
        (account,) = [one for one in json.loads(accounts.read_text()) if one["role"] == role]
        answer = self.ask("POST", "/v1/auth/login", json={"email": account["email"], "password": account["password"]})
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def close(self) -> None:
        """Go away."""
        self._http.close()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Ask until there is an answer. Raises Refused for one that says no, AssertionError after two minutes without one."""
        answer = self._patiently(method, path, **more)
        if answer.status_code >= 400:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def _patiently(self, method: str, path: str, **more: Any) -> httpx.Response:
        until = time.monotonic() + PATIENCE_S
        headers = {"Idempotency-Key": str(uuid.uuid4()), **more.pop("headers", {})}
        while time.monotonic() < until:
            try:
                answer = self._http.request(method, path, headers=headers, **more)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code < 500 and answer.status_code != 429:
                try:
                    answer.read()
                    if answer.headers.get("content-type", "").endswith("json"):
                        answer.json()
                except ValueError:
                    continue
                return answer
            time.sleep(min(2.0, float(answer.headers.get("Retry-After", "0.5"))))
        raise AssertionError(f"no answer to {method} {path} within {PATIENCE_S} s")

    def template(self) -> dict[str, Any]:
        """Make and publish the template whose frame n shows n."""
        data = json.dumps(numbered(FRAMES)).encode()
        headers = {
            "Content-Type": "application/json",
            "X-File-Name": "numbers.json",
            "X-File-Purpose": "template_package",
        }
        file = self.ask("POST", "/v1/files", content=data, headers=headers)
        project = self.ask("POST", "/v1/admin/projects", json={"file_id": file["id"]})
        self.ask("POST", f"/v1/admin/projects/{project['id']}/publish")
        return dict(project)

    def film(self, project_id: str, color: str) -> str:
        """Ask for a film whose bars have this dark colour, so that no other film's segments serve it; return its id."""
        body = {"project_id": project_id, "title": f"فیلم {color}", "locale": "fa"}
        document = self.ask("POST", "/v1/saved-projects", json=body)
        while document["palette"] != {"color_1": color}:
            document = self._recoloured(document, color)
        job = self.ask("POST", f"/v1/saved-projects/{document['id']}/render", json={"profile": "draft"})
        return str(job["id"])

    def _recoloured(self, document: dict[str, Any], color: str) -> dict[str, Any]:
        """Save a document with another colour; return it as it is kept then, also when an earlier answer to this was lost."""
        kept = {
            name: document[name] for name in ("title", "size", "locale", "palette", "global_values", "audio", "scenes")
        }
        kept["palette"] = {"color_1": color}
        path = f"/v1/saved-projects/{document['id']}"
        answer = self._patiently("PUT", path, json=kept, headers={"If-Match": f'"{document["row_version"]}"'})
        if answer.status_code not in (200, 412):
            raise Refused(f"PUT {path}: {answer.status_code} {answer.text[:300]}")
        return dict(self.ask("GET", path))

    def state(self, film: str) -> dict[str, Any]:
        """Return a film's state."""
        return dict(self.ask("GET", f"/v1/render-jobs/{film}"))

    def cancel(self, film: str) -> None:
        """Cancel a film if that may be."""
        self._if_allowed("POST", f"/v1/render-jobs/{film}/cancel")

    def retry(self, film: str) -> bool:
        """Try a film again if that may be; return whether it is."""
        return self._if_allowed("POST", f"/v1/render-jobs/{film}/retry")

    def _if_allowed(self, method: str, path: str) -> bool:
        answer = self._patiently(method, path)
        if answer.status_code >= 400 and answer.status_code != 409:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code < 400

    def numbers(self, film: str, folder: Path) -> list[int]:
        """Download a finished film and return the numbers that its frames show."""
        export = self.state(film)["export"]
        data = self._patiently("GET", export["download_url"])
        path = folder / f"{film}.mp4"
        path.write_bytes(data.content)
        return film_numbers(path)
