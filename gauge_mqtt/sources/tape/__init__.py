"""Readings that were not taken now: a scripted day to look at, and tapes recorded earlier."""
