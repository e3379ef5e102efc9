"""Which counters of Claude Code a server has, whether their samples are counters, and what is scraped. Pure text."""

from collections.abc import Iterable

from gauge_mqtt.sources.prometheus.queries import Series, one_of, united

FALLEN_MAX = 5
METRICS = "([a-zA-Z0-9_]+_)?claude_code[_.](token[_.]usage(_tokens)?|cost[_.]usage(_USD|_usd)?)(_total)?"
"""Every spelling of the two counters: through a collector, which may put a namespace before it, through Prometheus' own
receiver, from Claude Code's own exporter, with suffixes turned off, and with its own dots, as VictoriaMetrics keeps it.
"""


def acquaintance(tokens: Series, targets: Iterable[str]) -> str:
    """Whether the server says if the scrape `targets` are up, and how much is not scraped."""
    facts = [("pushed", f"count(last_over_time({tokens.pushed}[1d]))")]
    if some := sorted(targets):
        facts.append(("up", f"count(last_over_time(up{{{one_of('instance', some)}}}[1d]))"))
    return united(facts)


def falls(tokens: Series) -> str:
    """Of what is not scraped, how many hours of series had at least 5 changes, how many of them were falls to a third
    or more, and the end of the last such hour of some sessions. What is scraped is always a counter.
    """
    pushed = tokens.pushed
    lively = f"(changes({pushed}[1h]) >= 5)"
    falling = f"(resets({pushed}[1h]) * 3 >= {lively})"
    last = f"max by ({tokens.label('session_id')}) (max_over_time(({falling} * 0 + time())[1d:1h]))"
    return united(
        [
            ("lively", f"sum(count_over_time({lively}[1d:1h]))"),
            ("falling", f"sum(count_over_time({falling}[1d:1h]))"),
            ("fallen", f"topk({FALLEN_MAX}, {last})"),
        ]
    )


def hour_of(tokens: Series, sessions: Iterable[str]) -> str:
    """The samples of an hour that are told to be increments or counters: of output, as a context grows and grows."""
    return f"{tokens.of(sessions).pushed.main_output}[1h]"


def is_tokens(name: str) -> bool:
    return "token" in name


def cost_of(tokens: str, names: Iterable[str]) -> str | None:
    """The cost metric that takes the same way as a token metric."""
    way = (_way(tokens), "_tokens" in tokens)
    costs = [name for name in names if not is_tokens(name)]
    return next((name for name in costs if (_way(name), "_usd" in name.lower()) == way), None)


def _way(name: str) -> tuple[str, bool, bool]:
    """What comes before it, and how it is spelled."""
    return name.partition("claude_code")[0], "." in name, name.endswith("_total")


def heard_of(name: str, selector: str) -> str:
    """When one was heard of last, within a day."""
    return united([("at", f"max(max_over_time(timestamp({Series(name, selector)})[1d:5m]))")])
