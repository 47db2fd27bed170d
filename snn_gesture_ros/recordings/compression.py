# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of files that are compressed: chunks, packets and messages, unpacked in bounded memory."""

ZSTD, LZ4, BZ2 = 'zstd', 'lz4', 'bz2'
MAX_UNPACKED = 1 << 27
"""Bytes of one part; a few bytes of a hostile file may stand for many times as many."""
STEP_BYTES = 1 << 22
"""Are unpacked at once."""


def unpack(data: bytes, compression: str, is_cut: bool = False) -> bytes:
    """
    Return what a compressed part of a file holds.

    :param compression: ZSTD, LZ4 or BZ2; '' or 'none' for data that is not compressed.
    :param is_cut: whether the end may be missing.
    :raises ValueError: if the data is damaged, the compression unknown or MAX_UNPACKED exceeded.
    :raises ImportError: if the library is not installed.
    """
    if compression in ('', 'none'):
        return data
    parts, size = [], 0
    try:
        for part in _steps(data, compression, is_cut):
            size += len(part)
            if size > MAX_UNPACKED:
                raise ValueError(f'it holds more than {MAX_UNPACKED >> 20} MB, compressed to '
                                 f'{len(data)} bytes')
            parts.append(part)
    except (ImportError, ValueError):
        raise
    except Exception as error:      # each library has its own
        if not is_cut:
            raise ValueError(f'it cannot be unpacked by {compression}: {error}') from None
    return b''.join(parts)


def _steps(data, compression, is_cut):
    """Yield what is unpacked, STEP_BYTES or less at once."""
    if compression == ZSTD:
        import zstandard
        reader = zstandard.ZstdDecompressor().stream_reader(data)
        while part := reader.read(STEP_BYTES):
            yield part
        return
    if compression == LZ4:
        from lz4.frame import LZ4FrameDecompressor as Decompressor
    elif compression == BZ2:
        from bz2 import BZ2Decompressor as Decompressor
    else:
        raise ValueError(f'the compression {compression} is unknown')
    decompressor = Decompressor()
    part = decompressor.decompress(data, STEP_BYTES)
    while not decompressor.eof and not decompressor.needs_input:
        yield part
        part = decompressor.decompress(b'', STEP_BYTES)
    yield part
    if not decompressor.eof and not is_cut:
        raise ValueError(f'it ends within what is compressed by {compression}')
