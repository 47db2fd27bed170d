# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A topic of which one publisher is read, whoever else sends on it."""
from math import inf
import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.subscription import Subscription
from rclpy.waitable import NumberOfEntities, Waitable
from snn_gesture_ros.ros.graph import publisher_names, take
from snn_gesture_ros.settings import setting

FIRST, ONLY = 'first', 'only'
SPEAKS_S = 1.0
"""Who has sent nothing for longer is silent: another may be followed."""
GONE_S = 20.0
"""
Who was followed while others sent too, and is silent for longer, is gone.

A still scene is silent for a while; after so long DDS forgets a process that was killed.
"""
NAMES_PERIOD_S = 1.0
MAX_AT_ONCE = 200
"""Messages that are looked at before timers and services have their turn."""


class Following:
    """Which publisher is followed, by the ids that messages come with; no ROS in here."""

    def __init__(self):
        """Begin with nobody."""
        self.followed = None
        """Id of the publisher."""
        self._followed_s = -inf
        """When it has sent last, in steady time."""
        self._others_s = {}
        """When others have sent last, by id."""
        self._contested = False
        """Whether the followed one has sent after another."""

    def admits(self, sender: bytes, now_s: float, is_alone) -> bool:
        """
        Tell whether a message is of the publisher that is followed.

        Who begins to send when the other has fallen silent is followed in its place, such as a
        driver that was started again or the next bag.

        :param sender: id of the publisher.
        :param now_s: steady time.
        :param is_alone: tells whether there is one publisher at most; called for others only.
        """
        if sender != self.followed:
            patience_s = GONE_S if self.others(now_s) else SPEAKS_S
            if now_s - self._followed_s < patience_s and not is_alone():
                self._others_s[sender] = now_s
                return False
            self.followed, self._others_s = sender, {}
        self._followed_s = now_s
        self._contested = bool(self._others_s) and bool(self._heard(now_s))
        return True

    def others(self, now_s: float) -> list:
        """Return the ids of those who send while the followed one does."""
        return self._heard(now_s) if self._contested else []

    def _heard(self, now_s: float) -> list:
        return [sender for sender, sent_s in self._others_s.items() if now_s - sent_s < SPEAKS_S]


def publisher_setting(topic: str):
    """Return the field of a dataclass of settings that chooses the publisher of a topic."""
    return setting(FIRST, f'Whose messages on {topic} are read where several nodes publish it: '
                   'first (that of the node that was there first), only (that of none before one '
                   'is left), or the name of a node, whose messages alone are read then')


