"""What can go wrong with a broker, in words that say what to do; and how soon each is worth another try."""

import socket
import ssl

from paho.mqtt.reasoncodes import ReasonCode

from gauge_mqtt.contract.certificates import NO_AUTHORITY_HELPS, certificate_trouble
from gauge_mqtt.contract.errors import GaugeError
from gauge_mqtt.sinks.mqtt.broker import Broker
from gauge_mqtt.sinks.mqtt.wire import PacketTooLargeError


class MqttError(GaugeError):
    """Why there is no connection, in words. `pause_s`: the least and the most to wait before the next try."""

    pause_s: tuple[float, float] = (0.5, 3.0)
    setting = "mqtt_url"


class UnreachableError(MqttError):
    """Nobody there, or no answer in time. Back within 5 s of the broker's return."""


class SpeechlessError(UnreachableError):
    """The broker took the connection, but did not answer CONNECT."""


class HungUpError(SpeechlessError):
    """Its answer was to close the connection."""


class VersionError(MqttError):
    """The broker refuses the version of MQTT in so many words."""


class RefusedError(MqttError):
    """Known and turned away: asking at once again would only fill the broker's log."""

    pause_s = (4.0, 8.0)


class LoginError(RefusedError):
    """User name or password are not what the broker wants."""

    setting = "mqtt_username"


class UntrustedError(RefusedError):
    """The broker's certificate was not accepted."""

    setting = "mqtt_ca_file"


class NamesakeError(MqttError):
    """Another client goes by our name, and each connection of one ends that of the other."""

    setting = "instance"
    pause_s = (30.0, 30.0)


VERSION_REFUSED = 0x84
LOGIN_REFUSED = {0x86, 0x87, 0x8C}
"""User name or password, not authorized, authentication method."""
TAKEN_OVER = 0x8E
WITHOUT_RETAIN, WITHOUT_QOS_1 = 0x9A, 0x9B
NEEDED = {
    WITHOUT_RETAIN: "gauge-mqtt needs retained messages, turn them on (mosquitto: retain_available true)",
    WITHOUT_QOS_1: "gauge-mqtt needs QoS 1, allow it (mosquitto: max_qos 1)",
}

BLAMES_NOTHING = {0x89, 0x8B, 0x8D, 0x8E, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F, 0xA0}
"""Reasons of MQTT 5 for an end that have nothing to do with any one packet: busy, shutting down, keep alive, taken
over, rate, quota, an administrator, elsewhere (two), connection rate, the longest time to be connected.
"""
ELSEWHERE = {0x9C, 0x9D}
CURES = NEEDED | {
    0x85: "it takes no client id like ours; a short CLAUDE_GAUGE_INSTANCE of letters and digits makes it plainer",
    0x8A: "ask who runs it to lift the ban",
    0x95: "raise its limit (mosquitto: max_packet_size)",
    0x96: "raise its limit of messages a second for us: at most 4 times a second all that changed, some 20 messages",
    0x97: "raise its quota for us",
    0x98: "somebody or something ended it at the broker, whose log knows more",
    0x9F: "raise its limit of new connections",
}
"""What to do about the reasons that MQTT 5 gives."""


