"""One node of the faulty farm: `flatrender node`, whose clock on the wall may be wrong.

`python -m tests.farm_faults.node_main CLOCK_OFFSET_S ARGUMENT…`
"""

import sys
import time

from flatrender.cli import main


def shift_the_wall_clock(seconds: float) -> None:
    """Let everything in this process that asks for the time of day hear another one; what measures durations is left alone."""
    true = time.time
    time.time = lambda: true() + seconds
    true_ns = time.time_ns
    time.time_ns = lambda: true_ns() + int(seconds * 1e9)


if __name__ == "__main__":
    shift_the_wall_clock(float(sys.argv[1]))
    sys.argv = ["flatrender", "node", *sys.argv[2:]]
    main()
