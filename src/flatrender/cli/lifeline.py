"""Ends this process when the one that started it is gone, however that died.

The parent keeps the write end of a pipe open and names the read end in `FLATRENDER_LIFELINE`; when the parent dies, even by SIGKILL, the kernel
closes it and the read returns.
"""

import os
import signal
import threading

VARIABLE = "FLATRENDER_LIFELINE"


def watch() -> None:
    """Start to watch the parent's pipe when there is one: at its end this process gets SIGTERM and stops in order."""
    descriptor = os.environ.pop(VARIABLE, "")
    if not descriptor.isdigit():
        return

    def wait() -> None:
        try:
            while os.read(int(descriptor), 1):
                continue
        except OSError:
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
