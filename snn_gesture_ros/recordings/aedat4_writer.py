# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
AEDAT 4 files, without compression, as iniVation's software reads them.

A file is a line of text, a FlatBuffer that describes the streams in XML, and packets, each a
number of its stream, a size and a FlatBuffer. In both kinds a table holds one offset to a vector,
bytes of text or events of 16 bytes, which are laid out as our own:

| bytes | |
| --- | --- |
| 4 | size of all that follows |
| 4 | offset of the table |
| 4 | what it is, IOHE or EVTS |
| 4 + 2 for each field, filled to 4 | which fields the table has, and where |
| 8 | the table: how far back that is, and the offset of the vector |
| 4 | length of the vector |
"""
from pathlib import Path
import struct

import numpy as np

START = b'#!AER-DAT4.0\r\n'
STREAM = 0
LARGEST_PIXELS = 1 << 15
DESCRIPTION = """<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">
<node name="0" path="/mainloop/Recorder/outInfo/0/">
<attr key="compression" type="string">NONE</attr>
<attr key="originalModuleName" type="string">snn_gesture_ros</attr>
<attr key="originalOutputName" type="string">events</attr>
<attr key="typeDescription" type="string">Array of events (polarity ON/OFF).</attr>
<attr key="typeIdentifier" type="string">EVTS</attr>
<node name="info" path="/mainloop/Recorder/outInfo/0/info/">
<attr key="sizeX" type="int">{}</attr>
<attr key="sizeY" type="int">{}</attr>
<attr key="source" type="string">camera</attr>
</node></node></node></dv>"""


class Aedat4Writer:
    """Append packets of one stream of events."""

    def __init__(self, path: Path, width: int, height: int):
        """
        Begin with no event.

        :param width: of the sensor in pixels, like the height.
        :raises ValueError: if the format has no such pixels.
        """
        if max(width, height) > LARGEST_PIXELS:
            raise ValueError(f'{path.name}: AEDAT 4 has no sensors of {width}x{height} pixels')
        text = DESCRIPTION.format(width, height).encode()
        self._file = path.open('wb')
        self._file.write(START + _flat_buffer(b'IOHE', 2, len(text), text + b'\0'))

    def write(self, events: np.ndarray) -> None:
        """Add a packet of EVENT[n]."""
        packet = _flat_buffer(b'EVTS', 0, len(events), events.tobytes())
        self._file.write(struct.pack('<II', STREAM, len(packet)) + packet)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _flat_buffer(identifier: bytes, field: int, length: int, vector: bytes) -> bytes:
    """Return a FlatBuffer with one field that is set, a vector; see the table above."""
    fields = struct.pack('<HH', 6 + 2 * field, 8) + bytes(2 * field) + struct.pack('<H', 4)
    fields += bytes(-len(fields) % 4)
    body = (struct.pack('<I', 8 + len(fields)) + identifier + fields
            + struct.pack('<iII', len(fields), 4, length) + vector)
    body += bytes(-len(body) % 4)
    return struct.pack('<I', len(body)) + body
