"""Write the tables of messages in docs/node-protocol.md from `flatrender.protocol`, so that the document cannot say anything else than the code."""

import ast
import inspect
import itertools
import types
import typing
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec.structs import NODEFAULT, FieldInfo

from flatrender.protocol import heartbeat, outcome, register, work

PAGE = Path(__file__).resolve().parent.parent / "docs" / "node-protocol.md"
BEGIN = "<!-- messages: written by scripts/write_protocol_tables.py -->\n"
END = "<!-- end of messages -->\n"
MESSAGES = (
    register.Register, register.Hours, register.Registered,
    work.Claim, work.Assignment, work.Lease, work.SegmentTask, work.StillTask, work.SceneFigures, work.SourceFigures, work.AssetFigures,
    heartbeat.Heartbeat, heartbeat.LeaseReport, heartbeat.Health, heartbeat.CachedProject, heartbeat.CommandAnswer,
    heartbeat.HeartbeatReply, heartbeat.LeaseVerdict, heartbeat.Command,
    outcome.Result, outcome.Fail, outcome.Accepted,
)  # fmt: skip
SENT_BY_NODE = {"Register", "Claim", "Heartbeat", "Result", "Fail"}
SENT_BY_SERVER = {"Registered", "Assignment", "HeartbeatReply", "Accepted"}
SIMPLE = {
    UUID: "string (UUID)",
    str: "string",
    int: "integer",
    float: "number",
    bool: "true or false",
    bytes: "string (base64)",
}


def tables() -> str:
    """Return the tables of all messages."""
    return "\n".join(_table(message) for message in MESSAGES)


def page(text: str) -> str:
    """Return the document with its tables as the code has them."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def _table(message: type[msgspec.Struct]) -> str:
    who = " (from the node)" if message.__name__ in SENT_BY_NODE else ""
    who = who or (" (from the server)" if message.__name__ in SENT_BY_SERVER else "")
    described = _described(message)
    tag = message.__struct_config__.tag
    rows = [f"| `type` | string | – | `{tag}`, always |"] if tag else []
    rows += [
        f"| `{field.encode_name}` | {_type(field.type)} | {_default(field)} | {described.get(field.name, '')} |"
        for field in msgspec.structs.fields(message)
    ]
    about = " ".join((message.__doc__ or "").split()).replace("|", "\\|")
    head = (
        f"### `{message.__name__}`{who}\n\n{about}\n\n| member | type | if absent | what it is |\n|---|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.required:
        return "–"
    value = field.default if field.default is not NODEFAULT else field.default_factory()
    return f"`{msgspec.json.encode(value).decode()}`"


def _type(kind: typing.Any) -> str:
    """Return what JSON holds."""
    if isinstance(kind, str):
        return f"`{kind}`"
    if kind in SIMPLE:
        return SIMPLE[kind]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("null" if one is type(None) else _type(one) for one in inner)
    if origin in (list, tuple, dict):
        return _collection(origin, inner)
    return "anything" if kind is typing.Any else f"`{kind.__name__}`"


def _collection(origin: typing.Any, inner: tuple[typing.Any, ...]) -> str:
    if origin is dict:
        return f"object of {_type(inner[1])}"
    if origin is tuple and inner[-1] is not Ellipsis:
        return f"array of {len(inner)} × {_type(inner[0])}"
    return f"array of {_type(inner[0])}"


def _described(message: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstring under each member."""
    tree = ast.parse(inspect.getsource(message))
    (body,) = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    found: dict[str, str] = {}
    for before, after in itertools.pairwise(body):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(after, ast.Expr):
            text = " ".join(str(ast.literal_eval(after.value)).split())
            found[before.target.id] = text.replace("|", "\\|").replace("None", "null")
    return found


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
