# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pages: the text of the report, in Markdown."""
from snn_gesture_ros.labels import NONE
from snn_gesture_ros.printable import one_line

CHAPTER_FIGURES = ('confusion', 'conditions', 'calibration', 'false_alarms', 'delays', 'windows')


def write_pages(report: dict, figures: str) -> str:
    """
    Return the whole text.

    :param report: returned by `Report.make`.
    :param figures: path of the folder of the figures, relative to the text.
    """
    parts = [head(report), overview(report), real_text(report)]
    for name, chapter in report['checkpoints'].items():
        parts.append(chapter_text(name, chapter, f'{figures}/{name}', report['data']))
    return '\n\n'.join(parts) + '\n'


def head(report: dict) -> str:
    """Return the introduction: how the report was made, and from which sets."""
    rows = [(name, row['clips'], f'{row["minutes"]:.1f}', row['description'].get('sensor', ''),
             row['description'].get('framing') or '', seeds_text(row))
            for name, row in report['sets'].items()]
    return '\n\n'.join([
        '# How well gestures are recognized',
        f'Made by `{report["command"]}`; the numbers are in `report.json`, next to the '
        'figures. Every clip runs through the code of the nodes: noise filters, windows, network '
        'and decisions with their default parameters. Simulated people, rooms, sensors and noise '
        'have seeds of the test split, which no training uses. **A simulation is not a camera**: '
        'simulated sets show how far a checkpoint generalizes to other simulated people. Only the '
        'section on real recordings shows how well it recognizes real people.',
        table(('set', 'clips', 'minutes', 'sensor', 'framing', 'seeds'), rows),
        '*Mean recall* is the share of windows that are recognized, as the mean over all labels '
        'that occur, including `none`. A window counts if it lies within its clip and the gesture '
        'fills 60 % of it, or if it ends before the gesture starts or starts after its end '
        '(`none`). *First announcement* is the share of clips whose first announced gesture is '
        'the right one; for `none`, the share in which nothing is announced.'])


def seeds_text(row: dict) -> str:
    """Return the first and the last seed of a simulated set."""
    return f'{row["seeds"][0]} to {row["seeds"][1]}' if row['seeds'] else ''


def overview(report: dict) -> str:
    """Return the table of targets and figures."""
    chapters = report['checkpoints'].values()
    rows = [
        ('real gestures, recordings right / decisions right', '95 % / 85 %',
         [f'{share(c["real"]["gestures"], "right")} / '
          f'{percent(c["real"]["gestures"]["decisions_right"])}' for c in chapters]),
        ('the same, announced; median from start', '97 %; 0.7 s',
         [f'{share(c["real"]["gestures"], "announced")}; '
          f'{seconds(c["real"]["gestures"]["median_s"])}' for c in chapters]),
        ('real people without a gesture, false announcements a minute', '0',
         [number(c['real']['none']['false_per_minute'], 2) for c in chapters]),
        ('held-out simulation, mean recall of windows', '90 %',
         [percent(c['held_out']['mean_recall']) for c in chapters]),
        ('the same, clockwise and counter-clockwise merged', '93 %',
         [percent(c['held_out']['merged']['mean_recall']) for c in chapters]),
        ('held-out simulation, first announcement of clips', '',
         [percent(c['held_out']['clips']['mean_right']) for c in chapters]),
        ('worst sensor or density compared with the first sensor', '-3 points',
         [points(worst(c['conditions'])) for c in chapters]),
        ('announcements in 10 minutes of simulated none', '0',
         [f'{c["false_alarms"]["idle_in_10_minutes"]:.1f}' for c in chapters]),
        ('announcements of another gesture while 100 gestures end', '0',
         [number(c['endings']['in_100'], 1) for c in chapters]),
        ('from the start of a gesture to its announcement, median / p90', '0.6 s / 1.0 s',
         [f'{seconds(c["delays"]["median_s"])} / {seconds(c["delays"]["p90_s"])}'
          for c in chapters]),
        ('expected calibration error', 'under 0.05',
         [number(c['calibration']['error'], 3) for c in chapters]),
    ]
    return '## Overview\n\n' + table(
        ('', 'target', *(f'`{name}`' for name in report['checkpoints'])),
        [(what, target, *values) for what, target, values in rows])


def real_text(report: dict) -> str:
    """Return the section of real recordings: what they are, and the figures of each set."""
    chapters = report['checkpoints']
    rows = [(row['set'], row['label'], real_count(row), f'`{name}`', share(row, 'right'),
             percent(row['decisions_right']),
             *(('', '') if row['label'] == NONE else (share(row, 'announced'),
                                                      seconds(row['median_s']))),
             f'{number(row["false_per_minute"], 2)} ({row["false"]} in {row["minutes"]:.1f})')
            for of_row in zip(*(chapter['real']['sets'] for chapter in chapters.values()))
            for name, row in zip(chapters, of_row)]
    if not rows:
        return ('## Real recordings\n\nThere are none (option `--real`), so this report does not '
                'show how well gestures are recognized with a real camera.')
    return '\n\n'.join([
        '## Real recordings',
        table(('set', 'label', 'recordings', 'checkpoint', 'recordings right', 'decisions right',
               'announced', 'median from start', 'false announcements a minute (in minutes)'),
              rows),
        'Real people in front of real cameras, evaluated as by `snn-gesture evaluate`: through '
        'the code of the nodes, with their default parameters. A recording is right if most of '
        'its decisions are right. A mirrored recording is the same recording with left and right '
        'exchanged.',
        '\n'.join(real_gaps(name, chapter) for name, chapter in chapters.items())])


