# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A window that plays images."""
import time

import numpy as np

WAIT_S = 0.01


class NoWindow(ValueError):
    """There can be no window; the message contains the reason."""


class Window:
    """A window, until it is closed or Escape or q is pressed in it."""

    def __init__(self, title: str):
        """
        Open the window.

        :raises NoWindow: if tkinter or a display is missing.
        """
        try:
            import tkinter
        except ImportError:
            raise NoWindow('tkinter is not installed (apt install python3-tk)') from None
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise NoWindow(f'there is no display ({error})') from None
        self.closed = False
        self._make_image = tkinter.PhotoImage
        self._label = tkinter.Label(self._root, text='waiting for events', borderwidth=0)
        self._label.pack()
        self._root.title(title)
        self._root.protocol('WM_DELETE_WINDOW', self._close)
        for key in ('<Escape>', 'q'):
            self._root.bind(key, self._close)

    def play(self, images, period_s: float) -> bool:
        """
        Show an image each period, at once where it comes late.

        :param images: iterator of RGB, uint8 [height, width, 3]; None leaves what is shown.
        :returns: whether there was anything to show.
        """
        any_shown = False
        due_s = time.monotonic()
        for image in images:
            if image is not None:
                self._show(image)
                any_shown = True
            due_s = max(due_s + period_s, time.monotonic())
            self._wait(due_s)
            if self.closed:
                break
        return any_shown

    def __enter__(self):
        """Return the window."""
        return self

    def __exit__(self, *_):
        """Close the window."""
        self._root.destroy()

    def _show(self, image: np.ndarray) -> None:
        height, width, _ = image.shape
        data = b'P6 %d %d 255 ' % (width, height) + image.tobytes()
        self._image = self._make_image(data=data, format='PPM')
        self._label.configure(image=self._image)

    def _wait(self, due_s: float) -> None:
        self._root.update()
        while not self.closed and time.monotonic() < due_s:
            time.sleep(min(WAIT_S, max(due_s - time.monotonic(), 0)))
            self._root.update()

    def _close(self, *_) -> None:
        self.closed = True
