"""When an answer is awaited, and when it is not."""

from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.core.turns import Step, Turn, settles


def waiting(*steps: Step) -> float | None:
    turn = Turn()
    turn.feed(steps)
    return turn.waiting_since


def test_a_prompt_is_awaited_until_it_is_answered() -> None:
    assert waiting(Step(1, "prompt")) == 1
    assert waiting(Step(1, "prompt"), Step(2, "answer", "m")) is None


def test_a_running_tool_is_not_awaited_but_its_result_is() -> None:
    tool = Step(2, "answer", "m", ("t",))
    assert waiting(Step(1, "prompt"), tool) is None
    assert waiting(Step(1, "prompt"), tool, Step(9, "results", tools=("t",))) == 9


def test_the_first_of_parallel_results_is_not_awaited() -> None:
    """The other tool may run for an hour: nothing is due until the last result is in."""
    tools = (Step(2, "answer", "m", ("a",)), Step(3, "answer", "m", ("b",)))
    assert waiting(*tools, Step(4, "results", tools=("a",))) is None
    assert waiting(*tools, Step(4, "results", tools=("a",)), Step(5, "results", tools=("b",))) == 5


def test_parallel_results_may_come_in_any_order() -> None:
    tools = (Step(2, "answer", "m", ("a",)), Step(3, "answer", "m", ("b",)))
    assert waiting(*tools, Step(4, "results", tools=("b",))) is None
    assert waiting(*tools, Step(4, "results", tools=("b",)), Step(5, "results", tools=("a",))) == 5


def test_results_between_the_lines_of_one_answer() -> None:
    """Claude Code writes a result before the next block of the same answer."""
    steps = (Step(2, "answer", "m", ("a",)), Step(3, "results", tools=("a",)), Step(4, "answer", "m", ("b",)))
    assert waiting(*steps) is None
    assert waiting(*steps, Step(5, "results", tools=("b",))) == 5


def test_a_new_answer_forgets_tools_that_never_came_back() -> None:
    assert (
        waiting(Step(1, "answer", "m", ("lost",)), Step(2, "answer", "n", ("t",)), Step(3, "results", tools=("t",)))
        == 3
    )


def test_an_interrupt_ends_the_wait() -> None:
    assert waiting(Step(1, "prompt"), Step(2, "interrupt")) is None


def test_the_newest_instant_is_kept_whatever_the_order() -> None:
    turn = Turn()
    turn.feed([Step(5, "answer"), Step(3, "prompt")])
    assert turn.newest_at == 5


STEPS = st.lists(
    st.builds(
        Step,
        at=st.integers(0, 9),
        kind=st.sampled_from(["prompt", "results", "answer", "interrupt"]),
        message_id=st.sampled_from([None, "m", "n"]),
        tools=st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
    ),
    max_size=8,
)


@given(STEPS, STEPS)
def test_steps_that_settle_it_make_what_came_before_them_unimportant(before: list[Step], steps: list[Step]) -> None:
    if settles(steps):
        assert waiting(*before, *steps) == waiting(*steps)


def test_results_alone_settle_nothing() -> None:
    assert not settles([Step(1, "answer", "m", ("a",)), Step(2, "results", tools=("a",)), Step(3, "answer", "m")])
    assert settles([Step(1, "answer", "m"), Step(2, "answer", "n")])


def test_a_new_prompt_forgets_tools_that_never_came_back() -> None:
    """After an interrupted tool its id is never answered; the next turn's own tools decide."""
    lost, prompt = Step(1, "answer", "m", ("lost",)), Step(2, "prompt")
    assert waiting(lost, prompt, Step(3, "answer", "m", ("t",)), Step(4, "results", tools=("t",))) == 4


def test_an_interrupt_forgets_tools_that_never_came_back() -> None:
    lost, interrupt = Step(1, "answer", "m", ("lost",)), Step(2, "interrupt")
    assert waiting(lost, interrupt, Step(3, "results", tools=("t",))) == 3


def test_a_prompt_an_interrupt_and_an_answer_without_an_id_each_settle_it() -> None:
    for step in (Step(1, "prompt"), Step(1, "interrupt"), Step(1, "answer")):
        assert settles([step]), step
    assert not settles([Step(1, "answer", "m")])
    assert not settles([])


def test_the_newest_instant_grows_over_several_looks() -> None:
    turn = Turn()
    assert turn.newest_at is None
    for at, newest in ((3.0, 3.0), (2.0, 3.0), (4.0, 4.0)):
        turn.feed([Step(at, "answer", "m")])
        assert turn.newest_at == newest
