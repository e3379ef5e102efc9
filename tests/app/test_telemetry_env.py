"""What Claude Code is given to export: each form is read by the program it is for."""

import json
import subprocess
from configparser import ConfigParser

import pytest

from tests.support.program import gauge

WANTED = {
    "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://collector.lan:4318/v1/metrics?a=b%20c",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "cumulative",
    "OTEL_METRIC_EXPORT_INTERVAL": "10000",
    "OTEL_METRICS_INCLUDE_SESSION_ID": "true",
    "OTEL_RESOURCE_ATTRIBUTES": "host.name=my-desk-2",
}
ASKED = ("--endpoint", WANTED["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"], "--host", "my desk, 2")


def test_a_shell_reads_it() -> None:
    printed = gauge("telemetry-env", *ASKED).stdout
    done = subprocess.run(["sh", "-c", f"{printed}\nenv"], env={}, capture_output=True, text=True, check=True)
    found = dict(row.split("=", 1) for row in done.stdout.splitlines())
    assert found | WANTED == found
    assert printed.count("# ") == len(WANTED), "each line has its reason"


def test_systemd_reads_it() -> None:
    unit = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    seen: dict[str, str] = {}
    printed = gauge("telemetry-env", "--form=systemd", *ASKED).stdout
    unit.read_string(printed)
    assert unit.sections() == ["Service"]
    for row in printed.splitlines():
        if row.startswith("Environment="):
            name, value = row.removeprefix("Environment=").split("=", 1)
            seen[name] = value.replace("%%", "%")
    assert seen == WANTED
    assert "%%20" in printed, "a single percent sign would be a specifier"


def test_claude_code_reads_it_from_its_settings() -> None:
    result = gauge("telemetry-env", "--form=settings", *ASKED)
    assert json.loads(result.stdout) == {"env": WANTED}
    assert "beyond repair" in result.stderr, "JSON has no room for the reasons"


@pytest.mark.parametrize(("path", "endpoint"), [
    ("collector", "http://127.0.0.1:4318/v1/metrics"),
    ("prometheus", "http://127.0.0.1:9090/api/v1/otlp/v1/metrics"),
])  # fmt: skip
def test_each_path_has_its_endpoint_on_this_machine(path: str, endpoint: str) -> None:
    assert endpoint in gauge("telemetry-env", f"--path={path}").stdout


@pytest.mark.parametrize(
    ("option", "value"),
    [("--endpoint", ""), ("--endpoint", "host:4318"), ("--endpoint", "http://"), ("--endpoint", "http://x\nexport A=1"),
     ("--endpoint", "http://x/'a'"), ("--host", ""), ("--host", "\n"), ("--host", "\u4e3b\u673a")],
)  # fmt: skip
@pytest.mark.parametrize("form", ["shell", "systemd", "settings"])
def test_what_cannot_be_pasted_is_refused(option: str, value: str, form: str) -> None:
    result = gauge("telemetry-env", f"--form={form}", option, value)
    assert result.exit_code == 2
    assert option in result.stderr
    assert result.stdout == ""
