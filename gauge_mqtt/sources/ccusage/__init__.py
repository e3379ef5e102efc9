"""The windows as ccusage computes them."""
