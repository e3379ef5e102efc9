"""Insights: what log lines tell, tallied by the user's local day, and the keys made of that."""
