"""What the ends of connections tell: only a namesake is called one, and what the broker hangs up on is found."""

import pytest

from gauge_mqtt.sinks.mqtt.endings import FORGOTTEN_S, SHORT_LIFE_S, SHORT_LIVES, HangUpWatch, NamesakeWatch, Verdict

SHORT = SHORT_LIFE_S / 2


def test_who_is_thrown_out_again_and_again_says_it_and_then_leaves_room() -> None:
    watch = NamesakeWatch()
    verdicts = [watch.ended(SHORT, hung_up=True, took_everything=True) for _ in range(SHORT_LIVES + 2)]
    assert verdicts == [Verdict.NOTHING] * (SHORT_LIVES - 1) + [Verdict.SAY, Verdict.PAUSE, Verdict.PAUSE]


def test_of_two_both_come_to_say_it_and_then_take_turns() -> None:
    """They throw each other out in turns; the one that pauses gives the other a life of half a minute."""
    first, second = NamesakeWatch(), NamesakeWatch()
    assert first.ended(3600.0, hung_up=True, took_everything=True) is Verdict.NOTHING
    said: dict[str, list[Verdict]] = {"first": [], "second": []}
    for _ in range(SHORT_LIVES):
        said["second"].append(second.ended(SHORT, hung_up=True, took_everything=True))
        said["first"].append(first.ended(SHORT, hung_up=True, took_everything=True))
    assert said["first"][-1] is said["second"][-1] is Verdict.SAY
    assert second.ended(SHORT, hung_up=True, took_everything=True) is Verdict.PAUSE
    assert first.ended(30.0, hung_up=True, took_everything=True) is Verdict.PAUSE


@pytest.mark.parametrize("lived_s", [SHORT_LIFE_S, 3600.0])
def test_a_broker_that_restarts_now_and_then_is_no_namesake(lived_s: float) -> None:
    watch = NamesakeWatch()
    assert {watch.ended(lived_s, hung_up=True, took_everything=True) for _ in range(20)} == {Verdict.NOTHING}


def test_a_broker_that_hangs_up_before_it_took_everything_or_was_away_is_no_namesake() -> None:
    watch = NamesakeWatch()
    assert {watch.ended(SHORT, hung_up=True, took_everything=False) for _ in range(20)} == {Verdict.NOTHING}
    assert {watch.ended(SHORT, hung_up=False, took_everything=True) for _ in range(20)} == {Verdict.NOTHING}
    for _ in range(20):
        assert watch.ended(SHORT, hung_up=True, took_everything=True) is Verdict.NOTHING
        watch.not_connected()


def test_a_namesake_that_is_gone_is_forgotten() -> None:
    watch = NamesakeWatch()
    for _ in range(SHORT_LIVES):
        watch.ended(SHORT, hung_up=True, took_everything=True)
    assert watch.ended(FORGOTTEN_S + 1, hung_up=True, took_everything=True) is Verdict.NOTHING


def test_the_topic_that_ends_the_connection_is_found_by_sending_one_at_a_time() -> None:
    watch = HangUpWatch()
    assert watch.ended(["a", "b", "c"], hung_up=True) is None
    assert watch.one_at_a_time
    assert watch.ended(["b"], hung_up=True) is None, "once may be an accident"
    assert watch.ended(["b"], hung_up=True) == "b"
    assert watch.left_out == {"b"}
    assert watch.ended(["d"], hung_up=True) is None
    assert watch.ended(["d"], hung_up=True) == "d"
    assert watch.left_out == {"b", "d"}


def test_a_broker_killed_at_another_moment_each_time_leaves_nothing_out() -> None:
    watch = HangUpWatch()
    for topics in (["a"], ["b"], ["a"], ["a", "b"], ["a"], [], ["a"]):
        watch.ended(topics, hung_up=True)
    watch.ended(["a"], hung_up=False)
    assert watch.left_out == set()


def test_after_a_restart_of_the_broker_everything_is_tried_again() -> None:
    watch = HangUpWatch()
    for _ in range(2):
        watch.ended(["a"], hung_up=True)
    watch.all_taken()
    assert watch.left_out == {"a"}
    assert not watch.one_at_a_time
    watch.ended([], hung_up=True)
    assert watch.left_out == set()
