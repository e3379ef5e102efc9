"""The names of models, as Claude Code writes them. Pure."""

TEXT_MAX = 64
SYNTHETIC = "<synthetic>"
"""Not a model: the CLI's own note of an API error."""


def family(model: str | None) -> str | None:
    """`claude-opus-5-5[1m]` => `opus`; a family without a lamp keeps its own first word; unknown stays unknown."""
    if not model:
        return None
    words = [word for word in model.lower().split("[")[0].replace("/", "-").split("-") if word]
    for known in ("opus", "sonnet", "haiku"):
        if known in words:
            return known
    named = [word for word in words if word != "claude" and not word[0].isdigit()]
    return (named or words or [model])[0][:TEXT_MAX]
