"""The contract: keys, topics, messages and scales, each spelled here and nowhere else."""
