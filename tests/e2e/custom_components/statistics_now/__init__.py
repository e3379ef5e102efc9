"""Runs in Home Assistant: the service `statistics_now.compile` does what the recorder does every five minutes.

Each call compiles one period more, beginning with the one that is not over yet.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.db_schema import StatisticsRuns
from homeassistant.components.recorder.statistics import get_start_time
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.helpers.recorder import session_scope
from sqlalchemy import func, select

PERIOD = timedelta(minutes=5)


async def async_setup(hass: Any, _config: Any) -> bool:
    """What Home Assistant calls once."""

    def next_period() -> datetime:
        with session_scope(hass=hass, read_only=True) as session:
            last: datetime | None = session.execute(select(func.max(StatisticsRuns.start))).scalar()
        current: datetime = get_start_time() + PERIOD
        return current if last is None else max(current, last.replace(tzinfo=UTC) + PERIOD)

    async def compile_(_call: Any) -> None:
        recorder = get_instance(hass)
        await recorder.async_block_till_done()  # the states so far are in the database
        recorder.queue_task(StatisticsTask(await recorder.async_add_executor_job(next_period), fire_events=False))
        await recorder.async_block_till_done()

    hass.services.async_register("statistics_now", "compile", compile_)
    return True
