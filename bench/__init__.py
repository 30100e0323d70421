"""Benchmarks: `python -m bench [TEMPLATE] [--size 1080p]`. Figures of one run compare with each other, not with another machine's."""
