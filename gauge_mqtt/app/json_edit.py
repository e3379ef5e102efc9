"""Small edits of a JSON text that leave every other byte as its owner wrote it. Pure."""

import json
import re
from typing import Any, NamedTuple

BLANK = re.compile(r"[ \t\r\n]*")


class Member(NamedTuple):
    """One `"key": value` of an object: where in the text its key and its value are. `text[value:end]` is the value."""

    start: int
    value: int
    end: int


def parsed(text: str) -> dict[str, Any]:
    """The object that `text` is. Raises `ValueError`; comments, NaN and trailing commas are no JSON."""

    def no_number(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    try:
        found = json.loads(text, parse_constant=no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004, as for the rest that is no such text
    return found


def members(text: str, at: int = 0) -> dict[str, Member]:
    """The members of the object that begins at `at`, blanks before it allowed; of a repeated key the last, which is
    the one that counts. `text` must be JSON.
    """
    decoder, found = json.JSONDecoder(), dict[str, Member]()
    at = _blank(text, _blank(text, at) + 1)
    while text[at] != "}":
        start = at
        key, at = decoder.raw_decode(text, start)
        value = _blank(text, _blank(text, at) + 1)  # over the colon
        end = decoder.raw_decode(text, value)[1]
        found[key] = Member(start, value, end)
        at = _blank(text, end)
        if text[at] == ",":
            at = _blank(text, at + 1)
    return found


def added(text: str, key: str, value: dict[str, Any]) -> tuple[str, str]:
    """`text` with one more member at its end, indented like the others; and what was inserted, to take it out again."""
    there = members(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if there:
        last = max(there.values(), key=lambda member: member.end)
        first = min(member.start for member in there.values())
        lead = text[text.index("{") + 1 : first]
        at, before, after = last.end, ",", ""
    else:
        at = text.index("{") + 1
        lead, before, after = f"{newline}  ", "", "" if "\n" in text[at : text.rindex("}")] else newline
    indent = lead.rpartition("\n")[2] if "\n" in lead else None
    spelled = json.dumps(value, indent=indent, ensure_ascii=False)
    if indent is not None:
        spelled = spelled.replace("\n", newline + indent)
    inserted = f"{before}{lead or (' ' if before else '')}{json.dumps(key)}: {spelled}{after}"
    return text[:at] + inserted + text[at:], inserted


def without(text: str, key: str) -> str:
    """`text` without that member and the comma that belongs to it."""
    member = members(text)[key]
    before = len(text[: member.start].rstrip(" \t\r\n"))
    after = _blank(text, member.end)
    if text[before - 1] == ",":
        return text[: before - 1] + text[member.end :]
    if text[after] == ",":
        return text[: member.start] + text[_blank(text, after + 1) :]
    return text[:before] + text[member.end :]


def _blank(text: str, at: int) -> int:
    match = BLANK.match(text, at)
    return match.end() if match else at
