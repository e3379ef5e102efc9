"""The questions of the Grafana page about tokens and costs. How the page looks is kept in its file and edited there.

What recording rules have counted by the minute is read where they told of the whole time range; else the counters are.
PromQL computes both sides of an `or`, so the dearer one must find nothing: the variable `$account`, which Grafana asks
for with each time range, is `rules` or `.*`, and the matcher on a label that no series has lets one side through alone.
"""

import json
from typing import Any

from gauge_mqtt.sources.prometheus import recorded
from gauge_mqtt.sources.prometheus.recorded import BEAT, COUNTED, FINEST, LATE_MS, PRICED

DASHBOARD = "deploy/grafana/dashboards/claude-code.json"
SHOWN = 'host_name=~"$host_name",model=~"$model"'
"""What the reader has chosen to see."""
ACCOUNT, WEEK_ACCOUNT = "account", "account_7d"
NO_LABEL = "counted_by"
KNOWN = "1d"
"""The longest pause after which a counter is not counted anew. Longer costs more."""
TOLD = 0.99
"""The rules count for a time range if they ran in so much of its minutes."""
DAY_S, RETURN_S = 86_400, recorded.RETURN_S + 60
"""What was counted anew after a longer pause is recorded up to `RETURN_S` after it."""


def step(counter: str, chosen: str, ago: str = "$step") -> str:
    """What each series has more than it was last known to have; after a fall, or if nothing is known, its value."""
    series = f"{counter}{{{chosen}}}"
    return f"(({series} - last_over_time({series}[{KNOWN}] offset {ago}) >= 0) or ({series} + 0 >= 0))"


def chosen(more: str = "", account: str = ACCOUNT) -> tuple[str, str]:
    """The matchers of the rules' series and of the counters: one of them lets nothing through."""
    both = ",".join(filter(None, (SHOWN, more)))
    return f'{both},model!="",{NO_LABEL}!~"${account}"', f'{both},{NO_LABEL}=~"${account}"'


def total(counter: str, by: str = "", more: str = "") -> str:
    """Over the time range. What the rules took off in the first minutes of the range was counted before it began, if
    there was not that much in those minutes.
    """
    recorded, counters = chosen(more)
    added, off = (f"{FINEST.metric(counter, what)}{{{recorded}}}" for what in ("increase1m", "returned30m"))
    begin = f"[{RETURN_S}s] @ ${{__from:date:seconds}} offset -{RETURN_S}s"
    early = f"sum_over_time({off}{begin})"
    known_before = f"{early} unless {early} <= sum_over_time({added}{begin})"
    told = (
        f"sum_over_time({added}[$__range] offset -{LATE_MS}ms)"
        f' or label_replace(-sum_over_time({off}[$__range]), "part", "returned", "", "")'
        f' or label_replace({known_before}, "part", "before", "", "")'
    )
    return f"({summed(by, told)} or {summed(by, counted(counter, counters))})"


def bars(counter: str, by: str = "", more: str = "", interval: str = "$__interval", ahead_s: int = 0) -> str:
    """Over each step of a graph. What the rules took off, up to half an hour later, is taken off where it stood."""
    recorded, counters = chosen(more, WEEK_ACCOUNT if ahead_s else ACCOUNT)
    added, off = (f"{FINEST.metric(counter, what)}{{{recorded}}}" for what in ("increase1m", "returned30m"))
    host = ", ".join(filter(None, ("host_name", by)))
    new = f"sum by ({host}) (sum_over_time({added}[{interval}] offset -{1000 * ahead_s + LATE_MS}ms))"
    later = f"sum_over_time({off}[{RETURN_S}s] offset -{ahead_s + RETURN_S}s)"
    within = f"sum_over_time({off}[{interval}]{f' offset -{ahead_s}s' if ahead_s else ''})"
    returned = f'sum by ({host}) ({within} or label_replace({later}, "part", "later", "", ""))'
    told = f"({new} - {returned} >= 0) or {new}"
    grid, ago = ("5m", "5m") if ahead_s else ("$step", "$step")
    anew = f"sum_over_time({step(counter, counters, ago)}[{interval}:{grid}] offset -{ahead_s + 1}s)"
    return f"({summed(by, told)} or {summed(by, anew)})"


def counted(counter: str, matchers: str) -> str:
    return f"sum_over_time({step(counter, matchers)}[$__range:$step] offset -1s)"


def summed(by: str, expression: str) -> str:
    return f"sum{f' by ({by})' if by else ''} ({expression})"


def named(expression: str, label: str, nameless: str) -> str:
    return f'label_replace({expression}, "{label}", "{nameless}", "{label}", "")'


def largest(expression: str) -> str:
    return f"sort_desc({expression})"


def account(span_s: str, span: str) -> str:
    """What `$account` is: a row with the answer as labels. The oldest minute may be cut off."""
    beats = f"max(count_over_time({BEAT}[{span}])) >= {TOLD} * ({span_s} / 60 - 1)"
    rules, counters = (
        f'label_replace(label_replace({rows}, "account", "{value}", "", ""), "said", "{text}", "", "")'
        for rows, value, text in ((beats, "rules", "recording rules"), ("vector(0)", ".*", "the counters"))
    )
    return f"query_result({rules} or on () {counters})"


HITS, ASKED = 'type="cacheRead"', 'type!="output"'
PER_MINUTE, PER_HOUR = "* 60000 / $__interval_ms", "* 3600000 / $__interval_ms"
EXPRESSIONS = {
    "Cost": f"{total(PRICED)} or vector(0)",
    "Tokens": f"{total(COUNTED)} or vector(0)",
    "Cache hit rate": f"{total(COUNTED, more=HITS)} / {total(COUNTED, more=ASKED)}",
    "Tokens per minute by type": f"{bars(COUNTED, 'type')} {PER_MINUTE}",
    "Tokens per minute by model": f"{bars(COUNTED, 'model')} {PER_MINUTE}",
    "Cost per hour by model": f"{bars(PRICED, 'model')} {PER_HOUR}",
    "Cost per day by model": bars(PRICED, "model", interval="1d", ahead_s=DAY_S),
    "Cache hit rate over time": f"{bars(COUNTED, more=HITS)} / ({bars(COUNTED, more=ASKED)} > 0)",
    "Cost by model": largest(total(PRICED, "model")),
    "Tokens by model": largest(total(COUNTED, "model")),
    "Tokens by type": largest(total(COUNTED, "type")),
    "Cost by query source": largest(named(total(PRICED, "query_source"), "query_source", "no source")),
    "Tokens by host": largest(named(total(COUNTED, "host_name"), "host_name", "no host_name")),
    "Cost by host": largest(named(total(PRICED, "host_name"), "host_name", "no host_name")),
}
"""The first question of each panel, by its title."""
VARIABLES = {ACCOUNT: account("$__range_s", "$__range"), WEEK_ACCOUNT: account(str(7 * DAY_S), "7d")}


def dashboard(text: str) -> str:
    """The page with these questions in it. Raises `KeyError` for a panel or variable that is not there."""
    board = json.loads(text)
    panels: dict[str, Any] = {panel.get("title", ""): panel for panel in board["panels"]}
    for title, expression in EXPRESSIONS.items():
        panels[title]["targets"][0]["expr"] = expression
    variables: dict[str, Any] = {variable["name"]: variable for variable in board["templating"]["list"]}
    for name, question in VARIABLES.items():
        variables[name]["query"]["query"] = question
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"
