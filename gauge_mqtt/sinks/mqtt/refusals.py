"""Why the broker has not got a message, and what its owner can do about it."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from gauge_mqtt.contract.topics import Topics
from gauge_mqtt.sinks.mqtt.broker import Broker


class Refusal(NamedTuple):
    """`refused`: by the broker. `too_large`, `ends_connection`: not even sent. `why`: may be empty."""

    kind: Literal["refused", "too_large", "ends_connection"]
    why: str


DONE = {
    "refused": "broker refused",
    "too_large": "too large for the broker and left out:",
    "ends_connection": "broker hangs up on, and so left out:",
}


def told(refusals: Mapping[str, Refusal], topics: Topics, broker: Broker) -> str:
    """All of them in words, a sentence for each kind and cure. `refusals`: topic or filter -> refusal."""
    who = f"user {broker.username}" if broker.username else "clients without user name"
    published = {topic: refusal for topic, refusal in refusals.items() if topic != topics.birth}
    give = f"give {who} write access to {topics.base}/# and {topics.discovery}"
    cures = {
        "refused": give,
        "too_large": "raise its limit (mosquitto: max_packet_size)",
        "ends_connection": f"{give}, or raise its limit for packets",
    }
    if topics.discovery in published and published[topics.discovery].kind == "too_large":
        cures["too_large"] += ", or see `gauge-mqtt homeassistant package`"
    sentences = []
    for kind, done in DONE.items():
        if names := [topic for topic, refusal in published.items() if refusal.kind == kind]:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            why = published[names[0]].why
            sentences.append(f"{done} publish to {names[0]}{more}{why and f': {why}'}; {cures[kind]}")
    if (birth := refusals.get(topics.birth)) is not None:
        sentences.append(
            f"{DONE[birth.kind]} the subscription to {topics.birth}{birth.why and f': {birth.why}'}; "
            f"give {who} read access to it, or restarts of Home Assistant go unnoticed"
        )
    return "; ".join(sentences)
