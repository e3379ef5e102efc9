"""The TLS context for a broker: always verifying."""

import functools
import ssl
from pathlib import Path

from gauge_mqtt.sinks.mqtt.broker import Broker


def trust(broker: Broker) -> ssl.SSLContext:
    """Always verifying. Made anew when a file was renewed, and only then: it costs 30 ms of CPU."""
    files = (broker.ca_file, broker.cert_file, broker.key_file)
    return _trust(*files, tuple(file.stat().st_mtime_ns for file in files if file is not None))


@functools.lru_cache(maxsize=1)
def _trust(ca: Path | None, cert: Path | None, key: Path | None, _renewed: tuple[int, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    context.sslsocket_class = _TlsSocket
    if ca is not None:
        # From Python 3.13 on "strict" refuses what `openssl req -x509` makes; chain and host name are checked as ever.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket that a failed handshake closes; paho would leave it open."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 (ssl's signature)
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
