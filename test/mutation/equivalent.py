# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Mutants that no test can notice, since they change nothing, each with the reason.

A mutant is one of these if its text begins so.
"""

EQUIVALENT = {
    'events.codecs': {
        '_EVT3_EVENTS = ': 'room for more events than there can be is not used',
        '_LIBCAER_CMP_EVENTS = ': 'likewise',
    },
    'behavior.safety': {
        'self._limits = (linear,) * 3 + (angular,) * 3 -> '
        'self._limits = (linear,) * 3 + (angular,) * 4':
            'zip ends with the last axis',
        'step = loss if abs(target) < abs(now) else gain -> '
        'step = loss if abs(target) <= abs(now) else gain':
            'no step is needed where both are equal',
        'return target if abs(target - now) <= step else now + math.copysign(step, target - now)'
        ' -> '
        'return target if abs(target - now) < step else now + math.copysign(step, target - now)':
            'a whole step leads to the target, too',
    },
    'decision.gesture_filter': {
        'powers = np.exp(self._logs - self._logs.max()) -> '
        'powers = np.exp(self._logs + self._logs.max())':
            'any factor cancels when the sum is made one',
        'powers = np.exp(self._logs - self._logs.max()) -> '
        'powers = np.exp(self._logs - self._logs.min())':
            'likewise',
        'candidates = np.where(self._allowed, averaged, -1) -> '
        'candidates = np.where(self._allowed, averaged, -2)':
            'any negative number is the smallest',
    },
    'behavior.behavior': {
        'self._since_ns = self._seen_ns = None -> pass':
            'the behavior starts stopped, which resets all rows before they are read',
        'self._drive = self._drive_until_ns = None -> pass':
            'likewise',
        'self.stopped = self._watchdog.stop_reason(0) -> '
        'self.stopped = self._watchdog.stop_reason(1)':
            'the watchdog starts expired',
        'if stamp_ns < self._stamp_ns: -> if stamp_ns <= self._stamp_ns:':
            'equal stamps are outdated, and do not come so far',
    },
    'events.timeline': {
        'if not seen or now_ns - seen[-1][0] >= RATE_STEP_NS: -> '
        'if not seen or now_ns + seen[-1][0] >= RATE_STEP_NS:':
            'the rate is measured from the first pair, however many follow',
        'self._used = None -> pass':
            'the first message sets it before it is read',
        'self._doubted_us, self._doubted = (0, None) -> ':
            'likewise',
        'self._doubts = 0 -> self._doubts = 1':
            'likewise',
        'self._host_ns = 0 -> self._host_ns = 1':
            'likewise',
        'self._host_ns = 0 -> pass':
            'likewise',
    },
    'frames.frame_stream': {
        'self._flat = self._open.reshape(-1) -> self._flat = self._open.reshape(-2)':
            'NumPy takes any negative length for the one that is open',
        'return self._newest_us + int(max(self._silent_ns, 0) * self._rate.rate) // 1000 -> '
        'return self._newest_us + int(max(self._silent_ns, 1) * self._rate.rate) // 1000':
            'a nanosecond is no microsecond',
    },
}