def real_gaps(name: str, chapter: dict) -> str:
    """Return what a checkpoint was trained on, and which gestures no real recording shows."""
    card, without = chapter['card'], chapter['real']['without_recording']
    gestures = [label for label in card['labels'] if label != NONE]
    learned = f'`{name}` was trained on {card["training"].get("data", "unknown data")}'
    if any(what.startswith('real people') for what in card['never_tried_on']):
        learned += ', never on a recording of real people'
    if without:
        learned += (f'. {len(without)} of its {len(gestures)} gestures are in no real recording '
                    f'here ({", ".join(without)}): the figures of these are of simulated people '
                    'only')
    return f'- {learned}.'


def real_count(row: dict) -> str:
    """Return the number of recordings and people of a row."""
    mirrored = ', mirrored' if row['mirrored'] else ''
    people = {None: 'unknown people', 1: '1 person'}.get(row['people'], f'{row["people"]} people')
    return f'{row["recordings"]} of {people}{mirrored}'


def share(figures: dict, name: str) -> str:
    """Return a figure as a share of the labeled parts, a dash where there are none."""
    return f'{figures[name]} of {figures["parts"]}' if figures['parts'] else '–'


def worst(conditions: list):
    """Return the lowest difference among sensors and densities, None where none is known."""
    known = [row['difference'] for row in conditions
             if row['kind'] in ('sensor', 'density') and row['difference'] is not None]
    return min(known, default=None)


def chapter_text(name: str, chapter: dict, figures: str, data: list) -> str:
    """Return the sections of one checkpoint."""
    card = chapter['card']
    window = (f'{card["window_ms"]:g} ms' if card['slicing'] == 'time'
              else f'{card["window_events"]} events')
    trained = card['training'].get('data', 'unknown data')
    return '\n\n'.join([
        f'## `{name}`',
        f'{card["parameters"]:,} parameters, windows of {window} in {card["time_steps"]} frames '
        f'of {card["size"]}x{card["size"]} pixels. Trained on: {trained}. Never trained on: '
        f'{"; ".join(card["never_tried_on"]) or "see the data sets below"}.',
        '### Held-out simulation',
        labels_table(chapter['held_out']), figure('confusion matrix', figures, 'confusion'),
        merged_text(chapter['held_out']['merged']),
        *data_sections(chapter, figures, data),
        '### Sensors, framings, densities, disturbances',
        f'Differences are to {chapter["conditions"][0]["name"]}, with the same people and seeds. '
        'Densities: the filtered events of the same clips, of which a fifth is kept at random, or '
        'each is repeated ten times within one pixel and about 2 ms. Disturbances: what a noise '
        'filter may leave, added to the same clips by the code that augments training. The rate '
        'of noise is that of each of the 128x128 pixels; a lamp is a rectangle of up to a quarter '
        'of the width and height of the image.',
        conditions_table(chapter['conditions']), figure('conditions', figures, 'conditions'),
        '### Calibration',
        f'Expected calibration error in 15 bins: {number(chapter["calibration"]["error"], 3)} '
        '(windows of the held-out simulation, without silent ones).',
        calibration_table(chapter['calibration']['bins']),
        figure('reliability diagram', figures, 'calibration'),
        '### False alarms',
        f'{chapter["false_alarms"]["idle_in_10_minutes"]:.1f} announcements in 10 minutes, with '
        'each activity as frequent as in the simulated class `none`.',
        false_alarms_table(chapter['false_alarms']),
        figure('false alarms', figures, 'false_alarms'),
        '### From the start of a gesture to its announcement',
        'The person rests, then starts to move; this is the start of the gesture. The time ends '
        'with the window that decides; the processing time is not included. A gesture that is '
        'never announced counts as infinitely late.',
        delays_table(chapter['delays']), figure('delays', figures, 'delays'),
        '### After the end of a gesture',
        endings_text(chapter['endings']),
        '### Window length, hop and state',
        'The first quarter of the held-out clips, with: windows of other lengths, which have the '
        'same number of frames, so that a frame and the hop become longer or shorter, too; '
        'decisions only at every second, fourth and eighth frame; the state carried from frame to '
        'frame (the default), or reset for each window, as in the multi-step mode of '
        'SpikingJelly.',
        ways_table(chapter), figure('window length', figures, 'windows'),
    ])


