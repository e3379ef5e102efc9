"""The ESP32's own sources on this machine: their syntax against stubs of both Arduino cores, and their tables."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gauge_mqtt import __version__

FIRMWARE = Path(__file__).parents[2] / "firmware"
SRC = FIRMWARE / "src"
WITHIN_S = 240
STRICT = ("-std=gnu++17", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-funsigned-char")
STEP_DIR = "-DGAUGE_DRIVER_STEP_DIR"

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ here; scripts/test installs it")


def complaints(core: int, *arguments: str | Path) -> str:
    """What g++ says of these sources; nothing is what it should say."""
    command: list[str | Path] = ["g++", "-fsyntax-only", *STRICT, f"-DESP_ARDUINO_VERSION_MAJOR={core}"]
    command += ["-I", SRC, "-I", FIRMWARE / "lib/gauge_core/src", "-isystem", FIRMWARE / "test/stubs", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert (done.returncode != 0) == ("error" in done.stderr), done.stderr
    return done.stderr


def sources(*, with_pins_only: bool = False) -> list[Path]:
    found = sorted(SRC.glob("*.cpp"))
    return [path for path in found if not with_pins_only or "pins.hpp" in path.read_text() or "coils" in path.name]


@pytest.mark.parametrize("core", [2, 3])
def test_the_shell_compiles_for_this_arduino_core(core: int) -> None:
    assert len(sources()) > 10
    assert complaints(core, *sources()) == ""


@pytest.mark.parametrize("core", [2, 3])
def test_the_shell_compiles_for_the_step_and_direction_driver(core: int) -> None:
    assert {"coils_step_dir.cpp", "needle_task.cpp"} <= {path.name for path in sources(with_pins_only=True)}
    assert complaints(core, STEP_DIR, "-DBOARD_HAS_PSRAM", *sources(with_pins_only=True)) == ""


def snippet(tmp_path: Path, code: str) -> Path:
    path = tmp_path / "snippet.cpp"
    path.write_text(code)
    return path


@pytest.mark.parametrize(("core", "code"), [(2, "ledcWrite(4, 0, 0);"), (3, "ledcSetup(0, 5000, 12);")])
def test_the_check_sees_a_call_that_the_core_does_not_have(tmp_path: Path, core: int, code: str) -> None:
    assert "error" in complaints(core, snippet(tmp_path, f'#include "arduino.hpp"\nvoid f();\nvoid f() {{ {code} }}\n'))


def test_every_source_takes_the_sdk_without_its_macros() -> None:
    """Arduino.h makes macros of `bit` and `degrees`, which are functions in the core."""
    direct = [path.name for path in SRC.iterdir() if "<Arduino.h>" in path.read_text()]
    assert direct == ["arduino.hpp"]


def pins_refuse(tmp_path: Path, check: str, *rows: str) -> bool:
    table = "".join(f"Pin{{{row}}}, " for row in rows)
    code = f"""#include "pins.hpp"
        using namespace gauge::pins;
        constexpr std::array kTable{{{table}}};
        static_assert({check}(kTable), "refused");
    """
    said = complaints(2, snippet(tmp_path, code))
    assert said == "" or "static assertion failed: refused" in said, said
    return said != ""


SEED = [
    *(f'"5h", {gpio}, Kind::coil' for gpio in (13, 14, 27, 26)),
    *(f'"tach", {gpio}, Kind::coil' for gpio in (25, 33, 32, 35)),
    *(f'"7d", {gpio}, Kind::coil' for gpio in (34, 39, 36, 22)),
    *(f'"lamp", {gpio}, Kind::lamp' for gpio in (21, 19, 18, 5, 17, 16, 4)),
    '"button", 15, Kind::button',
]
"""The wiring sketch this project began with."""


def test_the_wiring_sketch_is_refused_since_four_of_its_pins_are_inputs_only(tmp_path: Path) -> None:
    assert pins_refuse(tmp_path, "outputs_can_drive", *SEED)


def test_the_wiring_sketch_without_those_four_is_not_refused(tmp_path: Path) -> None:
    usable = [row for row in SEED if not re.search(r" (34|35|36|39),", row)]
    assert len(usable) == len(SEED) - 4
    assert not pins_refuse(tmp_path, "outputs_can_drive", *usable)


@pytest.mark.parametrize(
    ("check", "rows"),
    [
        ("exist", ['"a", 20, Kind::lamp']),
        ("exist", ['"a", 28, Kind::lamp']),
        ("exist", ['"a", 40, Kind::button']),
        ("outputs_can_drive", ['"a", 34, Kind::lamp']),
        ("used_once", ['"a", 4, Kind::lamp', '"b", 4, Kind::coil']),
        ("flash_and_console_are_free", ['"a", 6, Kind::lamp']),
        ("flash_and_console_are_free", ['"a", 11, Kind::lamp']),
        ("flash_and_console_are_free", ['"a", 1, Kind::lamp']),
        ("flash_and_console_are_free", ['"a", 3, Kind::button']),
        ("straps_are_safe", ['"a", 0, Kind::lamp']),
        ("straps_are_safe", ['"a", 2, Kind::coil']),
        ("straps_are_safe", ['"a", 5, Kind::dir']),
        ("straps_are_safe", ['"a", 12, Kind::coil']),
        ("straps_are_safe", ['"a", 15, Kind::step']),
        ("psram_is_free", ['"a", 16, Kind::lamp']),
        ("psram_is_free", ['"a", 17, Kind::lamp']),
        ("light_is_measurable", ['"a", 4, Kind::light_sensor']),
    ],
)
def test_a_pin_that_cannot_do_it_is_refused(tmp_path: Path, check: str, rows: list[str]) -> None:
    assert pins_refuse(tmp_path, check, *rows)


@pytest.mark.parametrize(
    ("check", "rows"),
    [
        ("exist", ['"a", 0, Kind::button', '"b", 39, Kind::button']),
        ("outputs_can_drive", ['"a", 34, Kind::button', '"b", 33, Kind::coil']),
        (
            "straps_are_safe",
            ['"a", 0, Kind::button', '"b", 2, Kind::lamp', '"c", 12, Kind::lamp', '"d", 4, Kind::coil'],
        ),
    ],
)
def test_a_pin_that_can_do_it_is_taken(tmp_path: Path, check: str, rows: list[str]) -> None:
    assert not pins_refuse(tmp_path, check, *rows)


def test_the_quick_build_is_refused_on_a_board_with_psram() -> None:
    assert "PSRAM" in complaints(2, "-DBOARD_HAS_PSRAM", SRC / "lamp_outputs.cpp")


def test_a_socket_takes_what_it_has_room_for_and_nobody_waits(tmp_path: Path) -> None:
    """The two calls on a real socket whose other end reads nothing, then all, then is gone."""
    code = """#include "wire.hpp"
        #include <csignal>
        #include <cstdint>
        #include <cstdio>
        #include <sys/socket.h>
        #include <unistd.h>
        using namespace gauge;
        static std::uint8_t bytes[1 << 16];
        int main() {
          std::signal(SIGPIPE, SIG_IGN);
          int ends[2];
          if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
          if (!wire::has_room(ends[0])) return 2;
          std::size_t all = 0, last = 1;
          while (last != 0) all += last = wire::send_now(ends[0], bytes, sizeof bytes).value();
          if (all == 0 || wire::has_room(ends[0])) return 3;
          while (all > 0) all -= static_cast<std::size_t>(read(ends[1], bytes, sizeof bytes));
          if (!wire::has_room(ends[0]) || wire::send_now(ends[0], bytes, 100) != 100) return 4;
          close(ends[1]);
          if (wire::send_now(ends[0], bytes, 100).has_value()) return 5;
          int others[2];
          if (socketpair(AF_UNIX, SOCK_STREAM, 0, others) != 0) return 7;
          if (wire::receive_now(others[0], bytes, 100) != 0 || write(others[1], "abc", 3) != 3) return 8;
          if (wire::receive_now(others[0], bytes, 100) != 3 || bytes[2] != 'c') return 9;
          close(others[1]);
          if (wire::receive_now(others[0], bytes, 100) != 0 || wire::receive_now(-1, bytes, 1) != 0) return 10;
          return wire::has_room(-1) || wire::send_now(-1, bytes, 1).has_value() ? 6 : 0;
        }
    """
    program = tmp_path / "program"
    command = ["g++", "-std=gnu++17", "-I", SRC, "-isystem", FIRMWARE / "test/stubs", snippet(tmp_path, code)]
    subprocess.run([*command, SRC / "wire.cpp", "-o", program], timeout=WITHIN_S, check=True)
    assert subprocess.run([program], timeout=30, check=False).returncode == 0


def test_crashes_and_brown_outs_are_counted_over_resets_and_not_from_noise_at_power_on(tmp_path: Path) -> None:
    code = """#include "resets.hpp"
        using namespace gauge;
        constexpr Resets noise{0xdeadbeef, 77, 5};
        constexpr Resets one = after_reset(noise, true, false), two = after_reset(one, true, false);
        constexpr Resets three = after_reset(two, true, false);
        static_assert(!safe_mode(after_reset(noise, false, false)) && !safe_mode(one) && !safe_mode(two));
        static_assert(safe_mode(three) && safe_mode(after_reset(three, true, false)));
        static_assert(!safe_mode(after_reset(three, false, false)));

        constexpr Resets low = after_reset(after_reset(two, false, true), false, true);
        static_assert(one.brown_outs == 0 && low.brown_outs == 2 && low.crashes == 0);
        static_assert(after_reset(low, true, false).brown_outs == 2, "a crash, or a restart, forgets none");
        static_assert(after_reset({low.check, low.crashes, 3}, false, false).brown_outs == 0, "spoilt: begins anew");
        static_assert(after_reset({low.check, 1, 2}, true, false).crashes == 1);
    """
    assert complaints(2, snippet(tmp_path, code)) == ""


def test_the_firmware_has_the_publishers_version() -> None:
    found = re.search(r'kVersion\[\] = "(.+)"', (SRC / "version.hpp").read_text())
    assert found
    assert found[1] == __version__


def test_every_tool_and_library_is_pinned() -> None:
    ini = configparser.ConfigParser(inline_comment_prefixes=None, interpolation=None)
    ini.read(FIRMWARE / "platformio.ini")
    wanted = [word for section in ini.values() for word in section.get("lib_deps", "").split()]
    wanted += [section["platform"] for section in ini.values() if "platform" in section]
    assert len(wanted) >= 8
    exact = re.compile(r"@\d[\d.]+$|#[0-9a-f]{40}$|/releases/download/[\d.]+/")
    assert [entry for entry in wanted if not exact.search(entry)] == []
