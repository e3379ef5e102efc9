"""Families of the ids that Anthropic, clouds and gateways give to models, and what of an id may be shown."""

import pytest

from gauge_mqtt.core.entries import SYNTHETIC
from gauge_mqtt.core.models import family, public_id

ACCOUNT = "123456789012"
PROFILE = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:application-inference-profile/ab12cd34ef56"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-opus-5-5[1m]", "opus"),
        ("claude-3-5-haiku-20241022", "haiku"),
        ("claude-opus-4@20250514", "opus"),
        ("claude-fable-5-2", "fable"),
        ("us.anthropic.claude-fable-5", "fable"),
        ("anthropic.claude-fable-5-v1:0", "fable"),
        ("anthropic/claude-fable-5", "fable"),
        ("vertex_ai/claude-fable-5", "fable"),
        ("claude-sonnet-4-5/thinking", "sonnet"),
        ("Claude Sonnet 4.5", "sonnet"),
        ("claude_opus_5", "opus"),
        ("claude/claude-nova-1", "nova"),
        ("anthropic.claude-v2:1", "claude"),
        ("claude-2.1", "claude"),
        ("haiku:latest", "haiku"),
        ("openai/gpt-5", "gpt"),
        ("GPT 5", "gpt"),
        ("accounts/fireworks/models/kimi-k2", "kimi"),
        ("models/gemini-2.5-pro/", "gemini"),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.anthropic.claude-sonnet-4-v1:0", "sonnet"),
        ("arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-70b-instruct-v1:0", "meta"),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/nova-pro", "nova"),
        (PROFILE, None),
        (f"bedrock/converse/{PROFILE}", None),
        (f"arn:aws-cn:bedrock:cn-north-1:{ACCOUNT}:provisioned-model/x1y2z3", None),
        (f"ARN:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/my-endpoint", None),
        (ACCOUNT, None),
        (f"projects/{ACCOUNT}/locations/eu/endpoints/98765432109876", None),
        ("ft:gpt-4o-2024-08-06:acme-corp::9abcDEF", "gpt"),
        ("openai/ft:gpt-4o:acme-corp::9abcDEF", "gpt"),
        ("arn:", None),
        ("///", None),
        ("", None),
        (None, None),
        ("x" * 300, "x" * 64),
    ],
)
def test_family(model: str | None, expected: str | None) -> None:
    assert family(model) == expected


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("claude-opus-5-5[1m]", "claude-opus-5-5[1m]"),
        ("claude-3-5-haiku-20241022", "claude-3-5-haiku-20241022"),
        ("anthropic/claude-fable-5", "anthropic/claude-fable-5"),
        (PROFILE, "application-inference-profile/ab12cd34ef56"),
        (f"bedrock/{PROFILE}", "application-inference-profile/ab12cd34ef56"),
        (f"bedrock/{ACCOUNT}/claude-opus-5", "bedrock/*/claude-opus-5"),
        ("projects/my-project-77/locations/us/publishers/anthropic/models/claude-x", "claude-x"),
        ("projects/p/models/a/b", "b"),
        ("1234-5678-9012/claude-opus-5", "*/claude-opus-5"),
        ("openai/gpt-4o-2024-08-06", "openai/gpt-4o-2024-08-06"),
        ("ft:gpt-4o-2024-08-06:acme-corp::9abcDEF", "ft:gpt-4o-2024-08-06"),
        ("openai/FT:claude-haiku:acme:mine", "FT:claude-haiku"),
        (f"ARN:aws:bedrock:eu-west-1:{ACCOUNT}:endpoint/mine", "endpoint/mine"),
        (f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:two\nlines", "two\nlines"),
        ("arn:", None),
        (None, None),
        ("x" * 300, "x" * 64),
    ],
)
def test_what_of_an_id_is_shown(model: str | None, shown: str | None) -> None:
    assert public_id(model) == shown


def test_a_note_of_the_cli_is_no_model() -> None:
    assert SYNTHETIC == "<synthetic>"
