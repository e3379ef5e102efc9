"""The program `gauge-mqtt`, and `python -m gauge_mqtt`: the command line, imported as fast as it can be."""

import gc
import os


def main() -> None:
    """Nothing that is imported is ever garbage, so the collector rests meanwhile and never looks at it later.

    pydantic would read the metadata of every installed package to find plug-ins, which nobody has here.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from gauge_mqtt.app.cli import main as command  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    command(prog_name="gauge-mqtt")


if __name__ == "__main__":
    main()
