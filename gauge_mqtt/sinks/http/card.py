"""The card for Home Assistant as one module, joined of its parts: so it can be copied, or loaded from elsewhere."""

import re
from collections.abc import Sequence
from pathlib import Path

from gauge_mqtt import __version__

PARTS = ("cluster.js", "home-assistant-entities.js", "home-assistant-card.js")
"""Each imports from those before it only."""
IMPORT = re.compile(r"""^import \{[^}]*\} from "\./[\w-]+\.js";\n""", re.MULTILINE)
HEAD = f"""\
// claude-gauge-card, of gauge-mqtt {__version__}: <claude-gauge-cluster> and custom:claude-gauge-card in one file.
// Made from gauge_mqtt/sinks/http/static by scripts/generate, do not edit.

"""


def card_parts(static: Path) -> list[Path]:
    return [static / part for part in PARTS]


def bundle(texts: Sequence[str]) -> str:
    """One module of these: they see each other's names without their imports."""
    return HEAD + "\n".join(IMPORT.sub("", text) for text in texts)