def labels_table(figures: dict) -> str:
    """Return the table of all labels."""
    clips = figures['clips']['labels']
    rows = [(label, row['windows'], percent(row['recall']), percent(row['precision']),
             percent(row['false_alarms'], 2), clips[label]['clips'],
             percent(clips[label]['right']), percent(clips[label]['silent']),
             percent(clips[label]['majority']))
            for label, row in figures['labels'].items()]
    rows.append(('**mean**', figures['windows'], percent(figures['mean_recall']), '', '', '',
                 percent(figures['clips']['mean_right']), '',
                 percent(figures['clips']['mean_majority'])))
    return table(('label', 'windows', 'recall', 'precision', 'false alarms', 'clips',
                  'first announcement right', 'nothing announced', 'most windows right'), rows)


def merged_text(merged: dict) -> str:
    """Return the figures with clockwise and counter-clockwise merged."""
    turning = [f'{label} {percent(row["recall"])}' for label, row in merged['labels'].items()
               if label.endswith('_arm')]
    return ('Clockwise and counter-clockwise merged: mean recall '
            f'{percent(merged["mean_recall"])}' + ''.join(f', {text}' for text in turning) + '.')


def data_sections(chapter: dict, figures: str, data: list) -> list:
    """Return a section for each of the user's sets."""
    parts = []
    for place, (name, measured) in enumerate(chapter['data'].items()):
        row = data[name]
        parts += [f'### Data set {name}',
                  f'{measured["used"]} clips, split {row["split"]} of {row["persons"]} persons; '
                  f'{measured["left_out"]} more have labels that the checkpoint does not have. '
                  f'Sources: {", ".join(row["sources"])}.',
                  labels_table(measured), figure('confusion matrix', figures, f'data_{place}'),
                  merged_text(measured['merged'])]
    return parts


def conditions_table(rows: list) -> str:
    """Return the table of sensors, framings, densities and disturbances."""
    return table(('', 'windows', 'mean recall', 'difference', 'merged', 'first announcement'),
                 [(f'{row["kind"]} {row["name"]}', row['windows'], percent(row['mean_recall']),
                   points(row['difference']), percent(row['merged']),
                   percent(row['clips_right'])) for row in rows])


def calibration_table(bins: list) -> str:
    """Return the table of the reliability diagram."""
    return table(('windows', 'mean of the best score', 'right'),
                 [(row['windows'], percent(row['score']), percent(row['right'])) for row in bins])


def false_alarms_table(alarms: dict) -> str:
    """Return the table of announcements in scenes without a gesture."""
    rows = [(kind + name.replace('_', ' '), f'{row["minutes"]:.2f}',
             ', '.join(f'{label} {count}' for label, count in row['announced'].items()) or 'none',
             f'{row["in_10_minutes"]:.1f}')
            for kind, scenes in (('', alarms['idle']), ('recording ', alarms['recordings']))
            for name, row in scenes.items()]
    return table(('scene', 'minutes', 'announced', 'in 10 minutes'), rows)


def delays_table(delays: dict) -> str:
    """Return the table of delays."""
    return table(('gestures', 'median', 'p90', 'never announced'),
                 [(delays['clips'], seconds(delays['median_s']), seconds(delays['p90_s']),
                   percent(delays['never']))])


def endings_text(endings: dict) -> str:
    """Return the announcements while gestures ended."""
    announced = ', '.join(f'{label} {count}' for label, count in endings['announced'].items())
    return (f'{endings["clips"]} people stop in the middle of a gesture and rest for a second or '
            'longer. Other gestures that are announced from then on: '
            f'{announced or "none"}.')


def ways_table(chapter: dict) -> str:
    """Return the table of windows, hops and states."""
    unit = chapter['unit_of_windows']
    rows = [(f'window {row["way"]:g} {unit}', row) for row in chapter['windows']]
    rows += [(f'hop {row["way"]:g} {unit}', row) for row in chapter['hops']]
    rows += [(f'state: {row["way"]}', row) for row in chapter['states']]
    return table(('', 'decisions', 'mean recall', 'first announcement', 'median time', 'p90',
                  'never announced'),
                 [(name, row['windows'], percent(row['mean_recall']), percent(row['clips_right']),
                   seconds(row['median_s']), seconds(row['p90_s']), percent(row['never']))
                  for name, row in rows])


def table(names: tuple, rows: list) -> str:
    """Return a table in Markdown; what has a meaning there is escaped."""
    lines = [names, ('---',) * len(names), *(map(plain, row) for row in rows)]
    return '\n'.join(f'| {" | ".join(map(str, line))} |' for line in lines)


def plain(cell) -> str:
    """Return the Markdown of a text, in which neither bars nor tags count."""
    return one_line(str(cell)).replace('|', r'\|').replace('<', '&lt;')


def figure(what: str, figures: str, name: str) -> str:
    """Return the Markdown of a figure."""
    return f'![{what}]({figures}_{name}.png)'


def percent(part, digits: int = 1) -> str:
    """Return a share in percent, a dash for None."""
    return '–' if part is None else f'{100 * part:.{digits}f} %'


def points(difference) -> str:
    """Return a difference of shares in percentage points, a dash for None."""
    return '–' if difference is None else f'{100 * difference:+.1f}'


def seconds(value) -> str:
    """Return a duration in seconds, a dash for None."""
    return '–' if value is None else f'{value:.2f} s'


def number(value, digits: int) -> str:
    """Return a number, a dash for None."""
    return '–' if value is None else f'{value:.{digits}f}'
