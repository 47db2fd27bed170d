# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Subscription to one publisher of a topic, even if several nodes publish it."""
import ctypes
from math import inf
import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.subscription import Subscription
from rclpy.waitable import NumberOfEntities, Waitable
from snn_gesture_ros.ros.topics import endpoints
from snn_gesture_ros.settings import setting

FIRST, ONLY = 'first', 'only'
SILENT_TIMEOUT_S = 1.0
"""A publisher that sends nothing for longer is silent: another may be followed."""
GONE_TIMEOUT_S = 20.0
"""
If other publishers send too, the followed one is gone when it is silent for longer.

A still scene can be silent for a while; after this time DDS removes a process that was killed.
"""
NAMES_PERIOD_S = 0.1
"""The names of publishers are looked up at most this often."""
MAX_AT_ONCE = 200
"""Maximum number of messages that are read before timers and services can run."""
TAKEN, NOTHING_WAITS = 0, 401
"""Return codes RCL_RET_OK and RCL_RET_SUBSCRIPTION_TAKE_FAILED of rcl."""
ID_BYTES = 16
"""Length of a publisher's id; Humble has eight more bytes, all zero."""
UNKNOWN = '_UNKNOWN_'
"""The name of a node that is not discovered yet ends like this."""


class Following:
    """Decides which publisher is followed, by the ids in the messages; without ROS."""

    def __init__(self, silent_timeout_s: float = SILENT_TIMEOUT_S):
        """
        Follow nobody yet.

        :param silent_timeout_s: a publisher that sends nothing for longer is silent.
        """
        self._silent_timeout_s = silent_timeout_s
        self.followed = None
        """Id of the publisher that is followed; None before the first message."""
        self._followed_s = -inf
        """Steady time of its latest message."""
        self._others_s = {}
        """Steady time of the latest message of each other publisher, by id."""
        self._contested = False
        """Whether the followed one has sent a message after one of another."""

    def admits(self, sender: bytes, now_s: float, is_alone) -> bool:
        """
        Return whether a message is from the publisher that is followed.

        If the followed publisher is silent and another one sends, that one is followed from then
        on, such as a driver that was started again or the next bag.

        :param sender: id of the publisher.
        :param now_s: steady time.
        :param is_alone: returns whether there is at most one publisher; called only for others.
        """
        if sender != self.followed:
            timeout_s = GONE_TIMEOUT_S if self.others(now_s) else self._silent_timeout_s
            if now_s - self._followed_s < timeout_s and not is_alone():
                self._others_s[sender] = now_s
                return False
            self.followed, self._others_s = sender, {}
        self._followed_s = now_s
        self._contested = bool(self._others_s) and bool(self._heard(now_s))
        return True

    def others(self, now_s: float) -> list:
        """Return the ids of the publishers that send at the same time as the followed one."""
        return self._heard(now_s) if self._contested else []

    def _heard(self, now_s: float) -> list:
        return [sender for sender, sent_s in self._others_s.items()
                if now_s - sent_s < self._silent_timeout_s]


def publisher_setting(topic: str, default: str = FIRST):
    """Return the field of a dataclass of settings that chooses the publisher of a topic."""
    return setting(default, f'Whose messages on {topic} are read where several nodes publish it: '
                   'first (that of the node that was there first), only (that of none before one '
                   'is left), or the name of a node, whose messages alone are read then')


