"""The rules of `test_acl`, on mosquitto 2.1 too: as they are, and by the plugins that 2.1 wants instead of old words.

Debian's 2.1 needs newer libraries than most machines have. They come along, with the loader that knows them; nothing is
installed.
"""

import functools
import os
import subprocess
from pathlib import Path

import pytest

from tests.stack.test_acl import (  # noqa: F401 (its tests are collected here again, with another broker)
    port,
    stack,
    test_each_role_writes_and_reads_what_is_its_own_and_nothing_else,
    test_nobody_comes_in_without_the_password,
    test_what_is_retained_is_there_after_a_restart,
)
from tests.support import stack as compose_stack

SUITE, VERSION = "forky", "2.1."
PLUGINS = r"""
s/^allow_anonymous .*/listener_allow_anonymous false/
s#^password_file \(.*\)#plugin_load passwords PLUGINS/mosquitto_password_file.so\
plugin_opt_password_file \1\
plugin_use passwords#
s#^acl_file \(.*\)#plugin_load rules PLUGINS/mosquitto_acl_file.so\
plugin_opt_acl_file \1\
plugin_use rules#
"""
"""As a sed script: the stack's configuration in the words of 2.1."""


@functools.cache
def home() -> Path | None:
    """mosquitto 2.1 and all it needs, unpacked; `None` where apt cannot fetch it."""
    return compose_stack.debian_packages(SUITE, "mosquitto", dependencies=True)


def program(home: Path, plugins: str = "") -> str:
    """A shell script that starts it; with `plugins`, after the configuration was put into the words of 2.1."""
    libraries = next(home.rglob("libc.so.6")).parent
    (loader,) = libraries.glob("ld-linux*.so.*")
    rewrite = plugins.replace("PLUGINS", str(libraries / "mosquitto"))
    return f"""#!/bin/sh
[ ! -f "$2" ] || sed -i '{rewrite}' "$2"
exec {loader} --library-path {libraries} {home}/usr/sbin/mosquitto "$@"
"""


@pytest.fixture(autouse=True, params=["as it is", "by plugins"])
def _mosquitto_21(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if (there := home()) is None:
        pytest.skip(f"no mosquitto {VERSION}x: Debian's {SUITE} is not to be had here")
    script = tmp_path / "mosquitto"
    script.write_text(program(there, PLUGINS if request.param == "by plugins" else ""))
    script.chmod(0o700)
    monkeypatch.setattr(compose_stack, "mosquitto", lambda: str(script))


def test_this_is_21(tmp_path: Path) -> None:
    said = subprocess.run([tmp_path / "mosquitto", "-h", os.devnull], capture_output=True, text=True, check=False)
    assert f"mosquitto version {VERSION}" in said.stdout
