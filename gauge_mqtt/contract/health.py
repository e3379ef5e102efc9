"""How the parts of the publisher do: what `/healthz`, `/metrics` and `doctor` are made of. Pure."""

from typing import Literal, NamedTuple


class Health(NamedTuple):
    """How a source or a sink does: `ok`, one line in words, and for a source the seconds since it last looked
    successfully (`None`: never, or not a source).
    """

    ok: bool
    detail: str
    age_s: float | None = None


class Metric(NamedTuple):
    """One number that a source or a sink counts about itself. `labels`: as in Prometheus' text format, in braces."""

    name: str
    kind: Literal["counter", "gauge"]
    about: str
    value: float
    labels: str = ""
