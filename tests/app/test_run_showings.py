"""How soon `gauge-mqtt run` shows a line with tokens, whatever else is written. `test_board` has the exact times, by a
clock of its own; this is the real program, on a machine that may be busy.
"""

import time
from pathlib import Path

from gauge_mqtt.app.showings import BURST, INTERVAL_S
from tests.support.brokers import Mosquitto, RecordingClient
from tests.support.lines import answer, line, prompt, results
from tests.support.program import TOKENS, Daemon, url, write_log
from tests.support.waiting import Stopwatch, until

WEEK_TOKENS = "claude_gauge/lab/window_7d_tokens"
WAITED_S = 0.6
"""Without the spacing of the slots an answer waited for 0.85 s. The program's own time, and the middle one of seven."""


def append(path: Path, content: bytes) -> None:
    with path.open("ab", buffering=0) as log:
        log.write(content)


def test_an_answer_does_not_wait_for_what_prompts_subagents_and_tools_wrote_before_it(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    main, known, took = write_log(), TOKENS, []
    other, agent = main.with_name("two.jsonl"), main.parent / "one/subagents/agent-1.jsonl"
    agent.parent.mkdir(parents=True)
    with RecordingClient(mosquitto.port, WEEK_TOKENS) as client, Daemon("--mqtt-url", url(mosquitto)) as daemon:
        until(lambda: client.latest.get(WEEK_TOKENS) == str(known).encode())
        append(other, line(prompt(time.time())))
        append(agent, line(prompt(time.time(), isSidechain=True)))
        time.sleep(1.5)
        for _ in range(7):
            for path in (main, other, agent, main, other):
                append(path, line(prompt(time.time())) + line(results(time.time(), "toolu_1")))
                time.sleep(0.02)
            known += 1000
            watch = Stopwatch(daemon.child.pid)
            append(main, line(answer(time.time(), 1000)))
            until(lambda known=known: client.latest[WEEK_TOKENS] == str(known).encode())
            took.append(watch.seconds)
            time.sleep(0.5)
    assert sorted(took)[len(took) // 2] < WAITED_S, took


def test_steady_traffic_is_shown_four_times_a_second_at_most_and_to_its_last_line(mosquitto: Mosquitto) -> None:
    mosquitto.start()
    path, rate, seconds = write_log(), 30, 5
    with RecordingClient(mosquitto.port, WEEK_TOKENS) as client, Daemon("--mqtt-url", url(mosquitto)):
        until(lambda: client.latest.get(WEEK_TOKENS) == str(TOKENS).encode())
        before, started = len(client.messages), time.monotonic()
        for number in range(rate * seconds):
            time.sleep(max(0.0, started + number / rate - time.monotonic()))
            append(path, line(answer(time.time(), 1000)))
        until(lambda: client.latest[WEEK_TOKENS] == str(TOKENS + 1000 * rate * seconds).encode())
        took, shown = time.monotonic() - started, len(client.messages) - before
    assert seconds <= shown <= BURST + took / INTERVAL_S + 1
