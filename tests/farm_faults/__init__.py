"""The farm as real processes under faults: killed, stopped, cut off, out of space, with wrong clocks, while films run and people interfere."""
