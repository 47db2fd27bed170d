# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures: the numbers of a chapter of the report as PNG files."""
from pathlib import Path

from matplotlib.figure import Figure
import numpy as np

WIDTH_INCHES = 7.0
DPI = 90
COLOR, SECOND_COLOR = '#3b6ea5', '#c8553d'
METADATA = {'Software': None}
"""Of a PNG file: without it, the same numbers give the same bytes with any matplotlib."""


def draw_figures(chapter: dict, labels: tuple, folder: Path, name: str) -> None:
    """
    Draw the figures of a chapter as `NAME_*.png`.

    :param chapter: returned by `make_chapter`.
    :param labels: of the checkpoint.
    """
    draw_confusion(chapter['held_out']['confusion'], labels, folder / f'{name}_confusion.png')
    for number, figures in enumerate(chapter['data'].values()):
        draw_confusion(figures['confusion'], labels, folder / f'{name}_data_{number}.png')
    draw_conditions(chapter['conditions'], folder / f'{name}_conditions.png')
    draw_calibration(chapter['calibration'], folder / f'{name}_calibration.png')
    draw_false_alarms(chapter['false_alarms']['idle'], folder / f'{name}_false_alarms.png')
    draw_delays(chapter['delays'], folder / f'{name}_delays.png')
    draw_windows(chapter, folder / f'{name}_windows.png')


def draw_confusion(counts: list, labels: tuple, path: Path) -> None:
    """Draw the confusion matrix of windows, in percent of the row."""
    counts = np.array(counts)
    parts = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    figure, axes = _canvas(6.2)
    axes.imshow(parts, cmap='Blues', vmin=0, vmax=100)
    for row, column in np.argwhere(parts >= 0.5):
        axes.text(column, row, f'{parts[row, column]:.0f}', ha='center', va='center', fontsize=8,
                  color='white' if parts[row, column] > 55 else 'black')
    names = [label.replace('_', ' ') for label in labels]
    axes.set_xticks(range(len(names)), names, rotation=45, ha='right', fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel('taken for')
    axes.set_ylabel('shown')
    axes.set_title('Windows, % of the row', fontsize=10)
    _save(figure, path)


def draw_conditions(rows: list, path: Path) -> None:
    """Draw mean recall by sensor, framing, density and disturbance."""
    figure, axes = _canvas(0.9 + 0.28 * len(rows))
    places = np.arange(len(rows))[::-1]
    axes.barh(places + 0.2, _percent(rows, 'mean_recall'), 0.36, color=COLOR, label='windows')
    axes.barh(places - 0.2, _percent(rows, 'clips_right'), 0.36, color=SECOND_COLOR,
              label='first announcement')
    axes.set_yticks(places, [f'{row["kind"]} {row["name"]}' for row in rows], fontsize=8)
    axes.set_xlim(0, 100)
    axes.set_xlabel('mean over labels, % right')
    axes.grid(axis='x', alpha=0.3)
    figure.legend(fontsize=8, loc='outside upper right', ncols=2)
    _save(figure, path)


def draw_calibration(calibration: dict, path: Path) -> None:
    """Draw the reliability diagram; the area of a dot is the share of windows in its bin."""
    figure, axes = _canvas(4.2)
    bins = calibration['bins']
    windows = np.array([row['windows'] for row in bins], float)
    axes.plot([0, 100], [0, 100], color='gray', linewidth=1, label='ideal')
    axes.plot(_percent(bins, 'score'), _percent(bins, 'right'), color=COLOR, linewidth=1)
    axes.scatter(_percent(bins, 'score'), _percent(bins, 'right'), color=COLOR,
                 s=10 + 900 * windows / max(windows.sum(), 1),
                 label='windows in a bin (area: share)')
    axes.set(xlim=(0, 102), ylim=(0, 102), xlabel='best score, %', ylabel='right, %')
    axes.grid(alpha=0.3)
    _legend(axes)
    _save(figure, path)


def draw_false_alarms(idle: dict, path: Path) -> None:
    """Draw announcements in 10 minutes by idle activity."""
    figure, axes = _canvas(0.9 + 0.26 * len(idle))
    places = np.arange(len(idle))[::-1]
    rates = [row['in_10_minutes'] for row in idle.values()]
    bars = axes.barh(places, rates, 0.6, color=SECOND_COLOR)
    axes.bar_label(bars, fmt='%.1f', padding=3, fontsize=8)
    axes.set_yticks(places, [name.replace('_', ' ') for name in idle], fontsize=8)
    axes.set_xlim(0, 1.15 * max(rates) or 1)
    axes.set_xlabel('false announcements in 10 minutes')
    axes.grid(axis='x', alpha=0.3)
    _save(figure, path)


def draw_delays(delays: dict, path: Path) -> None:
    """Draw the share of gestures that are announced within each time."""
    figure, axes = _canvas(3.6)
    times_s, clips = delays['delays_s'], delays['clips']
    shares = 100 * np.arange(1, len(times_s) + 1) / max(clips, 1)
    axes.step([0, *times_s], [0, *shares], where='post', color=COLOR)
    axes.set(xlim=(0, max([2.0, *times_s])), ylim=(0, 102), xlabel='time from the onset, s',
             ylabel='rightly announced, % of gestures')
    axes.grid(alpha=0.3)
    _save(figure, path)


def draw_windows(chapter: dict, path: Path) -> None:
    """Draw recall and first announcement against the length of the window."""
    figure, axes = _canvas(3.2)
    lengths = [row['way'] for row in chapter['windows']]
    axes.plot(lengths, _percent(chapter['windows'], 'mean_recall'), 'o-', color=COLOR,
              label='decisions')
    axes.plot(lengths, _percent(chapter['windows'], 'clips_right'), 's--', color=SECOND_COLOR,
              label='first announcement')
    axes.set(ylim=(0, 102), xlabel=f'window, {chapter["unit_of_windows"]}',
             ylabel='mean over labels, % right')
    axes.grid(alpha=0.3)
    _legend(axes)
    _save(figure, path)


def _canvas(height_inches: float) -> tuple:
    """Return a figure and its axes."""
    figure = Figure((WIDTH_INCHES, height_inches), DPI, layout='constrained')
    return figure, figure.subplots()


def _legend(axes) -> None:
    axes.legend(fontsize=8, loc='lower right')


def _percent(rows: list, name: str) -> list:
    """Return a column, with NaN where there is nothing to draw."""
    return [np.nan if row[name] is None else 100 * row[name] for row in rows]


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata=METADATA)
