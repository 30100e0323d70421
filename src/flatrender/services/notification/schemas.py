"""The bodies of notification's routes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class NotificationRead(BaseModel):
    """Something that a person was told."""

    id: UUID
    type_key: str
    title: str
    body: str
    action_url: str | None
    image_url: str | None
    payload: dict[str, Any]
    read_at: datetime | None
    created_at: datetime


class UnreadCount(BaseModel):
    """How many notifications wait to be read."""

    unread_count: int
