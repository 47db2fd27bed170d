# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Managed nodes, which hold their resources only while they are active."""
from dataclasses import dataclass
from functools import partial
import traceback

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from snn_gesture_ros.printable import one_line, printable
from snn_gesture_ros.ros.diagnostics import release_memory
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
    A lifecycle node that checks its settings in configure and holds resources while active.

    The service `~/enable` activates and deactivates it, too.
    """

    def __init__(self, name: str):
        """Start unconfigured; call `begin` at the end of the constructor of the subclass."""
        super().__init__(name)
        self.is_active = False
        self._refusal = ''
        self._service_change_state.callback = partial(
            self._change_state, self._service_change_state.callback)
        self.create_service(SetBool, '~/enable', self._enable)

    def configure(self) -> None:
        """
        Check that the node can be activated, without keeping resources.

        :raises ValueError: if it cannot.
        """
        raise NotImplementedError

    def activate(self) -> None:
        """
        Acquire the resources.

        :raises ValueError: if that is not possible.
        """
        raise NotImplementedError

    def deactivate(self) -> None:
        """Release the resources, also if `activate` failed before it had all."""
        raise NotImplementedError

    def begin(self, autostart: bool) -> None:
        """
        Become active, or wait for a request.

        :raises SystemExit: if the node cannot become active; the reason is logged.
        """
        if autostart and not self._activated():
            raise SystemExit(1)

    def destroy_node(self) -> None:
        """Release the resources of an active node."""
        self._end()
        super().destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Configure; if that fails, log the reason and stay unconfigured."""
        configured = self._succeeds(self.configure)
        release_memory()
        return super().on_configure(state) if configured else TransitionCallbackReturn.FAILURE

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Activate; if that fails, log the reason and stay inactive."""
        if not self._succeeds(self.activate):
            self.deactivate()
            return TransitionCallbackReturn.FAILURE
        self.is_active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Deactivate, and release the memory to the system."""
        self._end()
        release_memory()
        return super().on_deactivate(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the resources of an active node."""
        self._end()
        return super().on_shutdown(state)

    def _end(self) -> None:
        if self.is_active:
            self.is_active = False
            self.deactivate()

    def _succeeds(self, step) -> bool:
        """Run a step of the life cycle; if it fails, log and keep the reason."""
        try:
            step()
        except ValueError as error:
            self._refusal = log = one_line(str(error))
        except Exception as error:  # rclpy would swallow it
            self._refusal, log = repr(error), printable(traceback.format_exc())
        else:
            return True
        self.get_logger().error(log)
        return False

    def _change_state(self, change, request, response):
        """Serve `~/change_state`; without this, an impossible transition would end the node."""
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
        """Return whether the node is inactive or active."""
        return self._lifecycle_state in ('inactive', 'active')

    @property
    def _lifecycle_state(self) -> str:
        return self._state_machine.current_state[1]

    def _activated(self) -> bool:
        if self._lifecycle_state == 'finalized':
            self._refusal = 'the node was shut down: start it again'
            return False
        if (self._lifecycle_state == 'unconfigured'
                and self.trigger_configure() != TransitionCallbackReturn.SUCCESS):
            return False
        return self.trigger_activate() == TransitionCallbackReturn.SUCCESS

    def _enable(self, request, response):
        """Serve `~/enable`: true activates, false deactivates; repeating it has no effect."""
        response.success = True
        if request.data and not self.is_active:
            response.success = self._activated()
            response.message = '' if response.success else self._refusal
        elif not request.data and self.is_active:
            self.trigger_deactivate()
        return response
