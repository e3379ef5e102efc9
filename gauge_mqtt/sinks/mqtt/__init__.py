"""The MQTT sink: retained topics on the owner's broker, and the embedded broker where there is none."""
