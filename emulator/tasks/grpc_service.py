"""The gRPC face: the methods of google.cloud.tasks.v2.CloudTasks as generic handlers on raw messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

import grpc
import grpc.aio

from emulator.tasks.errors import TasksError
from emulator.tasks.keeping import Keeping
from emulator.tasks.queue_methods import QueueMethods
from emulator.tasks.service_state import ServiceState
from emulator.tasks.task_methods import TaskMethods
from emulator.tasks.wire import Message, message_type

SERVICE = "google.cloud.tasks.v2.CloudTasks"

Method: TypeAlias = Callable[[Message], Message]

_log = logging.getLogger(__name__)


def service_handler(state: ServiceState) -> grpc.GenericRpcHandler:
    """The handler of all methods; those it does not have get UNIMPLEMENTED from the transport."""
    queues, tasks = QueueMethods(state), TaskMethods(state)
    methods: dict[str, Method] = {
        "CreateQueue": queues.create_queue,
        "GetQueue": queues.get_queue,
        "ListQueues": queues.list_queues,
        "UpdateQueue": queues.update_queue,
        "DeleteQueue": queues.delete_queue,
        "PurgeQueue": queues.purge_queue,
        "PauseQueue": queues.pause_queue,
        "ResumeQueue": queues.resume_queue,
        "CreateTask": tasks.create_task,
        "GetTask": tasks.get_task,
        "ListTasks": tasks.list_tasks,
        "DeleteTask": tasks.delete_task,
        "RunTask": tasks.run_task,
    }
    handlers = {name: _unary(state.keeping, name, method) for name, method in methods.items()}
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def _unary(keeping: Keeping, name: str, method: Method) -> grpc.RpcMethodHandler:
    async def handle(request: Message, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        try:
            # Serialised at once: a queue's or task's message goes on changing while the disk is waited for.
            answer = bytes(method(request).SerializeToString())
            await keeping.kept()
            return answer
        except TasksError as error:
            await context.abort(error.code, error.message)
        except Exception as error:  # noqa: BLE001
            _log.exception("internal error in %s", name)
            await context.abort(grpc.StatusCode.INTERNAL, f"The local Cloud Tasks failed: {error!r}")
        raise AssertionError("abort raises")

    return grpc.unary_unary_rpc_method_handler(
        handle, request_deserializer=message_type(f"{name}Request").FromString, response_serializer=bytes
    )
