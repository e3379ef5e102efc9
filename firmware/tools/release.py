"""From what PlatformIO built: a merged image for each build, checksums, and the page that installs from a browser.

    pio run -d firmware -e esp32dev -e esp32dev-stepdir
    npm ci --prefix firmware/docs/web
    python firmware/tools/release.py dist/firmware

Needs esptool. Where each part goes is read from the partition table that was built.
"""

import argparse
import hashlib
import json
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[1]
BUILDS = {"esp32dev": "quick", "esp32dev-stepdir": "recommended"}
"""Environment of platformio.ini -> what the page and the files call it."""
BOOTLOADER, TABLE = 0x1000, 0x8000
"""Where the ESP32's ROM looks for the one, and the boot loader for the other."""
IMPROV_WAIT_S = 10
"""How long the page waits after an installation for the device to say that it takes Wi-Fi settings over USB."""

_ENTRY = struct.Struct("<2sBBII16sI")
_ENTRY_MAGIC, _DIGEST_MAGIC = b"\xaa\x50", b"\xeb\xeb"
_APP, _DATA, _OTA_DATA, _FIRST_SLOT = 0, 1, 0x00, 0x10
_IMAGE_MAGIC = 0xE9


@dataclass(frozen=True, slots=True)
class Partition:
    """Offset and size in bytes."""

    name: str
    kind: tuple[int, int]
    offset: int
    size: int


def partitions(table: bytes) -> list[Partition]:
    """The entries of a built table. `ValueError`: it is none, or its digest does not fit.

    Format: ESP-IDF, "Partition Tables", and its gen_esp32part.py: entries of 32 bytes, then an MD5 of them.
    """
    found: list[Partition] = []
    for at in range(0, len(table), _ENTRY.size):
        entry = table[at : at + _ENTRY.size]
        if entry[:2] == _DIGEST_MAGIC:
            if entry[16:] != hashlib.md5(table[:at], usedforsecurity=False).digest():
                raise ValueError("the partition table does not fit its own digest")
            return found
        if len(entry) < _ENTRY.size or entry[:2] != _ENTRY_MAGIC:
            break
        _, kind, subtype, offset, size, name, _ = _ENTRY.unpack(entry)
        found.append(Partition(name.rstrip(b"\0").decode(), (kind, subtype), offset, size))
    raise ValueError("this is no ESP32 partition table with a digest")


def parts(build: Path, boot_app0: Path) -> dict[int, Path]:
    """Offset -> file. `ValueError`: a part is missing, is no image, or does not fit into its place."""
    table = partitions((build / "partitions.bin").read_bytes())
    room = {partition.kind: partition for partition in table}
    try:
        slot, choice = room[_APP, _FIRST_SLOT], room[_DATA, _OTA_DATA]
    except KeyError:
        raise ValueError("the partition table has no first slot or no place for the choice of slots") from None
    placed = {
        BOOTLOADER: (build / "bootloader.bin", TABLE - BOOTLOADER),
        TABLE: (build / "partitions.bin", 0x1000),
        choice.offset: (boot_app0, choice.size),
        slot.offset: (build / "firmware.bin", slot.size),
    }
    for offset, (path, size) in placed.items():
        content = path.read_bytes()
        if len(content) > size:
            raise ValueError(f"{path.name} has {len(content)} bytes, there is room for {size} at {offset:#x}")
        if offset in {BOOTLOADER, slot.offset} and content[:1] != bytes([_IMAGE_MAGIC]):
            raise ValueError(f"{path.name} is no image for an ESP32")
    return {offset: path for offset, (path, _) in sorted(placed.items())}


def merge(placed: dict[int, Path], into: Path) -> None:
    """One image for offset 0; what is between the parts is 0xff, so installing it forgets the settings."""
    pairs = [word for offset, path in placed.items() for word in (hex(offset), str(path))]
    command = [sys.executable, "-m", "esptool", "--chip", "esp32", "merge-bin", "--output", str(into), *pairs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ValueError(f"esptool does not merge: {done.stdout[-500:]}{done.stderr[-500:]}")


def manifest(version: str, files: dict[int, str]) -> str:
    """For ESP Web Tools. The parts one by one, not merged: an update keeps the settings that lie between them."""
    build = {"chipFamily": "ESP32", "parts": [{"path": path, "offset": offset} for offset, path in files.items()]}
    return json.dumps(
        {
            "name": "claude-gauge",
            "version": version,
            "new_install_prompt_erase": True,
            "new_install_improv_wait_time": IMPROV_WAIT_S,
            "builds": [build],
        },
        indent=2,
    )


def version() -> str:
    found = re.search(r'kVersion\[\] = "([^"]+)"', (FIRMWARE / "src/version.hpp").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("src/version.hpp has no version")
    return found[1]


def release(into: Path, built: Path, boot_app0: Path, installer: Path) -> None:
    """Into an empty or new folder: `*.bin`, `SHA256SUMS`, and `site/`."""
    site = into / "site"
    shutil.copytree(installer, site / "esp-web-tools")
    shutil.copy(FIRMWARE / "docs/web/index.html", site)
    images = []
    for environment, name in BUILDS.items():
        placed = parts(built / environment, boot_app0)
        image = into / f"claude-gauge-{version()}-{name}.bin"
        merge(placed, image)
        images.append(image)
        (site / name).mkdir()
        for path in placed.values():
            shutil.copy(path, site / name)
        files = {offset: f"{name}/{path.name}" for offset, path in placed.items()}
        (site / f"{name}.json").write_text(manifest(version(), files) + "\n", encoding="utf-8")
    sums = [f"{hashlib.sha256(image.read_bytes()).hexdigest()}  {image.name}\n" for image in images]
    (into / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def main() -> int:
    packages = Path.home() / ".platformio/packages/framework-arduinoespressif32/tools/partitions"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("into", type=Path)
    parser.add_argument("--built", type=Path, default=FIRMWARE / ".pio/build", help="PlatformIO's folder of builds")
    parser.add_argument("--boot-app0", type=Path, default=packages / "boot_app0.bin", help="of the Arduino core")
    installer = FIRMWARE / "docs/web/node_modules/esp-web-tools/dist/web"
    parser.add_argument("--installer", type=Path, default=installer, help="the script of ESP Web Tools")
    asked = parser.parse_args()
    try:
        release(asked.into, asked.built, asked.boot_app0, asked.installer)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
