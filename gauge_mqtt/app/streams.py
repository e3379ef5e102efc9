"""Standard input, output and error, in whatever state the parent left them."""

import contextlib
import io
import os
import sys
from typing import Any


class _Output(io.FileIO):
    """A descriptor that remembers why it could not be written. Many places print, and none of them could tell."""

    fault: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.fault = error
            raise


_outputs: dict[str, _Output] = {}


def make_usable() -> None:
    """Closed streams become the null device; a character that the terminal's encoding lacks is written as its number.

    Daemons start programs with closed streams. Python then has `None` in their place, and the next file or socket that
    is opened would get their number.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115, PTH123 (for as long as the program runs)
    for number, name in ((1, "stdout"), (2, "stderr")):
        before = getattr(sys, name)
        output = _Output(number if before else os.open(os.devnull, os.O_WRONLY), "w", closefd=False)
        encoding, lines = (before.encoding, before.line_buffering) if before else ("utf-8", False)
        text = io.TextIOWrapper(io.BufferedWriter(output), encoding, "backslashreplace", line_buffering=lines)
        setattr(sys, name, text)
        _outputs[name] = output


def finish() -> OSError | None:
    """Write what is left, and return why standard output or else standard error took less than all: a full device, a
    terminal that is gone, or a reader that has seen enough, which is no reason to complain.

    What they did not take is dropped, since Python would try again at its end and complain in its own way.
    """
    faults = [_fault_of(name) for name in _outputs]
    if faults[0] and not isinstance(faults[0], BrokenPipeError):
        with contextlib.suppress(OSError):
            sys.stderr.write(f"Error: the output cannot be written: {faults[0].strerror}\n")
    _fault_of("stderr")
    return next(filter(None, faults), None)


def _fault_of(name: str) -> OSError | None:
    output = _outputs[name]
    try:
        getattr(sys, name).flush()
    except OSError as error:
        output.fault = error
    if output.fault:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, output.fileno())
        os.close(null)
    return output.fault
