"""The doctor's checks of Prometheus and of the way from Claude Code to it."""

import shlex

from gauge_mqtt.app.checks import FAULT, Check, fault
from gauge_mqtt.app.settings import Settings
from gauge_mqtt.app.source_set import SourceSet


async def prometheus(settings: Settings, source_set: SourceSet) -> list[Check]:
    """Whether Prometheus answers, and the usual faults on the way from Claude Code to it."""
    source = next((source for source in source_set.sources if source.name == "prometheus"), None)
    if source is None:
        return []
    from gauge_mqtt.sources.prometheus.api import PromError  # noqa: PLC0415, as in source_set
    from gauge_mqtt.sources.prometheus.source import PrometheusSource  # noqa: PLC0415

    assert isinstance(source, PrometheusSource)  # noqa: S101
    failure, found = source.fault, []
    if failure and failure.setting == "prom_selector":  # which it refused, if there is one
        return [fault("prometheus", failure) if settings.prom_selector else _look(failure, source.url)]
    try:
        found = [Check(FAULT if f.bad else "note", f.about, f.fact, f.fix) for f in await source.usual_faults()]
    except PromError as error:
        failure = failure or error
    if failure is None:
        return [Check("ok", "prometheus", source.health.detail), *found]
    if found:
        return [Check(FAULT, "prometheus", str(failure), found[0].fix), *found]
    is_set = failure.setting and getattr(settings, failure.setting, None)
    return [_look(failure, source.url) if is_set and not failure.fix else fault("prometheus", failure)]


def _look(failure: Exception, url: str) -> Check:
    """What to do where the setting in question is set already."""
    return Check(FAULT, "prometheus", str(failure), f"curl -i {shlex.quote(url + '/-/ready')}  (what answers there?)")
