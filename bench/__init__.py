"""Benchmarks: `python -m bench [speed|stages|fidelity|incremental]`. Figures of one run compare with each other, not with another machine's."""
