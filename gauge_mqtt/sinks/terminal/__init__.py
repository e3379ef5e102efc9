"""The cluster in a terminal: three needles and seven lamps in text, whatever size the window has."""
