"""Edits of somebody else's JSON: what was not asked for stays to the byte."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gauge_mqtt.app.json_edit import added, members, parsed, without

LINE = {"type": "command", "command": "x"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text().filter(lambda key: key != "statusLine"), JSON, max_size=5),
    st.sampled_from([None, 0, 1, 2, 4, "\t"]),
    st.sampled_from(["ascii", "as it is"]),
    st.sampled_from(["", " ", "\n", "\r\n"]),
)
def test_what_is_added_can_be_taken_out_to_the_byte(
    settings: dict[str, Any], indent: int | str | None, spelling: str, around: str
) -> None:
    text = around + json.dumps(settings, indent=indent, ensure_ascii=spelling == "ascii") + around
    changed, inserted = added(text, "statusLine", LINE)
    assert json.loads(changed) == settings | {"statusLine": LINE}
    assert list(json.loads(changed)) == [*settings, "statusLine"]
    assert changed.replace(inserted, "", 1) == text
    assert json.loads(without(changed, "statusLine")) == settings
    if settings:
        assert without(changed, "statusLine") == text


@given(st.dictionaries(st.text(), JSON, min_size=1, max_size=5), st.sampled_from([None, 2]))
def test_any_member_is_found_and_can_go(settings: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(settings, indent=indent)
    for key, member in members(text).items():
        assert json.loads(text[member.value : member.end]) == settings[key]
        assert json.loads(without(text, key)) == {other: settings[other] for other in settings if other != key}


def test_the_new_member_is_indented_like_the_others() -> None:
    text = '{\r\n\t"model": "opus"\r\n}\r\n'
    assert added(text, "statusLine", LINE)[0] == (
        '{\r\n\t"model": "opus",\r\n\t"statusLine": {\r\n\t\t"type": "command",\r\n\t\t"command": "x"\r\n\t}\r\n}\r\n'
    )
    assert added('{"a":1}', "statusLine", LINE)[0] == '{"a":1, "statusLine": {"type": "command", "command": "x"}}'


def test_of_a_repeated_key_the_last_counts() -> None:
    text = '{"a": 1, "a": 2}'
    assert text[members(text)["a"].value] == "2"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"a": 1,}', '// no\n{"a": 1}', '{"a": NaN}', '{"a": 1} x', "[" * 99_999]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)
