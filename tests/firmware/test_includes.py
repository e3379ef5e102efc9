"""Each of the firmware's sources includes the standard headers of what it uses: none by way of another file.

A header that comes along with another one today may stay away with the next compiler; the ESP32's is not here to ask.
"""

import re
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
SOURCES = sorted(path for path in FIRMWARE.rglob("*") if path.suffix in {".cpp", ".hpp", ".h"})

NAMES = {
    "algorithm": "all_of any_of clamp copy copy_backward copy_n count_if equal find find_if max min replace",
    "array": "array",
    "atomic": "atomic",
    "cctype": "isalnum tolower toupper",
    "charconv": "from_chars to_chars",
    "chrono": "chrono::\\w+",
    "cmath": "abs ceil cos exp lround sin sqrt",
    "condition_variable": "condition_variable",
    "csignal": "raise signal",
    "cstddef": "ptrdiff_t size_t",
    "cstdint": "u?int(8|16|32|64)_t",
    "cstdio": "FILE fclose fflush fopen fprintf fputs fread fwrite perror printf putchar snprintf vfprintf",
    "cstdlib": "_Exit abort abs exit",
    "cstring": "memchr memcmp memcpy memset strcmp strlen",
    "deque": "deque",
    "filesystem": "filesystem::\\w+",
    "fstream": "ifstream",
    "functional": "function",
    "future": "async future future_status launch",
    "initializer_list": "initializer_list",
    "ios": "ios",
    "iterator": "istreambuf_iterator size",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map",
    "memory": "make_unique unique_ptr",
    "mutex": "lock_guard mutex unique_lock",
    "new": "nothrow",
    "optional": "nullopt optional",
    "random": "mt19937 random_device",
    "ratio": "nano",
    "set": "set",
    "string": "getline stoul string to_string",
    "string_view": "string_view",
    "system_error": "errc",
    "thread": "this_thread::\\w+ thread",
    "tuple": "tie",
    "type_traits": "is_trivially_copyable_v is_trivially_default_constructible_v",
    "utility": "exchange forward move pair swap",
    "vector": "vector",
}
"""Header -> the names of `std::` that it is for. A name of two headers is content with either."""
MACROS = {
    "cerrno": r"\berrno\b",
    "cinttypes": r"\bPRI[diux](8|16|32|64)\b",
    "cstdarg": r"\bva_(list|start|end)\b",
    "cstddef": r"\boffsetof\b",
    "cstdint": r"\bU?INT(8|16|32|64)_MAX\b",
    "csignal": r"\bSIG(INT|PIPE|TERM)\b",
}
BRINGS = {"cinttypes": {"cstdint"}, "fstream": {"ios"}, "errno.h": {"cerrno"}}
"""By the standard, or the same under its name of C."""


def code_of(text: str) -> str:
    """Without comments, and without what stands in quotes."""
    without = re.sub(r'R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//[^\n]*", "", without)


def headers_for(name: str) -> set[str]:
    return {
        header for header, known in NAMES.items() if re.fullmatch("|".join(f"(?:{one})" for one in known.split()), name)
    }


def missing(text: str) -> list[str]:
    """What a source uses without the header for it: one line each."""
    found = set(re.findall(r"#include <([\w.]+)>", text))
    included = found.union(*(BRINGS.get(header, set()) for header in found))
    code, problems = code_of(text), []
    for name in sorted(set(re.findall(r"\bstd::((?:chrono::|filesystem::|this_thread::)?\w+)", code)) - {"literals"}):
        wanted = headers_for(name)
        if not wanted:
            problems.append(f"std::{name}: this test does not know its header")
        elif not wanted & included:
            problems.append(f"std::{name}: no <{'> or <'.join(sorted(wanted))}>")
    problems += [f"<{h}>: {m[0]}" for h, macro in MACROS.items() if h not in included and (m := re.search(macro, code))]
    return problems


def test_there_are_sources_of_every_kind() -> None:
    assert {path.relative_to(FIRMWARE).parts[0] for path in SOURCES} >= {
        "lib",
        "src",
        "sim",
        "test",
        "fuzz",
        "emulation",
    }


@pytest.mark.parametrize("folder", sorted({path.parent for path in SOURCES}), ids=lambda path: str(path.name))
def test_every_source_includes_the_standard_headers_of_what_it_uses(folder: Path) -> None:
    problems = {path.name: missing(path.read_text()) for path in SOURCES if path.parent == folder}
    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("std::uint8_t level;", ["std::uint8_t: no <cstdint>"]),
        ("#include <cstdint>\nstd::uint8_t level;", []),
        ("#include <cstdint>\nstd::array<std::uint8_t, 3> levels;", ["std::array: no <array>"]),
        ("int a = std::abs(b);", ["std::abs: no <cmath> or <cstdlib>"]),
        ("auto p = std::any_cast<int>(a);", ["std::any_cast: this test does not know its header"]),
        ('// std::vector\nsay("std::vector");', []),
        ('#include <cstdio>\nstd::printf("%" PRIu32, 1);', ["<cinttypes>: PRIu32"]),
    ],
)
def test_what_is_missing_is_seen(text: str, said: list[str]) -> None:
    assert missing(text) == said
