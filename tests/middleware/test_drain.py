"""How the server of one process ends: whoever got as far as the kernel's queue is answered."""

import asyncio
import socket

from aiohttp import web

from authsvc.runner import Runner

WAITING = 5


async def test_connections_in_the_queue_are_answered_before_the_socket_goes() -> None:
    runner = Runner(web.Application())
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        await web.SockSite(runner, listening).start()
        await asyncio.sleep(0.01)
        clients = [socket.create_connection(listening.getsockname()) for _ in range(WAITING)]  # the loop sees nothing
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.setblocking(False)
        await runner.cleanup()
    heads = []
    for client in clients:
        with client:
            heads.append(client.recv(65536).partition(b"\r\n\r\n")[0])
    assert len(heads) == WAITING
    for head in heads:
        assert head.startswith(b"HTTP/1.1 404 ")
        assert b"\r\nConnection: close" in head
