"""The snapshot as an object."""

from tests.support.mqtt import usage


def test_a_changed_copy_is_spelled_anew() -> None:
    first = usage(needle_5h=500)
    assert b'"needle_5h":500' in first.to_json()
    assert b'"needle_5h":1000' in first.model_copy(update={"needle_5h": 1000}).to_json()
    assert b'"needle_5h":500' in first.to_json()
