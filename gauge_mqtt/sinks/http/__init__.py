"""The HTTP sink: the snapshot for whoever polls, and `/metrics`."""
