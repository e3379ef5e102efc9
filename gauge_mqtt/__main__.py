"""`python -m gauge_mqtt` is `gauge-mqtt`."""

from gauge_mqtt.cli import main

main(prog_name="gauge-mqtt")
