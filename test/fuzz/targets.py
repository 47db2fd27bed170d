# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Fuzz targets: all that reads bytes which others wrote, with valid inputs to start from.

A target fails where `check` raises: an error that is not declared, an error text that is not one
line, or a result that cannot be.
"""
import atexit
from functools import partial
import json
from pathlib import Path
import shutil
import struct
import tempfile
from typing import Callable, NamedTuple
import zipfile

from event_files import make_events
import numpy as np
from paths import PROJECT
from snn_gesture_ros.behavior.table import read_table
from snn_gesture_ros.compiled import njit
from snn_gesture_ros.datasets.clip_set import Clip, ClipSet, ClipSetWriter
from snn_gesture_ros.datasets.labeled_recordings import read_table as read_labels, TABLE
from snn_gesture_ros.decision.pipeline import NodeSettings
from snn_gesture_ros.events.cdr import (
    decode_event_array, encode_event_array, encode_event_packet, EventPacketMessage)
from snn_gesture_ros.events.codecs import Decoder, ENCODINGS
from snn_gesture_ros.events.encoders import (
    encode_evt2, encode_evt21, encode_evt3, encode_libcaer, encode_libcaer_cmp, encode_mono)
from snn_gesture_ros.events.event import EVENT_ARRAY_TYPES, EVENT_PACKET_TYPE
from snn_gesture_ros.events.geometry import Geometry
from snn_gesture_ros.events.messages import MessageDecoder
from snn_gesture_ros.events.noise_settings import NoiseSettings
from snn_gesture_ros.events.packet import decode_packet, encode_packet, PACKED_EVENT
from snn_gesture_ros.events.stream import EventStream
from snn_gesture_ros.network.checkpoint import save_checkpoint
from snn_gesture_ros.network.classifier import INITIAL_STATE, SpikingClassifier
from snn_gesture_ros.network.gesture_net import GestureNet
from snn_gesture_ros.network.model_card import ModelCard
from snn_gesture_ros.network.onnx_graph import to_onnx
from snn_gesture_ros.parameters import EVENT_STREAM, GESTURE_CLASSIFIER
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import open_recording
from snn_gesture_ros.recordings.recording import find_sensor_size, UnreadableRecording
from snn_gesture_ros.training.settings import read_config, Settings
from spikingjelly.activation_based.layer import Linear
from spikingjelly.activation_based.model.parametric_lif_net import DVSGestureNet
from spikingjelly.activation_based.neuron import LIFNode
from test_formats_page import npy, READ
import torch

NEXT = b'\xffNEXT'
"""Between the parts of an input: messages, or files of an archive."""
SIZE = 128
EVENTS = make_events(40)
ENCODERS = {'evt2': lambda events, _: encode_evt2(events), 'libcaer': encode_libcaer,
            'evt21': lambda events, _: encode_evt21(events), 'libcaer_cmp': encode_libcaer_cmp,
            'evt3': lambda events, _: encode_evt3(events), 'mono': encode_mono}
RAM = Path('/dev/shm')
CARD = ModelCard(('left', 'right', 'none'), 4, 80.0, 16, 'binary', 'time', 'softmax',
                 {'channels': 4, 'hidden': 8})


class Target(NamedTuple):
    """What reads an input, and inputs that it can read."""

    make_seeds: Callable
    """Returns a list of valid inputs."""
    read: Callable
    """Reads an input, and raises AssertionError if the result cannot be."""
    errors: tuple = (ValueError,)
    """Those that it may raise."""


def check(target: Target, data: bytes) -> None:
    """Read an input; raise what may not be raised."""
    try:
        target.read(data)
    except target.errors as error:
        assert str(error) and str(error).isprintable(), f'not one line: {error!r}'


def folder() -> Path:
    """Return a folder in memory, where there is one, that is removed at the end."""
    path = Path(tempfile.mkdtemp(prefix='fuzz', dir=RAM if RAM.is_dir() else None))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


FOLDER = folder()


def from_file(read, name: str = 'input'):
    """Return what writes an input to a file, and reads that."""
    def read_file(data):
        path = FOLDER / name
        path.write_bytes(data)
        read(path)
    return read_file


# Messages of cameras, and between the nodes.

def packet_seeds():
    """Return messages in each encoding: first whole, then two after another, one lost between."""
    seeds = []
    for encoding, encode in ENCODERS.items():
        first, second = (encode_event_packet(EventPacketMessage(
            5, 'camera', SIZE, SIZE, seq, 0, encoding, False, encode(EVENTS, 0)))
            for seq in (1, 3))
        seeds += [first, first + NEXT + second]
    return seeds


def array_seeds():
    """Return an EventArray."""
    return [encode_event_array(EVENTS, 5, 'camera', SIZE, SIZE)]


@njit()
def are_on_sensor(events, width, height):
    """Return whether the codecs have kept no events that cannot be."""
    for event in events:
        if event.x >= width or event.y >= height or event.p > 1:
            return False
    return True


def read_messages(message_type, data):
    """Decode messages of one topic."""
    decoder = MessageDecoder(message_type)
    for part in data.split(NEXT):
        message = decoder.decode(part)
        assert decoder.lost >= 0 and decoder.out_of_range >= 0
        assert not decoder.numbered or are_on_sensor(message.events, message.width, message.height)


def read_array(data):
    """Decode an EventArray; encoded again, it has the same events."""
    read_messages(EVENT_ARRAY_TYPES[0], data)
    events = decode_event_array(data)
    if len(events) and abs(events['t']).max() < 1 << 50:
        assert (decode_event_array(encode_event_array(events, 0, '', 1, 1)) == events).all()


def read_payloads(encoding, data):
    """Decode the payloads of one camera, with a lost one after the first."""
    decoder = Decoder(encoding, SIZE, SIZE // 2)
    for part in data.split(NEXT):
        events = decoder.decode(np.frombuffer(part, np.uint8), 1 << 60)
        assert len(events) <= 4 * len(part)
        assert are_on_sensor(events, SIZE, SIZE // 2)
        decoder.reset()


def payload_seeds(encoding):
    """Return payloads of one camera."""
    first, second = (ENCODERS[encoding](make_events(40, start_us, seed=start_us), 0).tobytes()
                     for start_us in (0, 10_000))
    return [first, first + NEXT + second]


def read_stream(message_type, data):
    """Turn messages into packets, one each 5 ms; all events are accounted for."""
    stream = EventStream(message_type, Geometry(), NoiseSettings(), batch_us=5000)
    packets = [stream.process_message(part, 5_000_000 * number)
               for number, part in enumerate(data.split(NEXT))]
    for packet in filter(None, [*packets, stream.flush()]):
        read_packet(encode_packet(packet))


def read_packet(data):
    """Decode a packet between the nodes; encoded again, it is the same."""
    packet = decode_packet(data)
    again = decode_packet(encode_packet(packet._replace(frame_id='')))
    assert again[:6] == packet[:6] and (again.events == packet.events).all()


def stream_packet_seeds():
    """Return a packet, and one without events."""
    stream = EventStream(EVENT_ARRAY_TYPES[0], Geometry(), NoiseSettings(False, 0, 0))
    packet = stream.process_message(array_seeds()[0], 0)
    return [encode_packet(packet), encode_packet(packet._replace(events=packet.events[:0]))]


# Recordings.

def recording_seeds(write):
    """Return a file that a format's writer makes."""
    path = folder() / 'seed'
    write(path, make_events(100))
    path, = path.glob('*.db3') if path.is_dir() else [path]
    return [path.read_bytes()]


