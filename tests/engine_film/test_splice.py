"""Single frames put into a segment: everything else stays, and where pictures stand by themselves not a byte changes."""

from pathlib import Path

import pytest

from flatrender.engine.errors import RenderError
from flatrender.engine.film.packets import (
    broken_frames,
    checksums,
    groups,
    pack_checksums,
    read_segment,
    unpack_checksums,
)
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.splice import ranges, splice_segment
from flatrender.engine.film.strip import read_strip, suspects
from flatrender.engine.kinds import OutputKind
from flatrender.engine.raster.pool import WorkerPool
from tests.engine_film.conftest import as_scene, film_numbers, numbered

FRAMES = 70


@pytest.mark.parametrize("kind", ["mp4_h264", "webm_vp9", "mov_prores_422", "png_frames"])
def test_the_frames_drawn_again_take_their_places_and_all_others_show_what_they_did(
    pool: WorkerPool, tmp_path: Path, kind: OutputKind
) -> None:
    settings = FilmSettings(width=192, height=108, kind=kind, preset="superfast")
    before, again = as_scene(numbered(FRAMES), "s"), as_scene(numbered(FRAMES, base=1000), "t")
    segment, out = tmp_path / f"segment{settings.segment_suffix}", tmp_path / f"out{settings.segment_suffix}"
    render_segment(before, 0, FRAMES - 1, settings, segment, pool=pool)
    redrawn = {}
    for first, last in ((0, 0), (30, 34), (FRAMES - 1, FRAMES - 1)):
        redrawn[first, last] = tmp_path / f"{first}{settings.segment_suffix}"
        render_segment(again, first, last, settings, redrawn[first, last], pool=pool)
    splice_segment(segment, FRAMES, redrawn, settings, out)
    drawn = {frame for first, last in redrawn for frame in range(first, last + 1)}
    assert film_numbers(out) == [frame + 1000 * (frame in drawn) for frame in range(FRAMES)]
    old, new = read_segment(segment, settings), read_segment(out, settings)
    untouched = {
        packet.frame
        for group in groups(old, FRAMES)
        if not drawn & set(range(group.first, group.last + 1))
        for packet in group.packets
    }
    same = {one.frame: one.checksum for one in old}
    assert all(one.checksum == same[one.frame] for one in new if one.frame in untouched)
    if kind in ("mov_prores_422", "png_frames"):
        assert untouched == set(range(FRAMES)) - drawn
    assert suspects(read_strip(out, FRAMES, settings)) is not None


def test_a_changed_packet_breaks_its_group_from_there_on_and_a_lost_file_everything(
    pool: WorkerPool, tmp_path: Path
) -> None:
    settings = FilmSettings(width=192, height=108, preset="superfast")
    segment = tmp_path / "segment.mp4"
    render_segment(as_scene(numbered(FRAMES), "s"), 0, FRAMES - 1, settings, segment, pool=pool)
    packets = read_segment(segment, settings)
    sums = checksums(packets)
    assert unpack_checksums(pack_checksums(sums)) == tuple(sums)
    assert broken_frames(packets, sums, FRAMES) == []
    parts = groups(packets, FRAMES)
    assert len(parts) >= 2
    at = parts[0].last - 1
    changed = [value ^ (number == at) for number, value in enumerate(sums)]
    assert broken_frames(packets, changed, FRAMES) == sorted(packet.frame for packet in parts[0].packets[at:])
    assert broken_frames(packets[: at + 1], sums, FRAMES)[-1] == FRAMES - 1
    assert broken_frames(packets, sums[:-1], FRAMES) == list(range(FRAMES))
    assert broken_frames([], sums, FRAMES) == list(range(FRAMES))
    with pytest.raises(RenderError, match="instead of 71"):
        groups(packets, FRAMES + 1)
    segment.write_bytes(b"no film")
    with pytest.raises(RenderError):
        read_segment(segment, settings)
    with pytest.raises(RenderError):
        read_strip(segment, FRAMES, settings)


def test_numbers_become_runs() -> None:
    assert ranges([7, 3, 4, 4, 9, 8]) == [(3, 4), (7, 9)]
    assert ranges([]) == []
