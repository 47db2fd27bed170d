# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mutations of valid inputs, for the short part of each fuzz target, without coverage."""
from random import Random

EDGES = (0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 1 << 63, (1 << 64) - 1)
"""Numbers at which formats and types end."""


def mutate(data: bytes, random: Random) -> bytes:
    """Return a valid input with one to four changes."""
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(data) + 1)
        end = place + random.randint(1, 16)
        match random.randrange(6):
            case 0:
                del data[place:end]
            case 1:
                data[place:place] = random.randbytes(end - place)
            case 2:
                data[place:place] = data[:random.randrange(len(data) + 1)][-64:]
            case 3:
                del data[place:]
            case 4:
                size = random.choice((1, 2, 4, 8))
                number = random.choice(EDGES) & (1 << 8 * size) - 1
                data[place:place + size] = number.to_bytes(
                    size, random.choice(('little', 'big')))
            case 5:
                for number in range(place, min(end, len(data))):
                    data[number] ^= 1 << random.randrange(8)
    return bytes(data)