def read_recording(path):
    """Read all of a recording, its middle, and the size of its sensor."""
    with open_recording(path) as recording:
        facts = gather_facts(recording)
        assert facts.on + facts.off == facts.events
        if not facts.damage and facts.events:
            middle_us = (facts.t_first_us + facts.t_last_us) // 2
            for events in recording.events_from(middle_us, facts.topic):
                assert len(events) >= 0
            width, height = find_sensor_size(recording, facts.topic)
            assert width > 0 and height > 0


def npz_seeds():
    """Return the members of archives."""
    return [NEXT.join(npy(EVENTS[name]) for name in 'txyp')]


def read_npz(data):
    """Read an archive whose check sums are right."""
    path = FOLDER / 'input.npz'
    with zipfile.ZipFile(path, 'w') as archive:
        for name, part in zip('txyp', data.split(NEXT)):
            archive.writestr(f'{name}.npy', part)
    read_recording(path)


# Checkpoints.

def net():
    """Return a small network."""
    torch.manual_seed(0)
    return GestureNet(3, 16, **CARD.architecture)


def safetensors_seeds():
    """Return a checkpoint without the length of its header."""
    path = FOLDER / 'seed.safetensors'
    save_checkpoint(path, net(), CARD)
    data = path.read_bytes()
    length, = struct.unpack_from('<Q', data)
    return [data[8:8 + length] + NEXT + data[8 + length:]]


def read_safetensors(data):
    """Load a checkpoint whose header has the length that it says."""
    header, _, weights = data.partition(NEXT)
    path = FOLDER / 'input.safetensors'
    path.write_bytes(struct.pack('<Q', len(header)) + header + weights)
    read_checkpoint(path)


