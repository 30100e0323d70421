"""Damaged project files: seeded, so that a failure can be made again."""

import random
import re
import struct

_CHUNKS = re.compile(b"LIST|tdsb|cdta|ldta|tdb4|lhd3")


def mutated(data: bytes, seed: int) -> bytes:
    """Return the file with bytes flipped, a part cut off, a chunk's length changed, or a piece doubled, zeroed or swapped."""
    chance = random.Random(seed)
    made = bytearray(data)
    kind = seed % 6
    if kind == 0:
        for _ in range(chance.choice((1, 8, 64, 512))):
            made[chance.randrange(12, len(made))] = chance.randrange(256)
    elif kind == 1:
        del made[chance.randrange(12, len(made)) :]
    elif kind == 2:
        spots = [found.start() for found in _CHUNKS.finditer(data, 12, len(data) - 8)]
        for _ in range(chance.randint(1, 4)):
            length = chance.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, chance.randrange(1 << 16)))
            struct.pack_into(">I", made, chance.choice(spots) + 4, length)
    elif kind == 3:
        start = chance.randrange(12, len(made))
        piece = made[start : start + chance.randrange(4, 4096)]
        made[start:start] = piece
    elif kind == 4:
        start = chance.randrange(12, len(made))
        end = min(len(made), start + chance.randrange(4, 512))
        made[start:end] = bytes(end - start)
    else:
        start = chance.randrange(12, len(made))
        del made[start : start + chance.randrange(1, 64)]
    return bytes(made)