class FollowedTopic(Waitable):
    """
    A subscription to one publisher at a time, since the events of two must not be mixed.

    It waits like rclpy's own subscriptions, but takes the messages itself, with their publisher.
    """

    def __init__(self, node, message, topic: str, callback, qos, parameter: str = '',
                 publisher: str = FIRST, silent_timeout_s: float = SILENT_TIMEOUT_S):
        """
        Subscribe.

        :param message: class of the messages.
        :param callback: called with each serialized message.
        :param parameter: name of the parameter that chooses the publisher; empty if there is none.
        :param publisher: whose messages are read, as in `publisher_setting`, without a parameter.
        :param silent_timeout_s: a publisher that sends nothing for longer is silent.
        """
        super().__init__(node.default_callback_group)
        self.ignored = 0
        """Number of messages from other publishers."""
        self.sent_ns = 0
        """Time of the publisher's host when the newest message that was read was sent."""
        self._node, self._callback = node, callback
        self._parameter = parameter
        if parameter:
            publisher = node.get_parameter(parameter).value
        self._is_named = publisher not in (FIRST, ONLY)
        if self._is_named and not publisher.startswith('/'):
            publisher = f'{node.get_namespace().rstrip("/")}/{publisher}'
        self._publisher = publisher
        self._following = Following(silent_timeout_s)
        self._names, self._names_s = {}, -inf
        """Names of publishers by id, and the steady time of the query."""
        self._read_s = self._ignored_s = -inf
        """Steady time of the latest message that was read, and of the latest that was not."""
        self._contest = ''
        """Latest result of `contest`."""
        self._subscription = node.create_subscription(
            message, topic, callback, qos, callback_group=_EventsOnly(), raw=True)
        self._topic = self._subscription.topic_name
        node.add_waitable(self)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._node.remove_waitable(self)
        self._node.destroy_subscription(self._subscription)

    def drain(self, most: int = MAX_AT_ONCE):
        """
        Yield the waiting messages of the publisher that is read, serialized.

        Call this in the executor's thread.

        :param most: maximum number of messages, those of other publishers included.
        """
        for _ in range(most):
            taken = take(self._subscription)
            if taken is None:
                return
            data, sender, sent_ns = taken
            if self._reads(sender):
                self.sent_ns = sent_ns
                yield data

    def contenders(self) -> list:
        """Return the names of the nodes that send at the same time; empty if only one sends."""
        others = self._following.others(time.monotonic())
        if not others or self._is_alone():
            return []
        names = [self._name(sender) for sender in (self._following.followed, *others)]
        if any(names):
            return [name or 'another node' for name in names]
        return sorted(self._names.values()) or ['several nodes']

    def contest(self) -> str:
        """
        Return which nodes send at the same time and what to do; empty if only one sends.

        Changes are logged.
        """
        names = self.contenders()
        contest = self._describe(names) if names else ''
        if contest and contest != self._contest:
            self._node.get_logger().error(contest)
        elif self._contest and not contest:
            self._node.get_logger().info(f'only one publisher sends on {self._topic} again')
        self._contest = contest
        return contest

    def unread(self) -> str:
        """Return that only other publishers than the one of the parameter send; empty if not."""
        now_s = time.monotonic()
        if self._is_named and now_s - self._ignored_s < SILENT_TIMEOUT_S < now_s - self._read_s:
            return (f'{self._publisher} sends nothing on {self._topic}, and other nodes are not '
                    f'read: check the parameter {self._parameter}')
        return ''

    def senders(self) -> list:
        """Return the names of the nodes whose messages are read; empty if they are not known."""
        if self._following.followed is None:
            return []
        name = self._name(self._following.followed)
        return [name] if name else sorted(self._names.values())

    def _reads(self, sender: bytes) -> bool:
        """Return whether to read a message of a publisher that has arrived now."""
        now_s = time.monotonic()
        reads = (not self._is_named or self._name(sender) == self._publisher) and (
            self._following.admits(sender, now_s, self._is_alone)) and not (
            self._publisher == ONLY and self._following.others(now_s))
        if reads:
            self._read_s = now_s
        else:
            self._ignored_s = now_s
            self.ignored += 1
        return reads

    def _is_alone(self) -> bool:
        """Return whether there is at most one publisher."""
        return self._node.count_publishers(self._topic) <= 1

    def _name(self, sender: bytes) -> str:
        """Return the name of a publisher's node; empty if the middleware does not know it."""
        now_s = time.monotonic()
        if sender not in self._names and now_s - self._names_s > NAMES_PERIOD_S:
            self._names, self._names_s = publisher_names(self._node, self._topic), now_s
        if sender not in self._names and len(self._names) == 1 and self._is_alone():
            return next(iter(self._names.values()))
        return self._names.get(sender, '')

    def _describe(self, names: list) -> str:
        followed = self._name(self._following.followed)
        if self._publisher == ONLY:
            what = 'nothing is read'
        elif names.count(followed) == 1:
            what = f'only what {followed} sends is read'
        else:
            what = 'only what one of them sends is read'
        remedy = 'stop all but one'
        if self._parameter and not self._is_named:
            remedy += f', or name the one to read by the parameter {self._parameter}'
        return (f'{" and ".join(names)} send on {self._topic} at the same time, and {what}: '
                f'{remedy}')

    def __enter__(self):
        """Keep the subscription alive while the executor waits."""
        self._subscription.handle.__enter__()

    def __exit__(self, *error):
        """Allow the subscription to be destroyed."""
        self._subscription.handle.__exit__(*error)

    def get_num_entities(self) -> NumberOfEntities:
        """Return that the executor waits for one subscription."""
        return NumberOfEntities(1)

    def add_to_wait_set(self, wait_set) -> None:
        """Add the subscription to what the executor waits for."""
        self._place = wait_set.add_subscription(self._subscription.handle)

    def is_ready(self, wait_set) -> bool:
        """Return whether messages wait."""
        return wait_set.is_ready('subscription', self._place)

    def take_data(self):
        """Return the next message of the publisher that is read; None if none waits."""
        return next(self.drain(), None)

    async def execute(self, taken_data) -> None:
        """Call the callback with a message."""
        if taken_data is not None:
            self._callback(taken_data)


