# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that wait at a subscription, taken without waking the executor for each."""


def take_waiting(subscription, most: int):
    """
    Take what has arrived since the executor looked; call it in the executor's thread.

    :param subscription: of rclpy.
    :param most: end after so many, so that timers and services have their turn.
    :returns: generator of messages, serialized where the subscription is raw.
    """
    with subscription.handle:
        for _ in range(most):
            taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
            if taken is None:
                return
            yield taken[0]
