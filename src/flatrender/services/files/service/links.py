"""Download links: who has one may read that file until its time is over. The name under which it is saved is part of what is signed."""

from urllib.parse import quote
from uuid import UUID

from flatrender.kit.errors import Forbidden
from flatrender.kit.objects import LinkSigner

DOWNLOAD_PREFIX = "d"
SHORTEST_LINK_S = 60
LONGEST_LINK_S = 7 * 24 * 3600


def signed_download(links: LinkSigner, tenant_id: UUID, file_id: UUID, *, life_s: int, name: str | None = None) -> str:
    """Return the path and query of a link to a file that is saved as `name`, by default under its own."""
    if name is None:
        return links.sign("GET", f"{DOWNLOAD_PREFIX}/{tenant_id}/{file_id}", life_s=life_s).removeprefix("/o")
    signed = links.sign(_method(name), f"{DOWNLOAD_PREFIX}/{tenant_id}/{file_id}", life_s=life_s).removeprefix("/o")
    return f"{signed}&name={quote(name, safe='')}"


def check_download(
    links: LinkSigner, tenant_id: UUID, file_id: UUID, expires: int, signature: str, *, name: str | None = None
) -> None:
    """Raise Forbidden unless the link is ours, says this name, and its time has not passed."""
    if name is not None and not name.isprintable():
        raise Forbidden("this link was not signed by us", code="files.link_invalid")
    method = "GET" if name is None else _method(name)
    links.check(method, f"{DOWNLOAD_PREFIX}/{tenant_id}/{file_id}", expires, signature)


def _method(name: str) -> str:
    """Return what stands for the method in what is signed; a name cannot look like another method, which has no space."""
    return f"GET as {name}"
