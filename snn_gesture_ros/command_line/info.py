# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `info`: show the facts of a recording, frames, a checkpoint or a clip set."""
from dataclasses import asdict
import json
from pathlib import Path
import sys

from snn_gesture_ros.command_line.options import add_file_options, add_stream_option, open_given
from snn_gesture_ros.command_line.terminal import open_and_follow
from snn_gesture_ros.datasets.clip_set import ClipSet, count_clips, DESCRIPTION_FILE, summarize
from snn_gesture_ros.datasets.dvs128_gesture import Download, is_download
from snn_gesture_ros.evaluation.sources import find_sources, Labels
from snn_gesture_ros.events.timeline import SLACK_US
from snn_gesture_ros.frames.integration import holds_frames, summarize_frames
from snn_gesture_ros.network.checkpoint_files import is_checkpoint, shipped_models
from snn_gesture_ros.recordings.facts import gather_facts
from snn_gesture_ros.recordings.opening import FORMATS
from snn_gesture_ros.recordings.recording import UnreadableRecording

EXAMPLE = 'snn-gesture info my_bag --topic /event_camera/events'
JSON_ONLY = ('confusion', 'settings')
"""Facts of a training that only JSON contains."""


def add_arguments(parser) -> None:
    """Declare the arguments."""
    parser.add_argument('file', metavar='FILE',
                        help=f'recording ({FORMATS}); npz with frames; checkpoint, or name of a '
                             f'shipped model ({", ".join(shipped_models())}); clip set; '
                             'DvsGesture.tar.gz or its folder')
    add_stream_option(parser)
    add_file_options(parser)
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def run(arguments) -> int:
    """
    Find out by its content what the file is, and print its facts.

    :raises ValueError: if it cannot be read to its end, after what can be read is printed.
    """
    path = Path(arguments.file)
    if arguments.file in shipped_models() and not path.exists():
        return show_checkpoint(arguments.file, arguments.json)
    if (path / DESCRIPTION_FILE).exists():
        return show_clip_set(path, arguments.json)
    if is_download(path):
        return show_download(path, arguments.json)
    if path.is_file() and is_checkpoint(path):
        return show_checkpoint(str(path.resolve()), arguments.json)
    if holds_frames(path):
        return show_frames(path, arguments.json)
    return show_recording(arguments)


def show_recording(arguments) -> int:
    """
    Read a recording to its end and print its facts.

    :raises UnreadableRecording: if it is damaged, or one of several cameras must be chosen, after
        what is known is printed.
    """
    with open_given(arguments.file, arguments) as recording:
        topics = [{'topic': topic, 'type': message_type, 'messages': count}
                  for topic, (message_type, count) in sorted(recording.contents.items())]
        if arguments.topic is None and len(recording.topics) > 1:
            print(json.dumps({'format': recording.file_format, 'topics': topics}, indent=2)
                  if arguments.json else as_list(topics))
        facts = gather_facts(recording, arguments.topic)
    labels = labels_of(Path(arguments.file), facts)
    if arguments.json:
        print(json.dumps({'format': recording.file_format, **asdict(facts), 'topics': topics,
                          'streams': list(recording.streams), 'labels': labels,
                          'notes': recording.notes}, indent=2))
    else:
        print(as_table(recording.file_format, facts))
        others = [each for each in topics if each['topic'] != facts.topic]
        print(as_list(others), end='\n' if others else '')
        for stream in recording.streams if facts.topic else ():
            if stream != facts.topic:
                print(f'{"other stream":<12} {stream}')
        for each in labels:
            end = 'the end' if each['end_s'] is None else f'{each["end_s"]:.3f} s'
            print(f'{"label":<12} {each["start_s"]:.3f} s to {end}: {each["label"]}')
    for note in recording.notes:
        print(note, file=sys.stderr)
    if facts.damage:
        raise UnreadableRecording(facts.damage)
    return 0


def as_list(topics: list) -> str:
    """Return a line for each topic."""
    return '\n'.join(
        f'{"topic":<12} {each["topic"]}: {each["type"]}, '
        f'{"unknown" if each["messages"] is None else each["messages"]} messages'
        for each in topics)


def labels_of(path: Path, facts) -> list:
    """Return the labels of a recording, as `evaluate` finds them; print why a table is damaged."""
    try:
        sources, _ = find_sources([path], Labels())
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return []
    labels = []
    for source in sources:
        if source.path != path or source.topic not in (None, facts.topic):
            continue
        zero_us = facts.t_first_us or 0 if source.camera_time else 0
        labels += [{'start_s': (part.start_us - zero_us) / 1e6, 'label': part.label,
                    'end_s': None if part.end_us is None else (part.end_us - zero_us) / 1e6}
                   for part in source.parts]
        for note in source.notes:
            print(note, file=sys.stderr)
    return labels


def show_frames(path: Path, as_json: bool) -> int:
    """
    Print the facts of a file of frames.

    :raises ValueError: if it is damaged.
    """
    facts = {'format': 'frames', **summarize_frames(path)}
    print(json.dumps(facts, indent=2) if as_json else
          '\n'.join(f'{name:<16} {brief(value)}' for name, value in facts.items()))
    return 0


