"""The program `gauge-mqtt`, and `python -m gauge_mqtt`: the command line, imported as fast as it can be, while another
process begins to read the session logs.
"""

import gc
import os
import sys
from collections.abc import Callable

from gauge_mqtt.app import signals  # and no more: until `main` begins, Ctrl-C is a traceback

TRACKED = 20_000
"""So many more objects that may be in a cycle let the garbage collector look for some. At Python's own 700 the reading
of a history, which leaves many objects and no cycles, would spend a fifth of its time there.
"""


def main() -> None:
    """Run the command line. Neither a signal nor an output that cannot be written ends it with a traceback."""
    signals.die_at_once()
    from gauge_mqtt.app import streams  # noqa: PLC0415

    streams.make_usable()
    ahead, command = _imported()
    signals.interrupt()
    code, failure = None, None
    try:
        command(prog_name="gauge-mqtt", obj=ahead)
    except SystemExit as end:
        code = end.code
    except OSError as error:  # writing can fail wherever something is printed
        failure = error
    signals.die_at_once()
    fault = streams.finish()
    if failure and not fault:
        raise failure
    if code == signals.INTERRUPTED:
        signals.die_of_it()
    sys.exit(1 if fault else code)


def _imported() -> tuple[object, Callable[..., object]]:
    """Who reads the logs ahead, if anybody, and the command line. Nothing that is imported is ever garbage, so the
    collector rests meanwhile and never looks at it later.

    pydantic would read the metadata of every installed package to find plug-ins, which nobody has here.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from gauge_mqtt.app import head_start  # noqa: PLC0415

    ahead = head_start.begin(sys.argv[1:], os.environ)
    from gauge_mqtt.app.cli import main as command  # noqa: PLC0415

    gc.freeze()
    gc.set_threshold(TRACKED)
    gc.enable()
    return ahead, command


if __name__ == "__main__":
    main()
