"""How the machine is: one sample with each full heartbeat."""

import contextlib
import shutil
import time
from pathlib import Path

import psutil

from flatrender.protocol.heartbeat import Health


class HealthSampler:
    """Takes samples; what is counted (bytes of disk and network) is told as a rate since the sample before."""

    def __init__(self, folder: Path) -> None:
        """Prepare to watch the machine and the disk that holds `folder`."""
        self._folder = folder
        self._at = time.monotonic()
        self._counts = _counts()
        psutil.cpu_percent()  # the first call has nothing to compare with

    def sample(self) -> Health:
        """Return how the machine is at this moment."""
        now, counts = time.monotonic(), _counts()
        elapsed = max(now - self._at, 0.001)
        rates = [
            None if new is None or old is None or new < old else round((new - old) / elapsed)
            for new, old in zip(counts, self._counts, strict=True)
        ]
        self._at, self._counts = now, counts
        rss = 0
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                rss += process.memory_info().rss
        return Health(
            cpu_pct=psutil.cpu_percent(),
            mem_used_bytes=psutil.virtual_memory().used,
            disk_free_bytes=shutil.disk_usage(self._folder).free,
            load1=psutil.getloadavg()[0],
            engine_rss_bytes=rss,
            disk_write_bps=rates[0],
            net_rx_bps=rates[1],
            net_tx_bps=rates[2],
            clock_s=time.time(),
        )


def _counts() -> tuple[int | None, int | None, int | None]:
    """Return bytes written to disks, received and sent since the machine started; None where the machine does not say."""
    disk = network = None
    # containers without /proc/diskstats, machines without a network card
    with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
        disk = psutil.disk_io_counters()
    with contextlib.suppress(OSError, RuntimeError, NotImplementedError):
        network = psutil.net_io_counters()
    return (
        disk.write_bytes if disk else None,
        network.bytes_recv if network else None,
        network.bytes_sent if network else None,
    )
