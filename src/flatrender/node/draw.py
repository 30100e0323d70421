"""Draw one picture and end: `python -m flatrender.node.draw` takes an order on standard input (msgpack: protocol, task, lottie).

The picture goes to standard output; a failure is one line of JSON (`code`, `detail`) on standard error, with exit code 1.
"""

import sys
import tempfile
from pathlib import Path

import msgspec

from flatrender import protocol
from flatrender.engine.errors import EngineError
from flatrender.engine.raster.pool import WorkerPool
from flatrender.node.drawing import draw, resolved
from flatrender.protocol.work import SegmentTask, StillTask


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be drawn."""

    protocol: int
    task: SegmentTask | StillTask
    lottie: bytes


def main() -> int:
    """Do the order on standard input; return the exit code."""
    try:
        order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
        if order.protocol != protocol.VERSION:
            return _failed("protocol_unsupported", f"the order is of protocol {order.protocol}")
        with WorkerPool(1) as pool, tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "output"
            draw(order.task, resolved(order.task, order.lottie), out, pool=pool, threads=1)
            sys.stdout.buffer.write(out.read_bytes())
            sys.stdout.buffer.flush()
    except EngineError as error:
        return _failed(error.code, str(error))
    except msgspec.MsgspecError as error:
        return _failed("order_invalid", str(error))
    return 0


def _failed(code: str, detail: str) -> int:
    sys.stderr.buffer.write(msgspec.json.encode({"code": code, "detail": detail}) + b"\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