class FollowedTopic(Waitable):
    """
    A subscription that reads one publisher at a time, since two would be mixed.

    It waits as rclpy's own subscriptions do, but takes the messages itself, to see whose they are.
    """

    def __init__(self, node, message, topic: str, callback, qos, parameter: str = ''):
        """
        Subscribe.

        :param message: class of the messages.
        :param callback: takes a serialized message.
        :param parameter: name of the parameter that chooses the publisher, if there is one.
        """
        super().__init__(node.default_callback_group)
        self.ignored = 0
        """Messages of others."""
        self._node, self._callback = node, callback
        self._parameter = parameter
        publisher = node.get_parameter(parameter).value if parameter else FIRST
        self._is_named = publisher not in (FIRST, ONLY)
        if self._is_named and not publisher.startswith('/'):
            publisher = f'{node.get_namespace().rstrip("/")}/{publisher}'
        self._publisher = publisher
        self._following = Following()
        self._names, self._names_s = {}, -inf
        """Names of publishers by id, and when they were asked for."""
        self._read_s = self._ignored_s = -inf
        """When a message came that was read, and one that was not."""
        self._contest = ''
        """The last answer of `contest`."""
        self._subscription = node.create_subscription(
            message, topic, callback, qos, callback_group=_EventsOnly(), raw=True)
        self._topic = self._subscription.topic_name
        node.add_waitable(self)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._node.remove_waitable(self)
        self._node.destroy_subscription(self._subscription)

    def take_waiting(self, most: int = MAX_AT_ONCE):
        """
        Take what has arrived since the executor looked; call it in the executor's thread.

        :param most: end after so many.
        :returns: generator of serialized messages of the publisher that is read.
        """
        for _ in range(most):
            taken = take(self._subscription)
            if taken is None:
                return
            data, sender = taken
            if self._reads(sender):
                yield data

    def contenders(self) -> list:
        """Return the names of those who send at the same time; empty if one sends alone."""
        others = self._following.others(time.monotonic())
        if not others or self._is_alone():
            return []
        names = [self._name(sender) for sender in (self._following.followed, *others)]
        if any(names):
            return [name or 'another node' for name in names]
        return sorted(self._names.values()) or ['several nodes']

    def contest(self) -> str:
        """
        Say who sends at the same time, and what to do; empty if one publisher sends alone.

        It is logged when this changes.
        """
        names = self.contenders()
        contest = self._describe(names) if names else ''
        if contest and contest != self._contest:
            self._node.get_logger().error(contest)
        elif self._contest and not contest:
            self._node.get_logger().info(f'one publisher sends alone on {self._topic} again')
        self._contest = contest
        return contest

    def unread(self) -> str:
        """Say if others send than the publisher that the parameter names; empty if not."""
        now_s = time.monotonic()
        if self._is_named and now_s - self._ignored_s < SPEAKS_S < now_s - self._read_s:
            return (f'{self._publisher} sends nothing on {self._topic}, and others are not read: '
                    f'see the parameter {self._parameter}')
        return ''

    def senders(self) -> list:
        """Return the names of the nodes whose messages are read, as far as they are known."""
        if self._following.followed is None:
            return []
        name = self._name(self._following.followed)
        return [name] if name else sorted(self._names.values())

    def _reads(self, sender: bytes) -> bool:
        """Tell whether the message of a publisher, which has come now, is to be read."""
        now_s = time.monotonic()
        if self._is_named:
            reads = self._name(sender) == self._publisher
            if reads:
                self._following.followed = sender
        else:
            reads = self._following.admits(sender, now_s, self._is_alone) and not (
                self._publisher == ONLY and self._following.others(now_s))
        if reads:
            self._read_s = now_s
        else:
            self._ignored_s = now_s
            self.ignored += 1
        return reads

    def _is_alone(self) -> bool:
        """Tell whether there is one publisher at most."""
        return self._node.count_publishers(self._topic) <= 1

    def _name(self, sender: bytes) -> str:
        """Return the name of a publisher's node; empty if the middleware does not say."""
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
        if self._parameter:
            remedy += f', or name the one to read by the parameter {self._parameter}'
        return (f'{" and ".join(names)} send on {self._topic} at the same time, and {what}: '
                f'{remedy}')

    def __enter__(self):
        """Keep the subscription while it is waited for."""
        self._subscription.handle.__enter__()

    def __exit__(self, *error):
        """Let it be destroyed."""
        self._subscription.handle.__exit__(*error)

    def get_num_entities(self) -> NumberOfEntities:
        """Wait for one subscription."""
        return NumberOfEntities(1)

    def add_to_wait_set(self, wait_set) -> None:
        """Wait for messages."""
        self._place = wait_set.add_subscription(self._subscription.handle)

    def is_ready(self, wait_set) -> bool:
        """Tell whether messages wait."""
        return wait_set.is_ready('subscription', self._place)

    def take_data(self):
        """Take the first message that is to be read; None if there is none."""
        return next(self.take_waiting(), None)

    async def execute(self, taken_data) -> None:
        """Hand a message over."""
        if taken_data is not None:
            self._callback(taken_data)


class _EventsOnly(ReentrantCallbackGroup):
    """Lets the executor serve the events of a subscription, but not take its messages."""

    def can_execute(self, entity) -> bool:
        """Refuse the subscription."""
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


def contest_before(state_of, names: list) -> str:
    """
    Return where in a chain of nodes several send at the same time; empty if nowhere.

    :param state_of: returns the state of a node by its name; see NodeStates.
    :param names: of the nodes at its end.
    """
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        state = state_of(name)
        if state.get('contest'):
            return f'{name}: {state["contest"]}'
        waiting += {*state.get('reads_from', ())} - seen
    return ''
