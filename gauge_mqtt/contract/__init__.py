"""The contract: keys, topics, messages and scales, each spelled here and nowhere else."""

from gauge_mqtt.contract.usage import Usage

__all__ = ["Usage"]
