"""The dashboard against Grafana's own types: `@grafana/schema` of npm, checked by the TypeScript compiler."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.stack.test_dashboard import BOARD, EVERYTHING
from tests.support.npm import installed
from tests.support.stack import ROOT, read_yaml

HERE = Path(__file__).parent / "grafana_schema"
KINDS = {
    "gauge": "GaugePanelCfg", "stat": "StatPanelCfg", "bargauge": "BarGaugePanelCfg", "text": "TextPanelCfg",
    "timeseries": "TimeSeriesPanelCfg", "state-timeline": "StateTimelinePanelCfg",
}  # fmt: skip
OF_PROMETHEUS = {"expr", "titleFormat", "textFormat", "step"}
QUERY = "{ expr: string; legendFormat: string; editorMode: string; instant: boolean; range: boolean } & S.DataQuery"


def module(kind: str) -> str:
    return f"@grafana/schema/dist/types/raw/composable/{kind.replace('-', '')}/panelcfg/x/{KINDS[kind]}_types.gen.d.ts"


def typed(board: Any) -> str:
    """TypeScript that compiles if the board, the options of its panels and their questions are what Grafana says."""
    lines = ['import * as S from "@grafana/schema";']
    lines += [f'import type {{ Options as {KINDS[kind]} }} from "{module(kind)}";' for kind in KINDS]
    # A literal can be of a type whose words are an enum's only by way of that enum's values.
    lines.append("type Plain<T> = T extends string ? `${T}` : T extends (infer I)[] ? Plain<I>[]")
    lines.append("  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;")
    lines.append(f"const board: Plain<S.Dashboard> = {json.dumps(without_prometheus(board))};")
    for number, panel in enumerate(panels(board)):
        if panel["type"] != "row":
            lines.append(f"const o{number}: Plain<{KINDS[panel['type']]}> = {json.dumps(panel['options'])};")
        lines += [
            f"const q{number}{target['refId']}: Plain<{QUERY}> = {json.dumps(target)};"
            for target in panel.get("targets", [])
        ]
    return "\n".join([*lines, "export { board };\n"])


def without_prometheus(board: Any) -> Any:
    """The schema knows nothing of what the data source adds to an annotation."""
    notes = board["annotations"]["list"]
    plain = [{key: value for key, value in note.items() if key not in OF_PROMETHEUS} for note in notes]
    return board | {"annotations": {"list": plain}}


def panels(board: Any) -> list[Any]:
    return [inner for panel in board["panels"] for inner in (panel, *panel.get("panels", []))]


def compiled(board: Any, directory: Path) -> str:
    """What the compiler says against it; nothing if it fits."""
    try:
        modules = installed(HERE, "grafana-schema")
    except RuntimeError as error:
        pytest.skip(str(error))
    directory.mkdir(exist_ok=True)
    (directory / "node_modules").symlink_to(modules)
    (directory / "board.ts").write_text(typed(board))
    command = [shutil.which("node") or "node", str(modules / "typescript/bin/tsc"), "--noEmit", "--strict"]
    flags = ["--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "board.ts"]
    done = subprocess.run([*command, *flags], cwd=directory, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout


def test_the_dashboard_is_what_grafana_takes(tmp_path: Path) -> None:
    assert compiled(BOARD, tmp_path) == ""


def test_a_dashboard_that_is_not_is_refused(tmp_path: Path) -> None:
    broken = json.loads(json.dumps(BOARD))
    gauge = next(panel for panel in broken["panels"] if panel["type"] == "gauge")
    gauge["options"]["showThresholdMarkers"] = "yes"
    broken["graphTooltip"] = "shared"
    broken["panels"][1]["gridPos"].pop("w")
    said = compiled(broken, tmp_path)
    for words in (
        "DashboardCursorSync",
        "Property 'w' is missing",
        "Type 'string' is not assignable to type 'boolean'",
    ):
        assert words in said


def test_it_is_the_release_of_the_stack() -> None:
    image = read_yaml(ROOT / "docker-compose.yml")["services"]["grafana"]["image"]
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]["@grafana/schema"]
    assert image.rpartition(":")[2] == wanted
    assert all(panel["type"] in KINDS or panel["type"] == "row" for panel in EVERYTHING)
