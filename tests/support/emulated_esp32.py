"""The firmware's needle side on an emulated ESP32 and on the host: built from the same sources, run, and what they say.

The model is labwired's: the LX6's instructions, its memory and pins. It has no Wi-Fi, no flash and no second
core, and the compiler is Debian's for the LX106, an older core of the family whose instructions the LX6 has too.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
EMULATION = FIRMWARE / "emulation"
CORE = FIRMWARE / "lib/gauge_core/src"
PARTS = ("button", "cluster", "diag", "homing", "kept", "lamps", "link", "needle", "night", "parse", "planner", "scale")
PARTS += ("step_pacer", "tach_filter")
COMPILER = "xtensa-lx106-elf-g++"
WITHIN_S = 600
DRIVERS = {"direct": (), "step_dir": ("-DGAUGE_DRIVER_STEP_DIR",)}
COMMON = ("-std=gnu++17", "-Wall", "-Wextra", "-Werror", "-funsigned-char", "-fno-exceptions", "-fno-rtti")
CHIP = ("-O2", "-ffreestanding", "-ffunction-sections", "-fno-threadsafe-statics", "-fno-use-cxa-atexit", "-mlongcalls")
CHIP += ("-mtext-section-literals", "-nostdlib", "-Wl,--gc-sections")


class Frame(NamedTuple):
    """What a vector shows: angles in thousandths of a degree."""

    what: str
    angles: tuple[int, int, int]
    mask: int


def vectors() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "tests/vectors").glob("*.json"))}


def write_messages(folder: Path, walk_ms: int, *, from_power_on: bool) -> None:
    """`messages.inc`: every display message of the shared vectors as the broker has it, and how to walk."""
    lines = []
    for name, vector in vectors().items():
        start = f"claude_gauge/{vector['instance']}/"
        for topic, payload in vector["topics"].items():
            if topic.startswith(start + "display/"):
                lines.append(f"{{{json.dumps(topic.removeprefix(start))}, {json.dumps(payload)}}},")
        lines.append(f'{{nullptr, "{name}"}},')
    text = "\n    ".join(lines)
    body = f"constexpr Message kMessages[] = {{\n    {text}\n}};\nconstexpr std::uint32_t kWalkMs = {walk_ms};\n"
    body += f"constexpr bool kFromPowerOn = {str(from_power_on).lower()};\n"
    (folder / "messages.inc").write_text(body)


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def _sources(driver: str) -> list[Path]:
    found = [EMULATION / "main.cpp", EMULATION / "board.cpp", *(CORE / f"gauge/{part}.cpp" for part in PARTS)]
    found.append(FIRMWARE / f"src/coils_{driver}.cpp")
    return [*found, EMULATION / "switecx25.cpp"] if driver == "direct" else found


def _includes(folder: Path) -> list[str]:
    own = [folder, EMULATION / "headers", EMULATION, FIRMWARE / "src", CORE]
    return [*(f"-I{path}" for path in own), f"-idirafter{FIRMWARE / 'test/stubs'}"]


def on_the_host(folder: Path, driver: str) -> str:
    program = folder / f"host_{driver}"
    _run("g++", "-O1", *COMMON, *DRIVERS[driver], *_includes(folder), *_sources(driver), "-o", program)
    return _run(program)


def for_the_chip(folder: Path, driver: str) -> Path:
    """The ELF file."""
    said = subprocess.run(["g++", "-E", "-x", "c++", "-", "-v"], input="", capture_output=True, text=True, check=True)
    searched = re.findall(r"^ (/\S+)$", said.stderr, re.MULTILINE)
    headers = [f"-I{EMULATION / 'chip/headers'}"]
    headers += [word for path in searched if "c++" in path for word in ("-isystem", path)]
    headers += [word for path in searched if "c++" not in path and "gcc" not in path for word in ("-idirafter", path)]
    program = folder / f"chip_{driver}.elf"
    objects = folder / f"arithmetic_{driver}.o"
    arithmetic, start, runtime = (EMULATION / "chip" / name for name in ("arithmetic.c", "start.S", "runtime.cpp"))
    as_c = (
        COMPILER.replace("g++", "gcc"),
        "-O2",
        "-ffreestanding",
        "-fno-tree-loop-distribute-patterns",
        "-mlongcalls",
    )
    _run(*as_c, "-c", arithmetic, "-o", objects)
    options = (*COMMON, *CHIP, *DRIVERS[driver], *headers, *_includes(folder), f"-T{EMULATION / 'chip/memory.ld'}")
    _run(COMPILER, *options, start, runtime, objects, *_sources(driver), "-o", program)
    return program


def on_the_chip(program: Path) -> str:
    """Runs in a process of its own: the model does not let go of the interpreter."""
    return _run(sys.executable, "-m", "tests.support.emulated_esp32", program)


def frames(said: str) -> list[Frame]:
    pattern = re.compile(r"^(\S+) (\d+) (\d+) (\d+) mask (\d+)$", re.MULTILINE)
    return [Frame(what, (int(a), int(b), int(c)), int(mask)) for what, a, b, c, mask in pattern.findall(said)]


def _emulate(program: str) -> None:
    import labwired  # noqa: PLC0415 - only here: the host's half needs no model

    end = time.monotonic() + WITHIN_S
    with labwired.Sim(program, chip="esp32") as chip:
        console, size = chip.symbol("console"), chip.symbol("console_size")
        said = b""
        while not said.endswith(b"DONE\n") and time.monotonic() < end:
            chip.run_for("2ms")
            said = bytes(chip.read_memory(console, chip.read_u32(size)))
    sys.stdout.write(said.decode())


if __name__ == "__main__":
    _emulate(sys.argv[1])
