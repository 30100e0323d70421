"""HTTP at the edge: who is asking, problem documents, lists, versions. With `endpoints`, the only place that names FastAPI."""

from flatrender.kit.http.caller import Caller, CallerDep, require
from flatrender.kit.http.headers import IdempotencyDep, IfMatchDep, etag
from flatrender.kit.http.lists import Page, PageDep, PageRequest
from flatrender.kit.http.problems import Problem, install_problem_handlers, problem_response, responses

__all__ = [
    "Caller",
    "CallerDep",
    "IdempotencyDep",
    "IfMatchDep",
    "Page",
    "PageDep",
    "PageRequest",
    "Problem",
    "etag",
    "install_problem_handlers",
    "problem_response",
    "require",
    "responses",
]
