"""The names of models, as Claude Code and gateways write them. Pure."""

import re
from functools import lru_cache

from gauge_mqtt.contract.usage import MODEL_LAMPS

TEXT_MAX = 64
NAMING_ARNS = ("foundation-model", "inference-profile")
"""The resources of Amazon Bedrock whose id is the name of a model. The others have ids of their own making."""
_WORD = re.compile(r"[^\W_]+")
_VERSION = re.compile(r"v?\d+")
_ARN = re.compile(r"\barn:(?:[^:]*:){0,4}(.*)", re.IGNORECASE | re.DOTALL)
"""An Amazon resource name, also behind a gateway's prefix: partition, service, region, account; then the resource."""
_ACCOUNT = re.compile(r"\d{9,}|\b\d{4}-\d{4}-\d{4}\b")
"""Account and project numbers; the dates in names have eight digits."""
_TUNED = re.compile(r"(?:^|/)(ft:[^:/]*):.*", re.IGNORECASE | re.DOTALL)
"""A model that somebody has tuned: `ft:`, the model it was, then their organisation and names of their own."""


@lru_cache
def family(model: str | None) -> str | None:
    """The family in a model's id, in lower case; `None` if the id does not tell.

    It is a family with a lamp if one is named, else the first word behind `claude` that is no version, else the first
    word of the last part of a path. `us.anthropic.claude-opus-5-5-v1:0` => `opus`; `openai/gpt-5` => `gpt`;
    an Amazon resource name of an application profile => `None`.
    """
    if not model:
        return None
    words = _WORD.findall(model.lower())
    if "claude" in words:
        behind = words[words.index("claude") + 1 :]
        words = [word for word in behind if word != "claude" and not _VERSION.fullmatch(word)] or ["claude"]
    else:
        words = _WORD.findall(_own_name(model.lower()))
    known = next((word for word in words if word in MODEL_LAMPS), None)
    found = known or next((word for word in words if word != "ft"), "")
    return found[:TEXT_MAX] if found and not found.isdigit() else None


@lru_cache
def public_id(model: str | None) -> str | None:
    """The id as it may leave the machine: without the account or project that a cloud's resource name begins with."""
    if not model:
        return None
    if arn := _ARN.search(model):
        model = arn[1]
    elif tuned := _TUNED.search(model):
        model = tuned[1]
    elif "projects/" in model.lower():
        model = model.rpartition("/")[2]
    return _ACCOUNT.sub("*", model)[:TEXT_MAX] or None


def _own_name(model: str) -> str:
    """The last part of a path; nothing where an Amazon resource has an id that is no name."""
    if (arn := _ARN.search(model)) and arn[1].partition("/")[0] not in NAMING_ARNS:
        return ""
    return model.rstrip("/").rpartition("/")[2]
