"""The outputs of a film: which there are, which are drawn and which come from the finished film.

Output 0 is the film that was asked for first; the others are the same film as other files. Each drawn output has chunks of its own, because a segment is
drawn and encoded in one go on a node; resolved scenes and sound are shared. Animations (GIF, WebP, APNG) are made from the finished film where nobody
sees the difference: they are encoded in one piece at the end anyway.
"""

from collections.abc import Mapping, Sequence

import msgspec

from flatrender.contracts.render import FilmInput
from flatrender.engine.errors import RenderError
from flatrender.engine.film.settings import FilmSettings
from flatrender.kit.errors import Refused
from flatrender.services.render import errors
from flatrender.services.render.queries.chunks import NewChunk
from flatrender.services.render.queries.jobs import ProfileRow
from flatrender.services.render.service.planning import film_settings, film_size

CHUNKS_OF_OUTPUT = 100_000
"""Chunks of output n are numbered from n times this, so that a number is one chunk of the whole film; `frame_jobs.output_no` is made of it."""
MAX_OUTPUTS = 6
GOOD_CRF = 23
"""A film of at most this, made smaller or turned into an animation, looks as if made from the drawn pictures."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One output that is to be made."""

    number: int
    profile: ProfileRow
    settings: FilmSettings
    derived: bool = False
    """Made from the finished film, not drawn."""


def output_of(chunk_no: int) -> int:
    """Return which output a chunk belongs to."""
    return chunk_no // CHUNKS_OF_OUTPUT


def numbered(chunks: Sequence[NewChunk], number: int) -> list[NewChunk]:
    """Return the chunks of output 0 as those of another."""
    return [
        msgspec.structs.replace(chunk, chunk_no=chunk.chunk_no + number * CHUNKS_OF_OUTPUT) if number else chunk
        for chunk in chunks
    ]


def asked_for(wanted: Sequence[str], known: Mapping[str, object]) -> list[str]:
    """Return the profiles of a film's outputs in order when it can have them. Raises UnknownProfile, and Refused for too many or one that is named twice."""
    if len(wanted) > MAX_OUTPUTS:
        raise Refused(f"a film has at most {MAX_OUTPUTS} outputs, not {len(wanted)}", code="render.too_many_outputs")
    if len(set(wanted)) < len(wanted):
        raise Refused("an output profile is named twice", code="render.output_twice")
    for key in wanted:
        if key not in known:
            raise errors.UnknownProfile(f"there is no profile {key}; there are {', '.join(sorted(known))}")
    return list(wanted)


def settings_for(profile: ProfileRow, film: FilmInput, *, size: tuple[int, int] | None = None) -> FilmSettings:
    """Return how a film is written in a profile, in `size` or the profile's own; raises RenderError `settings_invalid`."""
    width, height = size or film_size(film.width, film.height, profile.max_height)
    return film_settings(profile, width=width, height=height, fps=film.fps)


def to_make(
    wanted: Sequence[tuple[int, str]], profiles: Mapping[str, ProfileRow], film: FilmInput, *, size: tuple[int, int]
) -> tuple[list[Output], dict[int, str]]:
    """Return the outputs of (number, profile), and for those that cannot be made why not. `size` is that of output 0, which was fixed at the press.

    Raises UnknownProfile and RenderError `settings_invalid` when that is output 0.
    """
    made: list[Output] = []
    impossible: dict[int, str] = {}
    for number, key in wanted:
        if key not in profiles:
            if number == 0:
                raise errors.UnknownProfile(f"the profile {key} is gone; choose another")
            impossible[number] = f"the profile {key} is gone"
            continue
        try:
            settings = settings_for(profiles[key], film, size=size if number == 0 else None)
        except RenderError as error:
            if number == 0:
                raise
            impossible[number] = str(error)
            continue
        made.append(Output(number=number, profile=profiles[key], settings=settings))
    first = made[0] if made and made[0].number == 0 else None
    return [
        msgspec.structs.replace(output, derived=first is not None and comes_from(first, output)) for output in made
    ], impossible


def comes_from(film: Output, output: Output) -> bool:
    """Return whether an output is made from the finished film: an animation, opaque, no larger or faster, with the same mark, of a good film."""
    source, made = film.settings, output.settings
    return (
        output.number != film.number
        and made.facts.container in ("gif", "webp", "apng")
        and not made.alpha
        and not source.facts.picture_only
        and not source.alpha
        and made.width <= source.width
        and made.height <= source.height
        and made.rate <= source.rate
        and source.crf <= GOOD_CRF
        and film.profile.watermark == output.profile.watermark
    )
