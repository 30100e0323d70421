"""Lists by cursor: newest first by a version 7 id, so the last id of a page is the cursor of the next."""

import base64
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel

from flatrender.kit.errors import BadRequest

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None = None


class PageRequest(BaseModel):
    """What part of a list is wanted: at most `limit` rows whose id is below `before`."""

    limit: int
    before: UUID | None

    def cursor_after(self, ids: list[UUID]) -> str | None:
        """Return the cursor of the next page when this one is full."""
        return base64.urlsafe_b64encode(ids[-1].bytes).decode().rstrip("=") if len(ids) == self.limit else None


async def page_request(
    limit: Annotated[int, Query(ge=1, le=100)] = 50, cursor: Annotated[str | None, Query(max_length=64)] = None
) -> PageRequest:
    """Read `limit` and `cursor`; raise BadRequest for a cursor that we did not give out."""
    if cursor is None:
        return PageRequest(limit=limit, before=None)
    try:
        return PageRequest(limit=limit, before=UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
    except ValueError as error:
        raise BadRequest(
            "this cursor is not one of ours: leave it out to start at the first page", code="cursor_invalid"
        ) from error


PageDep = Annotated[PageRequest, Depends(page_request)]