class _EventsOnly(ReentrantCallbackGroup):
    """Lets the executor handle the events of a subscription, but not its messages."""

    def can_execute(self, entity) -> bool:
        """Return False for the subscription itself."""
        return not isinstance(entity, Subscription)


def source_values(topics: list, names=(), contest: str = '') -> dict:
    """
    Return what a node reports of whose messages it reads, by name.

    :param topics: FollowedTopics.
    :param names: of nodes that hand messages over in memory.
    :param contest: what else is contested.
    """
    contests = [contest, *(topic.contest() for topic in topics)]
    senders = {name for topic in topics for name in topic.senders()}
    return {'reads_from': sorted({*names, *senders}),
            'contest': '; '.join(filter(None, contests)),
            'ignored': sum(topic.ignored for topic in topics)}


def publisher_names(node, topic: str) -> dict:
    """
    Return the names, with namespace, of the nodes that publish a topic, by id of the publisher.

    Nodes that are not discovered yet are missing. The ids are those that `take` returns, except
    with CycloneDDS, whose messages have other ids.
    """
    infos = node.get_publishers_info_by_topic(topic)
    return {bytes(info.endpoint_gid[:ID_BYTES]): each.node
            for info, each in zip(infos, endpoints(infos)) if not each.node.endswith(UNKNOWN)}


class _Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in (
        'allocate', 'deallocate', 'reallocate', 'zero_allocate', 'state')]


class _SerializedMessage(ctypes.Structure):
    _fields_ = [('buffer', ctypes.c_void_p), ('buffer_length', ctypes.c_size_t),
                ('buffer_capacity', ctypes.c_size_t), ('allocator', _Allocator)]


class _MessageInfo(ctypes.Structure):
    _fields_ = [('source_timestamp', ctypes.c_int64), ('received_timestamp', ctypes.c_int64),
                ('publication_sequence_number', ctypes.c_uint64),
                ('reception_sequence_number', ctypes.c_uint64),
                ('implementation_identifier', ctypes.c_char_p),
                ('publisher_gid', ctypes.c_uint8 * ID_BYTES),
                ('further', ctypes.c_uint8 * 16)]
    # `further` has room for the fields that differ between distributions and are not used.


# PyDLL keeps the GIL, as rclpy does: waiting for it again would take longer than the call.
_rcl, _rcutils = ctypes.PyDLL('librcl.so'), ctypes.PyDLL('librcutils.so')
_rcutils.rcutils_get_default_allocator.restype = _Allocator
_rcutils.rcutils_uint8_array_fini.argtypes = [ctypes.POINTER(_SerializedMessage)]
_rcl.rcl_take_serialized_message.argtypes = [
    ctypes.c_void_p, ctypes.POINTER(_SerializedMessage), ctypes.POINTER(_MessageInfo),
    ctypes.c_void_p]


def take(subscription):
    """
    Take the next waiting message; call this in the executor's thread.

    :param subscription: of rclpy.
    :returns: the serialized message, the id of its publisher, and the time of the publisher's host
        in ns when it was sent; None if no message waits.
    :raises RuntimeError: if the middleware fails.
    """
    message = _SerializedMessage(allocator=_rcutils.rcutils_get_default_allocator())
    info = _MessageInfo()
    with subscription.handle:
        result = _rcl.rcl_take_serialized_message(
            subscription.handle.pointer, message, info, None)
    try:
        if result == TAKEN:
            return (ctypes.string_at(message.buffer, message.buffer_length),
                    bytes(info.publisher_gid), info.source_timestamp)
    finally:
        _rcutils.rcutils_uint8_array_fini(message)
    if result == NOTHING_WAITS:
        return None
    raise RuntimeError(f'{subscription.topic_name}: rcl cannot take a message, error {result}')
