"""Many stills of one project in one launch: each is an item of the render queue of a copy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.aerender.queue import QueueOrder, write_queue
from flatrender.aftereffects.aerender.verdict import sequence_files
from flatrender.engine.ffmpeg import base_arguments, input_file, output_file
from flatrender.engine.process import run

_PICTURE = "still-{index:03d}_[#####].tif"


class StillOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of one composition."""

    comp: str
    frame: int
    """From the composition's start."""


def queue_stills(project: Path, orders: Sequence[StillOrder], folder: Path) -> Arguments:
    """Write a copy of `project` whose render queue holds only these stills, to be put into `folder`; return the arguments that render them all.

    The copy lies beside the project, so that it finds the same footage; `still_file` names what each order leaves. Raises ProjectError
    `composition_unknown` or `project_unsupported`, and RenderError `settings_invalid` for a frame outside the composition.
    """
    copy = project.with_name(f"{project.stem}-stills.aep")
    write_queue(
        project,
        copy,
        [
            QueueOrder(comp=order.comp, first=order.frame, output=str(still_pattern(folder, index)))
            for index, order in enumerate(orders)
        ],
    )
    return Arguments(project=str(copy), sound=False, close="DO_NOT_SAVE_CHANGES")


def still_pattern(folder: Path, index: int) -> Path:
    """Return where the picture of the order with this index goes, as a sequence of one."""
    return folder / _PICTURE.format(index=index)


def still_file(folder: Path, index: int) -> Path | None:
    """Return the picture of the order with this index, once it is there."""
    found = sequence_files(still_pattern(folder, index))
    return found[0] if found else None


def convert_still(made: Path, out: Path, *, width: int, height: int) -> None:
    """Write a TIFF of After Effects as `out`, PNG with its transparency or JPEG over white, scaled to `width` x `height` pixels.

    Raises RenderError `encoder_failed`.
    """
    png = out.suffix.lower() == ".png"
    scaled = f"[0:v]scale={width}:{height}:flags=lanczos,format=rgba"
    chain = (
        scaled
        if png
        else f"color=white:s={width}x{height}[ground];{scaled}[shown];[ground][shown]overlay=format=gbrp:shortest=1"
    )
    codec = ("-c:v", "png") if png else ("-c:v", "mjpeg", "-q:v", "3")
    run(
        [
            *base_arguments(),
            *input_file(made, "tiff_pipe"),
            *("-filter_complex", chain, "-frames:v", "1", *codec, "-f", "image2", "-update", "1"),
            output_file(out.absolute()),
        ],
        what="converting a still",
        code="encoder_failed",
        deadline_s=60,
    )
