"""Claude Code's session logs, read by ourselves."""
