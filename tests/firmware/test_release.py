"""What a release of the firmware consists of, made from stand-ins for what PlatformIO builds, by the real esptool."""

import hashlib
import http.server
import json
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

import release
from tests.support.browser import Tab
from tests.support.npm import installed
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "firmware/docs/web"
WORKFLOW = ROOT / ".github/workflows/release.yml"
MIN_SPIFFS = (
    ("nvs", 1, 2, 0x9000, 0x5000),
    ("otadata", 1, 0, 0xE000, 0x2000),
    ("app0", 0, 0x10, 0x10000, 0x1E0000),
    ("app1", 0, 0x11, 0x1F0000, 0x1E0000),
    ("spiffs", 1, 0x82, 0x3D0000, 0x20000),
    ("coredump", 1, 3, 0x3F0000, 0x10000),
)
"""min_spiffs.csv of the Arduino core, as platformio.ini names it."""
Row = tuple[str, int, int, int, int]


def table(rows: tuple[Row, ...] = MIN_SPIFFS) -> bytes:
    entries = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, offset, size, name.encode(), 0)
        for name, kind, subtype, offset, size in rows
    )
    whole = entries + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(entries, usedforsecurity=False).digest()
    return whole.ljust(0xC00, b"\xff")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """PlatformIO's folder of builds, and boot_app0.bin in it."""
    for number, environment in enumerate(release.BUILDS):
        folder = tmp_path / "build" / environment
        folder.mkdir(parents=True)
        (folder / "bootloader.bin").write_bytes(b"\xe9" + bytes([number]) * 17_000)
        (folder / "partitions.bin").write_bytes(table())
        (folder / "firmware.bin").write_bytes(b"\xe9" + bytes([number + 7]) * 900_000)
    (tmp_path / "build/boot_app0.bin").write_bytes(struct.pack("<I", 1).ljust(0x2000, b"\xff"))
    return tmp_path / "build"


def make(built: Path, into: Path) -> subprocess.CompletedProcess[str]:
    installer = installed(WEB, "esp-web-tools") / "esp-web-tools/dist/web"
    command = [sys.executable, "firmware/tools/release.py", str(into), "--built", str(built)]
    command += ["--boot-app0", str(built / "boot_app0.bin"), "--installer", str(installer)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_a_merged_image_has_each_part_at_its_place(built: Path, tmp_path: Path) -> None:
    done = make(built, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    sums = dict(line.split("  ")[::-1] for line in (tmp_path / "out/SHA256SUMS").read_text().splitlines())
    assert len(sums) == len(release.BUILDS)
    for environment, name in release.BUILDS.items():
        image = tmp_path / f"out/claude-gauge-{release.version()}-{name}.bin"
        content = image.read_bytes()
        assert hashlib.sha256(content).hexdigest() == sums[image.name]
        places = {0x1000: "bootloader.bin", 0x8000: "partitions.bin", 0x10000: "firmware.bin"}
        for offset, file in places.items():
            part = (built / environment / file).read_bytes()
            assert content[offset : offset + len(part)] == part, file
        assert content[0xE000:0x10000] == (built / "boot_app0.bin").read_bytes()
        assert set(content[:0x1000] + content[0x9000:0xE000]) == {0xFF}


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """Its address, and what was asked of it."""
    assert make(built, tmp_path / "out").returncode == 0
    asked = list[str]()

    class Served(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            asked.append(f"{self.path} {args[2]}")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=tmp_path / "out/site"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_page_brings_its_installer_and_asks_nobody_else(site: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = site
    with Tab() as tab:
        tab.go(f"{address}/")
        until(lambda: tab.value("Boolean(customElements.get('esp-web-install-button'))"), 30)
        found = "[...document.querySelectorAll('esp-web-install-button')]"
        buttons = tab.value(f"{found}.map(button => button.getAttribute('manifest'))")
        loaded = tab.value("performance.getEntriesByType('resource').map(entry => entry.name)")
        assert tab.value("document.querySelector('esp-web-install-button').hasAttribute('install-supported')")
        assert tab.console == []
    assert loaded
    assert all(name.startswith(address) for name in loaded), loaded
    assert all(line.endswith((" 200", " 304")) for line in asked), asked
    assert buttons == [f"{name}.json" for name in release.BUILDS.values()]
    for name in release.BUILDS.values():
        manifest = json.loads((tmp_path / f"out/site/{name}.json").read_text())
        assert manifest["version"] == release.version()
        assert manifest["new_install_improv_wait_time"] == release.IMPROV_WAIT_S
        (build,) = manifest["builds"]
        assert build["chipFamily"] == "ESP32"
        assert [part["offset"] for part in build["parts"]] == [0x1000, 0x8000, 0xE000, 0x10000]
        assert all((tmp_path / "out/site" / part["path"]).is_file() for part in build["parts"])


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("partitions.bin", b"\xff" * 0xC00, "no ESP32 partition table"),
        ("partitions.bin", table().replace(b"app0", b"appX"), "does not fit its own digest"),
        ("partitions.bin", table(MIN_SPIFFS[:1]), "no first slot"),
        ("firmware.bin", b"\xe9" * 0x1E0001, "there is room for 1966080 at 0x10000"),
        ("bootloader.bin", b"\xe9" * 0x7001, "there is room for 28672 at 0x1000"),
        ("firmware.bin", b"<html>", "no image for an ESP32"),
        ("bootloader.bin", None, "bootloader.bin"),
    ],
)
def test_a_build_that_cannot_start_is_not_released(
    built: Path, tmp_path: Path, file: str, content: bytes | None, said: str
) -> None:
    path = built / "esp32dev-stepdir" / file
    path.unlink() if content is None else path.write_bytes(content)
    done = make(built, tmp_path / "out")
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "out/SHA256SUMS").exists()


def test_the_workflow_is_one_by_githubs_own_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_workflow_uses_what_is_here() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    ran = "\n".join(step.get("run", "") for step in steps)
    for environment in release.BUILDS:
        assert f"-e {environment}" in ran
    assert "firmware/tools/release.py" in ran
    assert all("@" in step["uses"] for step in steps if "uses" in step)
    assert workflow["permissions"] == {"contents": "read"}


def test_what_to_print_is_here_and_unpacks_where_it_is_told_to() -> None:
    (job,) = (job for job in yaml.safe_load(WORKFLOW.read_text())["jobs"].values() if "zip" in str(job))
    ran = "\n".join(step.get("run", "") for step in job["steps"])
    found = re.search(r"^\(cd (\S+) && zip -r (\S+) (.+)\)$", ran, re.MULTILINE)
    assert found
    folder = ROOT / found[1]
    assert (folder / found[2]).resolve() == ROOT / "dist/enclosure.zip"
    packed = found[3].split()
    assert len(packed) == 4
    for name in packed:
        assert ".." not in Path(name).parts
        assert (folder / name).exists(), name
