"""
The collector's process: bind, serve, store, and leave when nobody needs it.

Started by the supervisor with two inherited descriptors: the lock, which stays locked while either of the
two lives, and the lifeline, a pipe whose end says that the supervisor is gone. Then the collector drains
and becomes a new supervisor, so that something listens again within a second or two.
"""

import asyncio
import os
import socket
import sys

from cclaunch import __version__
from cclaunch.collector import grpc as otlp_grpc
from cclaunch.collector.ending import Ending
from cclaunch.collector.own_files import make_key, ports_text
from cclaunch.collector.pages import metrics_app, otlp_app
from cclaunch.collector.peer import Door
from cclaunch.collector.process import FATAL, MOVED, command
from cclaunch.collector.relay import Relay
from cclaunch.collector.service import EmbeddedCollector
from cclaunch.collector.sockets import read_sockets
from cclaunch.collector.standing import Standing, write_private
from cclaunch.config.model import Config, read_configuration
from cclaunch.errors import FileTrouble, StoreError
from cclaunch.files.atomic import make_directory
from cclaunch.hot.paths import Paths
from cclaunch.serving.connections import Connections, protocol
from cclaunch.serving.log import say
from cclaunch.serving.server import server
from cclaunch.serving.sockets import port_of


def adopt(handles: list[int]) -> list[socket.socket]:
    """Return sockets of our own over inherited descriptors, which stay open for a successor."""
    return [socket.socket(fileno=os.dup(handle)) for handle in handles]


async def serve(paths: Paths, config: Config, lock: int, lifeline: int, held: dict[str, list[int]]) -> "Ending":
    """Serve until nobody needs us or a signal comes; return the reason for the end."""
    connections = Connections()
    door = Door(say)
    try:
        make_directory(paths.data)
        key = make_key(paths.collector_key)
    except FileTrouble as error:
        raise StoreError(error.message, hint=error.hint) from error
    except OSError as error:  # starting it again would not help
        raise StoreError(f"cannot write in {paths.data}: {error.strerror}", hint="check its owner, mode and space") from error
    collector = EmbeddedCollector(paths, key)
    collector.ports = ports = {name: port_of(handles[0]) for name, handles in held.items()}
    collector.writer.start()
    http_sockets, metrics_sockets = adopt(held["http"]), adopt(held["metrics"])
    grpc_server = otlp_grpc.new_server(collector, door)
    relay = Relay(otlp_grpc.bind(grpc_server), connections, collector.arrivals, door)
    standing = Standing(paths, lock, {paths.collector_ports: ports_text(ports), paths.collector_key: key + "\n"})
    try:  # before the first answer: who has the proof finds these ports; and before anything runs that would have to be ended
        write_private(paths.collector_ports, ports_text(ports))
    except OSError as error:
        collector.writer.close()
        raise StoreError(f"cannot write in {paths.data}: {error.strerror}", hint="check its owner, mode and space") from error
    standing.mend()
    await grpc_server.start()
    await relay.start(adopt(held["grpc"]))
    servers = [server(otlp_app(collector), protocol(connections, door)), server(metrics_app(collector), protocol(connections))]
    tasks = [
        asyncio.create_task(one.serve(sockets)) for one, sockets in zip(servers, (http_sockets, metrics_sockets), strict=True)
    ]
    watching = asyncio.create_task(connections.watch())
    while not all(one.started for one in servers):
        await asyncio.sleep(0.002)
    say(f"cclaunch {__version__} listens: {', '.join(f'{name} {port}' for name, port in ports.items())}")
    collector.catching_up.start()
    collector.history.start()
    ending = Ending(collector, config.stack.idle_exit, lifeline, standing)
    await ending.wait()
    say(f"draining: {ending.reason}")
    collector.catching_up.leave()
    collector.history.leave()
    leaving = asyncio.create_task(asyncio.to_thread(collector.watching.leave))
    if not ending.orphaned:
        standing.leave()
    relay.stop()
    watching.cancel()
    await grpc_server.stop(2)
    for one in servers:
        one.over.set()
    await asyncio.wait(tasks, timeout=4)
    await asyncio.to_thread(collector.writer.close)
    await leaving
    ending.carry()
    return ending


def main(arguments: list[str]) -> int:
    """Run the collector. *arguments*: four directories, three ports; descriptors of the lock, the lifeline and the sockets."""
    paths = Paths(*arguments[:4])
    lock, lifeline, held = int(arguments[7]), int(arguments[8]), read_sockets(arguments[9])
    config, trouble = read_configuration(paths)
    if trouble:
        say(f"{trouble.message}; the defaults are used")
    try:
        ending = asyncio.run(serve(paths, config, lock, lifeline, held))
    except StoreError as error:
        say(f"error: {error.message}")
        return FATAL
    if ending.orphaned:
        os.close(lifeline)
        os.execv(sys.executable, command("supervisor", paths, *arguments[4:7], lock, arguments[9]))
    return MOVED if ending.moved else 0
