"""One server of the faulty farm: the whole platform as `flatrender serve all` runs it, with short chunks, short patience and without demo templates.

`python -m tests.farm_faults.server_main DATA_DIR PORT TEMPLATES`
"""

import functools
import sys
from pathlib import Path

from flatrender.cli import lifeline
from flatrender.host import seeding
from flatrender.host.logs import set_up_logs
from flatrender.host.server import serve
from flatrender.host.settings import Settings
from flatrender.services.render import module as _  # noqa: F401 - whoever names the settings' class for good does so before it is replaced
from flatrender.services.render import settings as render_settings

CHUNK_FRAMES = 3
QUARANTINE_S = 4.0


def main(data_dir: Path, port: int, templates: Path) -> int:
    """Serve until told to stop; return the exit code."""
    lifeline.watch()
    render_settings.RenderSettings = functools.partial(  # type: ignore[misc,assignment]
        render_settings.RenderSettings,
        chunk_frames=CHUNK_FRAMES,
        chunk_lengths=(CHUNK_FRAMES,),
        claim_wait_s=5.0,
        quarantine_after=4,
        quarantine_s=QUARANTINE_S,
    )
    seeding.templates_folder = lambda: templates
    set_up_logs("info")
    return serve("all", Settings(data_dir=data_dir, port=port))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
