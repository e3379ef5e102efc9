"""What mutants are made of a module: its source with one expression or statement exchanged for another."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt(), ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(), ast.Is: ast.IsNot(), ast.IsNot: ast.Is(), ast.In: ast.NotIn(), ast.NotIn: ast.In(),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Div: ast.Mult(), ast.FloorDiv: ast.Div(),
    ast.Mod: ast.Mult(), ast.Pow: ast.Mult(), ast.BitOr: ast.BitAnd(), ast.BitAnd: ast.BitOr(),
    ast.LShift: ast.RShift(),
}  # fmt: skip
FUNCTIONS = {"min": "max", "max": "min", "all": "any", "any": "all"}
Node = ast.expr | ast.stmt
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
COMPOUND = ast.Compare | ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.IfExp
"""Written in parentheses, wherever they stand."""


class Mutant(NamedTuple):
    """`key` names it within its file, whatever stands above it: place, before, after. `in_function`: it runs when a
    function is called, not when the module is imported.
    """

    path: Path
    line: int
    key: str
    source: str
    in_function: bool


def mutants(path: Path) -> Iterator[Mutant]:
    raw = path.read_bytes()
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))  # the columns of `ast` are bytes
    for node, place, in_function in _running(ast.parse(raw), "module", in_function=False):
        for changed, after in _exchanges(node):
            begin = starts[changed.lineno - 1] + changed.col_offset
            end = starts[(changed.end_lineno or 0) - 1] + (changed.end_col_offset or 0)
            before = " ".join(raw[begin:end].decode().split())
            source = (raw[:begin] + after.encode() + raw[end:]).decode()
            yield Mutant(path, changed.lineno, f"{place}: {before} -> {after}", source, in_function)


def _running(node: ast.AST, place: str, *, in_function: bool) -> Iterator[tuple[Node, str, bool]]:
    """Every node that does something when it runs, the function or class that it is in, and whether in its body."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or name in {"annotation", "returns", "decorator_list"} or _is_idle(child):
                continue
            inside, called = place, in_function or (name == "body" and isinstance(node, FUNCTION))
            if isinstance(child, FUNCTION | ast.ClassDef):
                inside = child.name if place == "module" else f"{place}.{child.name}"
            if isinstance(child, ast.expr | ast.stmt):
                yield child, inside, called
            if not isinstance(child, ast.JoinedStr):  # its parts have no positions of their own
                yield from _running(child, inside, in_function=called)


def _is_idle(node: ast.AST) -> bool:
    """Docstrings, imports, and the literals of a type."""
    match node:
        case ast.Expr(ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.Subscript(ast.Name("Literal")):
            return True
    return False


def _exchanges(node: Node) -> Iterator[tuple[Node, str]]:
    for test in _conditions(node):
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            yield test, f"(not {ast.unparse(test)})"
    for changed in _exchanged(node):
        text = changed if isinstance(changed, str) else ast.unparse(changed)
        yield node, f"({text})" if isinstance(node, COMPOUND) else text


def _conditions(node: Node) -> list[ast.expr]:
    match node:
        case ast.If(test) | ast.While(test) | ast.IfExp(test):
            return [test]
        case ast.ListComp(_, loops) | ast.SetComp(_, loops) | ast.GeneratorExp(_, loops) | ast.DictComp(_, _, loops):
            return [test for loop in loops for test in loop.ifs]
        case ast.BoolOp(_, values):
            return values
    return []


def _exchanged(node: Node) -> Iterator[ast.AST | str]:  # noqa: C901, PLR0912 (a table)
    match node:
        case ast.Compare(left, ops, sides):
            for index, op in enumerate(ops):
                yield ast.Compare(left, [*ops[:index], COMPARISONS[type(op)], *ops[index + 1 :]], sides)
        case ast.BinOp(left, op, right) if type(op) in OPERATORS and not _is_text(left) and not _is_text(right):
            yield ast.BinOp(left, OPERATORS[type(op)], right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Constant(bool() as value):
            yield str(not value)
        case ast.Constant(int() | float() as value):
            yield str(value + 1)
        case ast.Constant(str() as value):
            yield repr(f"{value}XX")
        case ast.Constant(bytes() as value):
            yield repr(value + b"XX")
        case ast.JoinedStr():
            yield "'XX'"
        case ast.Call(ast.Name(name), args, keywords) if name in FUNCTIONS:
            yield ast.Call(ast.Name(FUNCTIONS[name]), args, keywords)
        case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield "return None"
        case ast.Expr(ast.Call()):
            yield "None"
        case ast.AugAssign(target, op, value) if type(op) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(op)], value)
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