def read_checkpoint(path):
    """Load a checkpoint, which runs it."""
    classifier = SpikingClassifier(str(path))
    state, = classifier.step([np.ones(classifier.shape, np.uint16)], [INITIAL_STATE])
    assert len(state.scores) == len(classifier.card.labels)


def onnx_seeds():
    """Return an exported checkpoint."""
    return [to_onnx(net(), CARD).SerializeToString()]


def pickle_seeds():
    """Return the pickles of weights of another program: with names of labels, and without."""
    network = DVSGestureNet(1, LIFNode)
    network.conv_fc[-6] = Linear(16, 8, False)
    network.conv_fc[-3] = Linear(8, 110, False)
    seeds = []
    for content in (network.state_dict(), {'net': network.state_dict(), 'labels': ['a'] * 11}):
        torch.save(content, FOLDER / 'seed.pth')
        with zipfile.ZipFile(FOLDER / 'seed.pth') as archive:
            seeds += [archive.read(name) for name in archive.namelist()
                      if name.endswith('data.pkl')]
    return seeds


def read_pickle(data):
    """Load a file of torch with another pickle, and the weights that it had."""
    path = FOLDER / 'input.pth'
    with zipfile.ZipFile(FOLDER / 'seed.pth') as archive, zipfile.ZipFile(path, 'w') as changed:
        for name in archive.namelist():
            changed.writestr(name, data if name.endswith('data.pkl') else archive.read(name))
    read_checkpoint(path)


# Tables and settings.

def read_parameters(data):
    """Make the settings of both nodes of parameters."""
    settings = NodeSettings.of(json_object(data))
    settings.geometry.tables(346, 260)
    settings.slicing.frames(CARD)


def json_object(data):
    """Return a mapping; without one, the input is not that of a target."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    return values if isinstance(values, dict) else {}


def parameter_seeds():
    """Return all parameters of both nodes with their defaults."""
    return [json.dumps({each.name: each.default for each in EVENT_STREAM + GESTURE_CLASSIFIER})
            .encode()]


def read_training(path):
    """Read the settings of a training."""
    Settings.of(read_config(str(path)))


def clip_set_seeds():
    """Return the table of one part of a clip set, whose other files stay."""
    ClipSetWriter(FOLDER / 'clips', {}).write('part', [
        (Clip('wave', 'person', 'recording', 'train', 1000), np.zeros(3, PACKED_EVENT))])
    return [(FOLDER / 'clips' / 'parts' / 'part.json').read_bytes()]


def files(*names):
    """Return what reads files of the project."""
    return lambda: [(PROJECT / name).read_bytes() for name in names]


LABELS = (b'file,start_s,end_s,label,person,split,topic,sensor,rotation,flip_x\r\n'
          b'a.bag,0.5,1.5,wave,Ann,train,/events,346x260,90,true\r\n"b, c.raw",2,,none,,,,,,\r\n')
FORMATS = {name.replace('rosbag2, ', ''): write for name, write in READ.items()}
TARGETS = {
    'EventArray': Target(array_seeds, read_array),
    'EventPacket': Target(packet_seeds, partial(read_messages, EVENT_PACKET_TYPE)),
    **{encoding: Target(partial(payload_seeds, encoding), partial(read_payloads, encoding))
       for encoding in ENCODINGS},
    'packet between the nodes': Target(stream_packet_seeds, read_packet),
    'stream of EventArray': Target(
        array_seeds, partial(read_stream, EVENT_ARRAY_TYPES[0]), errors=()),
    'stream of EventPacket': Target(
        packet_seeds, partial(read_stream, EVENT_PACKET_TYPE), errors=()),
    **{name: Target(partial(recording_seeds, write), from_file(read_recording),
                    (UnreadableRecording,)) for name, write in FORMATS.items()},
    'npz members': Target(npz_seeds, read_npz, (UnreadableRecording,)),
    'labels.csv': Target(lambda: [LABELS], partial(read_labels, Path(TABLE))),
    'clip set': Target(clip_set_seeds, from_file(
        lambda path: ClipSet(FOLDER / 'clips'), 'clips/parts/part.json')),
    'safetensors': Target(safetensors_seeds, read_safetensors),
    'model card': Target(lambda: [CARD.to_json().encode()],
                         lambda data: ModelCard.from_json(data.decode(errors='replace'))),
    'ONNX': Target(onnx_seeds, from_file(read_checkpoint, 'input.onnx')),
    'pickle': Target(pickle_seeds, read_pickle),
    'behavior table': Target(files('config/behavior.yaml'), from_file(read_table, 'a.yaml')),
    'parameters': Target(parameter_seeds, read_parameters),
    'training settings': Target(
        files('config/train_fast.yaml'), from_file(read_training, 'a.yaml')),
}
