# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Managed nodes: what a node holds only while it is active."""
from dataclasses import dataclass
from functools import partial
import traceback

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from snn_gesture_ros.ros.diagnostics import give_back_memory
from snn_gesture_ros.settings import setting
from std_srvs.srv import SetBool

RCLError = rclpy_implementation.RCLError


@dataclass(frozen=True)
class ManagedSettings:
    """When a managed node becomes active."""

    autostart: bool = setting(
        True, 'Become active at start; false leaves that to a lifecycle manager or to the '
        'service enable')


class ManagedNode(LifecycleNode):
    """
    A lifecycle node that is checked when it is configured, and holds what it needs while active.

    The service `~/enable` activates and deactivates it, too.
    """

    def __init__(self, name: str):
        """Begin unconfigured; call `begin` when all else is ready."""
        super().__init__(name)
        self.is_active = False
        self._refusal = ''
        self._service_change_state.callback = partial(
            self._change_state, self._service_change_state.callback)
        self.create_service(SetBool, '~/enable', self._enable)

    def configure(self) -> None:
        """
        Check that the node can be activated, and give back what that took.

        :raises ValueError: if it cannot.
        """
        raise NotImplementedError

    def activate(self) -> None:
        """
        Take what is needed to work.

        :raises ValueError: if that cannot be.
        """
        raise NotImplementedError

    def deactivate(self) -> None:
        """Give it back, also where `activate` has failed before it had all."""
        raise NotImplementedError

    def begin(self, autostart: bool) -> None:
        """
        Become active, or wait for somebody who asks for it.

        :raises SystemExit: if it cannot be active; why is logged already.
        """
        if autostart and not self._activated():
            raise SystemExit(1)

    def destroy_node(self) -> None:
        """Give back what an active node holds."""
        self._end()
        super().destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Configure; where that cannot be, log the reason and stay unconfigured."""
        configured = self._succeeds(self.configure)
        give_back_memory()
        return super().on_configure(state) if configured else TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Activate; where that cannot be, log the reason and stay inactive."""
        if not self._succeeds(self.activate):
            self.deactivate()
            return TransitionCallbackReturn.FAILURE
        self.is_active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Deactivate, and give the memory back to the system."""
        self._end()
        give_back_memory()
        return super().on_deactivate(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back what an active node holds."""
        self._end()
        return super().on_shutdown(state)

    def _end(self) -> None:
        if self.is_active:
            self.is_active = False
            self.deactivate()

    def _succeeds(self, step) -> bool:
        """Take a step of the life cycle; where it fails, log the reason and keep it."""
        try:
            step()
        except ValueError as error:
            self._refusal = log = str(error)
        except Exception as error:  # rclpy would hide it
            self._refusal, log = repr(error), traceback.format_exc()
        else:
            return True
        self.get_logger().error(log)
        return False

    def _change_state(self, change, request, response):
        """Serve `~/change_state`; rclpy lets a transition that is not possible end the node."""
        try:
            return change(request, response)
        except RCLError:
            self.get_logger().warning(
                f'transition {request.transition.id} is not possible: '
                f'the node is {self._lifecycle_state}')
            response.success = False
            return response

    @property
    def is_configured(self) -> bool:
        """Tell whether the node is inactive or active."""
        return self._lifecycle_state in ('inactive', 'active')

    @property
    def _lifecycle_state(self) -> str:
        return self._state_machine.current_state[1]

    def _activated(self) -> bool:
        if self._lifecycle_state == 'finalized':
            self._refusal = 'the node was shut down: start it anew'
            return False
        if (self._lifecycle_state == 'unconfigured'
                and self.trigger_configure() != TransitionCallbackReturn.SUCCESS):
            return False
        return self.trigger_activate() == TransitionCallbackReturn.SUCCESS

    def _enable(self, request, response):
        """Serve `~/enable`: true activates, false deactivates; to ask twice changes nothing."""
        response.success = True
        if request.data and not self.is_active:
            response.success = self._activated()
            response.message = '' if response.success else self._refusal
        elif not request.data and self.is_active:
            self.trigger_deactivate()
        return response
