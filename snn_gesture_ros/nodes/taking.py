# Copyright 2026 the snn_gesture_ros authors
# SPDX-License-Identifier: Apache-2.0
"""
Messages taken together with the id of their publisher, which rclpy leaves out.

The structures and the function are those of rcl and rmw, alike from Humble to Kilted.
"""
import ctypes

TAKEN, NOTHING_WAITS = 0, 401
"""RCL_RET_OK, RCL_RET_SUBSCRIPTION_TAKE_FAILED."""
ID_BYTES = 16
"""Of an id; Humble has eight more, all zero."""


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
    # What differs between distributions, and is not used, fits into `further`.


# PyDLL keeps Python's lock, as rclpy does: a take is shorter than to wait for the lock again.
_rcl, _rcutils = ctypes.PyDLL('librcl.so'), ctypes.PyDLL('librcutils.so')
_rcutils.rcutils_get_default_allocator.restype = _Allocator
_rcutils.rcutils_uint8_array_fini.argtypes = [ctypes.POINTER(_SerializedMessage)]
_rcl.rcl_take_serialized_message.argtypes = [
    ctypes.c_void_p, ctypes.POINTER(_SerializedMessage), ctypes.POINTER(_MessageInfo),
    ctypes.c_void_p]


def take(subscription):
    """
    Take the next message that waits; call it in the executor's thread.

    :param subscription: of rclpy.
    :returns: the serialized message and the id of its publisher; None if none waits.
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
                    bytes(info.publisher_gid))
    finally:
        _rcutils.rcutils_uint8_array_fini(message)
    if result == NOTHING_WAITS:
        return None
    raise RuntimeError(f'{subscription.topic_name}: no message can be taken, rcl says {result}')
