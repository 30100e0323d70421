"""What a piece of work needs, from the node's disk or by the assignment's links, patiently."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from flatrender.node.backoff import Backoff
from flatrender.node.cache import SceneCache
from flatrender.node.client import ServerClient
from flatrender.node.clips import ClipCache
from flatrender.node.errors import CallRefused, TryAgain, WorkFailed
from flatrender.node.projects import ProjectCache
from flatrender.node.sessions import Session
from flatrender.protocol.work import SceneFigures, SourceFigures

MAX_SCENE_BYTES = 128 << 20
MAX_CLIP_BYTES = 512 << 20
MAX_PROJECT_BYTES = 4 << 30

Fetched = TypeVar("Fetched")


class Stopped(Exception):
    """The session was told to stop."""


class Fetcher:
    """The node's caches with the client that fills them. May be used from several threads."""

    def __init__(
        self, *, client: ServerClient, scenes: SceneCache, clips: ClipCache, projects: ProjectCache | None
    ) -> None:
        self._client = client
        self._scenes = scenes
        self._clips = clips
        self._projects = projects

    def lottie(self, session: Session) -> bytes:
        """Return the scene's Lottie. Raises WorkFailed and Stopped."""
        return self._lottie(session, session.assignment.task.scene, session.assignment.scene_url)

    def overlay(self, session: Session, figures: SceneFigures) -> bytes:
        """Return the Lottie of what is laid over the scene. Raises WorkFailed and Stopped."""
        return self._lottie(session, figures, session.assignment.overlay_url)

    def clip(self, session: Session, held: contextlib.ExitStack, sha256: str) -> Path:
        """Return a film, or another file that a value names; it stays while `held` is open. Raises WorkFailed and Stopped."""
        url = session.assignment.clip_urls.get(sha256)
        if url is None:
            raise WorkFailed("scene_unavailable", f"the assignment has no link to the file {sha256[:12]}…")
        return self._patiently(
            session,
            lambda: held.enter_context(
                self._clips.held(sha256, lambda: self._download(session, url, MAX_CLIP_BYTES)),
            ),
        )

    def project(self, session: Session, held: contextlib.ExitStack, source: SourceFigures) -> Path:
        """Return the archive of an After Effects project; it stays while `held` is open. Raises WorkFailed and Stopped."""
        url = session.assignment.source_url
        if url is None or self._projects is None:
            raise WorkFailed("scene_unavailable", "the assignment has no link to its After Effects project")
        if source.bytes > MAX_PROJECT_BYTES:
            raise WorkFailed(
                "project_too_large",
                f"the project has {source.bytes >> 20} MB; this node takes at most {MAX_PROJECT_BYTES >> 20} MB",
            )
        cache = self._projects
        return self._patiently(
            session,
            lambda: held.enter_context(
                cache.held(source.sha256, lambda: self._download(session, url, MAX_PROJECT_BYTES)),
            ),
        )

    def _lottie(self, session: Session, figures: SceneFigures, url: str | None) -> bytes:
        if url is None:
            raise WorkFailed("scene_unavailable", f"the assignment has no link to the scene {figures.scene_key}")
        return self._patiently(
            session,
            lambda: self._scenes.get(figures.sha256, lambda: self._download(session, url, MAX_SCENE_BYTES)),
        )

    def _download(self, session: Session, url: str, limit_bytes: int) -> Iterator[bytes]:
        """Download in pieces; a session that is told to stop does not wait for the rest."""
        for piece in self._client.download(url, limit_bytes):
            if session.cancel.is_set():
                raise Stopped
            yield piece

    def _patiently(self, session: Session, get: Callable[[], Fetched]) -> Fetched:
        backoff = Backoff(first_s=0.2, most_s=3.0)
        while True:
            try:
                return get()
            except TryAgain as error:
                if backoff.pause(session.cancel, error.retry_after_s):
                    raise Stopped from error
            except CallRefused as error:
                raise WorkFailed("scene_unavailable", str(error)) from error