def no_connection(broker: Broker, cause: Exception | None, *, opened: bool) -> MqttError:  # noqa: PLR0911 (one a cause)
    """Why connecting failed, or what ended the connection before the broker's answer."""
    match cause:
        case ssl.SSLCertVerificationError():
            return _untrusted(broker, cause)
        case ssl.SSLError():
            said = cause.reason or cause
            return RefusedError(f"TLS with {broker.url} failed: {said}; is this its TLS port, and are our files right?")
        case socket.gaierror() | UnicodeError():  # the latter: a label of the name is empty, or has over 63 characters
            why = getattr(cause, "strerror", None) or "this is not a host name"
            return UnreachableError(f"no such host: {broker.host} ({why})")
        case ConnectionRefusedError():
            return UnreachableError(f"connection refused by {broker.url}; is the broker running?")
        case TimeoutError():
            return UnreachableError(f"no answer from {broker.url}")
        case OSError() if cause.filename is not None:
            return RefusedError(f"cannot read {cause.filename}: {cause.strerror}")
        case None if opened:
            hint = "does it want a client certificate?" if broker.tls else "is this an MQTT port, and without TLS?"
            return HungUpError(f"{broker.url} hung up before its answer; {hint}")
        case ConnectionResetError() if broker.tls and not opened:
            return UnreachableError(f"{broker.url} hung up during the TLS handshake; is this its TLS port?")
        case OSError():
            return UnreachableError(f"cannot reach {broker.url}: {cause.strerror or cause}")
        case _:
            return SpeechlessError(f"{broker.url} does not speak MQTT as we do; is this an MQTT port?")


def _untrusted(broker: Broker, cause: ssl.SSLCertVerificationError) -> UntrustedError:
    code = cause.verify_code
    names = {"url_setting": "CLAUDE_GAUGE_MQTT_URL", "ca_setting": "CLAUDE_GAUGE_MQTT_CA_FILE"}
    trouble, cure = certificate_trouble(broker.url, code, cause.verify_message, **names)
    return UntrustedError(f"TLS: {trouble}; {cure}", fix=cure if code in NO_AUTHORITY_HELPS else "")


def turned_away(broker: Broker, reason: ReasonCode, elsewhere: str = "") -> MqttError:
    """The words for a CONNACK that says no."""
    if reason.value == VERSION_REFUSED:
        return VersionError(f"{broker.url} refused the version of MQTT")
    cure = _cure(reason, elsewhere)
    if cure:
        return RefusedError(f"{broker.url} refused the connection: {reason}{cure}")
    if reason.value in LOGIN_REFUSED:
        who = f"user {broker.username}" if broker.username else "a client without user name"
        return LoginError(
            f"{broker.url} refused {who}: {reason}; check user name and password, and that the "
            "user may write claude_gauge/<instance>/#"
        )
    return UnreachableError(f"{broker.url} refused the connection: {reason}")


def _cure(reason: ReasonCode, elsewhere: str) -> str:
    if reason.value in ELSEWHERE:
        named = f", {elsewhere}" if elsewhere.isprintable() and elsewhere else ""
        return f"{named}; set CLAUDE_GAUGE_MQTT_URL to that"
    return f"; {CURES[reason.value]}" if reason.value in CURES else ""


def lost(broker: Broker, cause: Exception | None) -> MqttError:
    """The words for a connection that ended without a DISCONNECT."""
    match cause:
        case None:
            return UnreachableError(f"{broker.url} hung up without a word")
        case TimeoutError():
            return UnreachableError(f"{broker.url} does not answer; {cause}")
        case PacketTooLargeError():
            return RefusedError(
                f"{broker.url} sent a packet of {cause.args[0]:,} bytes, which nobody needs; "
                "look for a huge message on a topic that gauge-mqtt reads (homeassistant/status, or one of its own)"
            )
        case OSError():
            return UnreachableError(f"lost the connection to {broker.url}: {cause.strerror or cause}")
        case _:
            return UnreachableError(f"lost the connection to {broker.url}: it sent what is not MQTT; is this a broker?")


def dismissed(broker: Broker, reason: ReasonCode, elsewhere: str = "") -> MqttError:
    """The words for a DISCONNECT sent by the broker (MQTT 5)."""
    if reason.value == TAKEN_OVER:
        return namesake(broker, str(reason))
    return UnreachableError(f"{broker.url} closed the connection: {reason}{_cure(reason, elsewhere)}")


def namesake(broker: Broker, evidence: str) -> NamesakeError:
    return NamesakeError(
        f"another gauge-mqtt with the same instance name is on {broker.url} ({evidence}); "
        "give one of them another CLAUDE_GAUGE_INSTANCE"
    )
