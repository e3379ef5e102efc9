"""The official plan percentages, from what Claude Code itself leaves on this machine. No credential is touched."""
