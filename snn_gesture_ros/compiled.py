# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Compiled functions, whose machine code is kept on disk where that is possible.

By itself, numba ends a program where neither the package nor a home can be written, where the disk
is full, or where a file of its cache is damaged.
"""
from contextlib import suppress
import os

import numba
from numba.core.caching import FunctionCache

Places = FunctionCache._impl_class      # which decides where code is kept
NextToTheSource = next(each for each in Places._locator_classes
                       if each.__name__.endswith('InTreeCacheLocator'))


def njit(**options):
    """
    Compile a function when it is first called.

    :param options: of numba.njit.
    """
    def compiled(function):
        dispatcher = numba.njit(**options)(function)
        with suppress(RuntimeError):    # there is no place for its code
            dispatcher._cache = _Cache(function)
        return dispatcher
    return compiled


class _ReadOnly(NextToTheSource):
    """Where code was left by somebody who could write there."""

    def ensure_cache_path(self):
        os.listdir(self.get_cache_path())


class _Places(Places):
    _locator_classes = [*Places._locator_classes, _ReadOnly]


class _Cache(FunctionCache):
    """A cache that costs time where it fails, and no more."""

    _impl_class = _Places

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:       # whatever a damaged file leads the unpickler to
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig, data):
        with suppress(Exception):
            super().save_overload(sig, data)
