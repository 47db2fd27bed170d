# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Package snn_gesture_ros for ament_python."""

from glob import glob

from setuptools import find_packages, setup

PACKAGE = 'snn_gesture_ros'
SHARE = f'share/{PACKAGE}'

setup(
    name=PACKAGE,
    version='0.1.0',
    description='Recognises hand gestures in the events of an event camera '
                'with a spiking neural network.',
    license='Apache-2.0',
    maintainer='the snn_gesture_ros authors',
    maintainer_email='maintainers@snn-gesture-ros.invalid',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={PACKAGE: ['models/*', 'evaluation/*.html']},
    data_files=[
        ('bin', ['scripts/snn-gesture']),
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml']),
        (f'{SHARE}/config', glob('config/*')),
        (f'{SHARE}/launch', glob('launch/*.launch.py')),
    ],
    install_requires=['setuptools'],
    zip_safe=False,
    extras_require={'test': ['pytest'], 'cluster': ['distributed'],
                    'evaluation': ['av', 'matplotlib', 'torchmetrics'],
                    'torch': ['h5py', 'loguru', 'onnx', 'safetensors', 'torch'],
                    'training': ['pytorch-lightning', 'tensorboard', 'torchmetrics']},
    entry_points={
        'console_scripts': [
            f'event_stream = {PACKAGE}.entry_points:event_stream',
            f'gesture_classifier = {PACKAGE}.entry_points:gesture_classifier',
            f'gesture_evaluator = {PACKAGE}.entry_points:gesture_evaluator',
            f'gesture_pipeline = {PACKAGE}.entry_points:gesture_pipeline',
            f'gesture_behavior = {PACKAGE}.entry_points:gesture_behavior',
            f'gesture_trainer = {PACKAGE}.entry_points:gesture_trainer',
            f'simulated_camera = {PACKAGE}.entry_points:simulated_camera',
            f'event_player = {PACKAGE}.entry_points:event_player',
            f'event_viewer = {PACKAGE}.entry_points:event_viewer',
            f'snn-gesture = {PACKAGE}.entry_points:snn_gesture',
        ],
    },
)
