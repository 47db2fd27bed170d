# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small download of DVS128 Gesture in its true format."""
import tarfile

from event_files import AEDAT31_HEADER, polarity_packet
import numpy as np
from snn_gesture_ros.events.event import EVENT

TRAIN = ['user01_fluorescent', 'user01_led', 'user22_led']
TEST = ['user24_fluorescent', 'user29_natural']
START_US, TRIAL_US, STEP_US = 80_000_000, 200_000, 250_000
ODD = ['8,82000000,81000000', '12,80000000,80100000', '0,80000000,80100000', 'x,1,2',
       '3,80000000', '', '5,80000000,980000000', '4,99000000,99100000']


def make_events(seed):
    """Make three seconds of an edge that moves over the sensor, with noise around it."""
    rng = np.random.default_rng(seed)
    events = np.zeros(60_000, EVENT)
    events['t'] = START_US + np.sort(rng.integers(0, 3_000_000, len(events)))
    events['x'] = (events['t'] // 10_000 + rng.integers(0, 4, len(events))) % 128
    events['y'] = rng.integers(0, 128, len(events))
    events['p'] = rng.integers(0, 2, len(events))
    return events


def write_download(folder):
    """Write eleven trials a recording, and odd rows in the first."""
    folder.mkdir(parents=True)
    for k, name in enumerate(TRAIN + TEST):
        events = make_events(k)
        (folder / f'{name}.aedat').write_bytes(AEDAT31_HEADER + b''.join(
            polarity_packet(events[i:i + 5000]) for i in range(0, len(events), 5000)))
        rows = [f'{number + 1},{START_US + number * STEP_US},'
                f'{START_US + number * STEP_US + TRIAL_US}' for number in range(11)]
        (folder / f'{name}_labels.csv').write_text('\n'.join(
            ['class,startTime_usec,endTime_usec', *rows, *(ODD if k == 0 else [])]) + '\n')
    for name, listed in (('train', TRAIN), ('test', TEST)):
        (folder / f'trials_to_{name}.txt').write_text(
            ''.join(f'{recording}.aedat\n' for recording in listed))
    return folder


def pack(folder):
    """Pack it as the download is packed: a recording often comes before its labels."""
    path = folder.parent / 'DvsGesture.tar.gz'
    with tarfile.open(path, 'w:gz') as archive:
        archive.add(folder, 'DvsGesture')
    return path
