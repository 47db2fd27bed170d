# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Verb `drive`: drive a simulated robot by gestures, through gesture_behavior and DDS."""
from itertools import accumulate
import json
from pathlib import Path

from snn_gesture_ros.command_line.terminal import image_file, usage

DRAIN_S = 0.5
"""Time after the end of the script that is drawn."""
EXAMPLE = 'snn-gesture drive arm_roll:2 right_arm_clockwise:3 hand_clapping:1 --output drive.png'
SCRIPT = ('none:0.5 arm_roll:1.3 none:0.4 right_arm_clockwise:4 right_hand_wave:2 '
          'right_arm_clockwise:3 left_hand_wave:1.4 right_arm_clockwise:3 hand_clapping:1.2 '
          'left_hand_wave:2 right_arm_clockwise:2.5 silence:1.2 right_arm_counter_clockwise:2 '
          'right_hand_wave:1.5 none:0.6').split()


def add_arguments(parser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('script', nargs='*', default=SCRIPT, metavar='GESTURE:SECONDS',
                        help='gestures and their durations; none: no gesture, silence: no '
                             'scores (default: a drive with the table of the package)')
    parser.add_argument('--table', default='', metavar='FILE',
                        help='what each gesture does (default: config/behavior.yaml)')
    parser.add_argument('--output', type=image_file, default=Path('drive.png'), metavar='FILE',
                        help='file of the image (default: %(default)s)')


def run(arguments) -> int:
    """
    Drive and draw the path.

    :raises ValueError: if the script or the table is wrong, ROS is missing or the node fails.
    """
    from snn_gesture_ros.demo.node_processes import isolate_from_other_robots, NodeProcesses
    from snn_gesture_ros.demo.robot_path import draw_drive, simulate_drive
    try:
        from snn_gesture_ros.nodes.gesture_behavior import find_table
        from snn_gesture_ros.demo.scripted_gestures import scripting
    except ImportError as error:
        raise ValueError(f'{error}: a drive needs ROS 2: source env.bash') from None
    from snn_gesture_ros.behavior.table import read_table
    path = find_table(arguments.table)
    table = read_table(path)
    if table.velocity is None:
        raise ValueError(f'{path}: no row drives')
    with usage():
        script = read_script(arguments.script, {row.gesture for row in table.rows})
    isolate_from_other_robots()
    with NodeProcesses() as nodes, scripting(table) as scripted:
        nodes.start('gesture_behavior', table=path, scores_from=scripted.get_name())
        if not scripted.run(script, nodes.failed):
            raise ValueError('gesture_behavior has failed or did not start; see above')
    times_s, poses = simulate_drive(scripted.commands, script[-1][1] + DRAIN_S)
    drawn = [command for command in scripted.commands if command.t_s <= times_s[-1]]
    draw_drive(script, drawn, times_s, poses, arguments.output)
    print(f'image: {arguments.output}')
    pose = (round(float(value), 2) for value in poses[-1])
    print(json.dumps({
        'seconds': round(script[-1][1], 2), 'commands': len(scripted.commands),
        **dict(zip(('x_m', 'y_m', 'heading_rad'), pose)), 'picture': str(arguments.output)}))
    return 0


def read_script(words: list, gestures: set) -> list:
    """
    Return a script: gestures and when they end in seconds, sorted by time.

    :param words: of the command line.
    :param gestures: those of the table.
    :raises ValueError: if a word is not GESTURE:SECONDS.
    """
    from snn_gesture_ros.labels import NONE
    from snn_gesture_ros.demo.scripted_gestures import SILENCE
    known = [*sorted(gestures), NONE, SILENCE]
    shown, durations_s = [], []
    for word in words:
        gesture, _, seconds = word.partition(':')
        try:
            duration_s = float(seconds)
        except ValueError:
            duration_s = 0
        if not 0 < duration_s <= 3600:
            raise ValueError(f'{word}: write GESTURE:SECONDS, such as {known[0]}:2.5')
        if gesture not in known:
            raise ValueError(f'{word}: the gestures of the table are {", ".join(known)}')
        shown.append(gesture)
        durations_s.append(duration_s)
    return list(zip(shown, accumulate(durations_s)))