def show_clip_set(folder: Path, as_json: bool) -> int:
    """
    Print the number of clips of a set by label and split.

    :raises ValueError: if it is damaged or empty.
    """
    clips = ClipSet(folder)
    if as_json:
        print(json.dumps({'format': 'clip set', **count_clips(clips.clips),
                          'descriptions': clips.descriptions}, indent=2))
        return 0
    made = {'format': 'clip set', **clips.descriptions[0]}
    print('\n'.join(f'{name:<14} {brief(value)}' for name, value in made.items()), end='\n\n')
    print(summarize(clips.clips))
    return 0


def show_download(path: Path, as_json: bool) -> int:
    """
    Print the number of trials in the download of DVS128 Gesture, and what is missing.

    :raises ValueError: if it is damaged.
    """
    download = Download(path, open_file=open_and_follow)
    missing = [*download.faults, *(note for odd in download.odd.values() for note in odd)]
    if as_json:
        print(json.dumps({'format': 'DVS128 Gesture', **count_clips(download.clips()),
                          'recordings': len(download.trials), 'notes': missing}, indent=2))
        return 0
    print(f'format         DVS128 Gesture\nrecordings     {len(download.trials)}\n')
    print(summarize(download.clips()))
    for note in missing:
        print(note, file=sys.stderr)
    return 0


def show_checkpoint(name: str, as_json: bool) -> int:
    """
    Print the model card of a checkpoint.

    :raises ValueError: if it is damaged or contains another network.
    """
    from snn_gesture_ros.network.model_facts import gather_model_facts
    facts = gather_model_facts(name)
    print(json.dumps(facts, indent=2) if as_json else as_model_card(facts))
    return 0


def as_model_card(facts: dict) -> str:
    """Return the facts of a checkpoint, a line each with name and value."""
    frame = {'binary': 'a pixel fired or not', 'count': 'how often a pixel fired'}
    window = (f'{facts["window_ms"]:g} ms, sliced by time' if facts['slicing'] == 'time'
              else f'{facts["window_events"]} events (about {facts["window_ms"]:g} ms), '
                   'sliced by count')
    rows = [
        ('model', f'{facts["file"]} ({facts["format"]}, {facts["file_bytes"] / 1e6:.2f} MB)'),
        ('license', facts['license']),
        ('labels', brief(facts['labels'])),
        ('window', f'{window} into {facts["time_steps"]} frames'),
        ('frame', f'{facts["size"]}x{facts["size"]} pixels, OFF and ON; {facts["frame_value"]}: '
                  f'{frame[facts["frame_value"]]}'),
        ('readout', facts['readout'] + (f', the latest {facts["readout_steps"]:g} steps weigh most'
                                        if facts['readout_steps'] else '')),
        ('architecture', brief(facts['architecture'])),
    ]
    if 'parameters' in facts:
        rows.append(('parameters', f'{facts["parameters"]:,}'))
    lines = [f'{name:<14} {value}' for name, value in rows]
    return '\n'.join([*lines, '', 'training', *indented(facts['training']), '',
                      'never trained on', *(f'  {what}' for what in facts['never_tried_on'])])


def indented(values: dict, depth: int = 1):
    """Yield a line for each value, nested ones indented; without those that are JSON_ONLY."""
    for name, value in values.items():
        if name in JSON_ONLY:
            continue
        if isinstance(value, dict):
            yield f'{"  " * depth}{name}'
            yield from indented(value, depth + 1)
        elif name == 'sets' and isinstance(value, list):
            yield f'{"  " * depth}{name}'
            yield from (f'{"  " * (depth + 1)}{brief(each)}' for each in value)
        else:
            yield f'{"  " * depth}{name:<28} {brief(value)}'


def brief(value) -> str:
    """Return a value as one line of text."""
    if isinstance(value, dict):
        return ', '.join(f'{name} {part}' for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ', '.join(map(str, value))
    return str(value)


def as_table(file_format, facts) -> str:
    """Return the known facts of a recording, a line each with name and value."""
    rows = [('format', file_format), ('topic' if facts.message_type else 'stream', facts.topic),
            ('type', facts.message_type), ('encoding', facts.encoding)]
    if facts.width is not None:
        rows.append(('sensor', f'{facts.width} x {facts.height} pixels'))
    rows.append(('events', f'{facts.events} ({facts.on} ON, {facts.off} OFF)'))
    if facts.out_of_range:
        rows.append(('dropped', f'{facts.out_of_range} events outside the sensor'))
    rows.append(
        ('triggers', f'{facts.triggers_rising} rising, {facts.triggers_falling} falling'))
    if facts.events:
        rows.append(('camera time', f'{facts.t_first_us} to {facts.t_last_us} us'))
        rows.append(('duration', f'{facts.duration_s:.6f} s'))
    if facts.rate_eps is not None:
        rows.append(('rate', f'{facts.rate_eps:.0f} events/s, '
                             f'{facts.peak_rate_eps:.0f} in the busiest 10 ms'))
    if facts.longest_gap_at_s is not None:
        rows.append(('longest gap', f'{facts.longest_gap_s:.6f} s, after '
                                    f'{facts.longest_gap_at_s:.6f} s'))
    if facts.restarts:
        rows.append(('restarts', f'{facts.restarts} times the camera time jumps back by more than '
                                 f'{SLACK_US / 1e6:g} s'))
    if facts.messages is not None:
        lost = '' if facts.lost is None else f'{facts.lost} lost, '
        rows.append(('messages', f'{facts.messages} ({lost}{facts.malformed} malformed)'))
    if facts.malformed:
        rows.append(('malformed', f'the first: {facts.malformed_reason}'))
    return '\n'.join(f'{name:<12} {value}' for name, value in rows if value is not None)
