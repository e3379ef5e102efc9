"""A program of a test that is ended, killed or frozen from outside."""

import signal
import subprocess


class Child:
    """What `_child` is, once it has been started."""

    _child: "subprocess.Popen[bytes] | None" = None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)
            self._child.send_signal(how)
            self._child.wait()
            self._child = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        self._child.send_signal(number)
