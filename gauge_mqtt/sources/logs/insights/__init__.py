"""The insights' side of the session logs: every line once, as rows in a file of counts that is kept by the day."""
