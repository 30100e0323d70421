"""Operators between arrays: After Effects adds `[1, 2] + [3, 4]`, JavaScript joins them as texts.

The source is rewritten so that every operator calls a function that knows both. Texts, numbers and everything else mean what they meant.
"""

from __future__ import annotations

from functools import cache, lru_cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

MAX_CHARACTERS = 200_000
"""Longer sources are taken as they are."""
_CALLS = {"+": "$bm_sum", "-": "$bm_sub", "*": "$bm_mul", "/": "$bm_div", "%": "$bm_mod"}
_ASSIGNED = {f"{operator}=": call for operator, call in _CALLS.items()}


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


@lru_cache(maxsize=4096)
def with_array_operators(code: str) -> str:
    """Return an expression's source with its operators as calls of `$bm_sum` …; as it is where it is no sound JavaScript."""
    if len(code) > MAX_CHARACTERS or not any(operator in code for operator in _CALLS):
        return code
    source = code.encode("utf-8", "replace")
    tree = _parser().parse(source)
    if tree.root_node.has_error:
        return code
    try:
        return _written(tree.root_node, source).decode("utf-8", "replace")
    except RecursionError:
        return code


def _written(node: Node, source: bytes) -> bytes:
    call, parts = _call(node, source)
    if call is not None:
        left, right = (_written(part, source) for part in parts)
        return b"%s(%s, %s)" % (call.encode(), left, right) if node.type == "binary_expression" else b"%s = %s(%s, %s)" % (
            left, call.encode(), left, right,
        )  # fmt: skip
    if node.type == "unary_expression" and _text(node.child_by_field_name("operator"), source) == "-":
        argument = node.child_by_field_name("argument")
        if argument is not None and argument.type != "number":
            return b"$bm_neg(%s)" % _written(argument, source)
    made, at = b"", node.start_byte
    for child in node.children:
        made += source[at : child.start_byte] + _written(child, source)
        at = child.end_byte
    return made + source[at : node.end_byte]


def _call(node: Node, source: bytes) -> tuple[str | None, tuple[Node, ...]]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return None, ()
    operator = _text(node.child_by_field_name("operator"), source)
    if node.type == "binary_expression" and operator in _CALLS:
        return _CALLS[operator], (left, right)
    if node.type == "augmented_assignment_expression" and operator in _ASSIGNED:
        return _ASSIGNED[operator], (left, right)
    return None, ()


def _text(node: Node | None, source: bytes) -> str:
    return "" if node is None else source[node.start_byte : node.end_byte].decode("utf-8", "replace")
