"""A wire of some length: passes bytes between a port and another one of the same address, each way half a round trip late.

Few kernels of test machines have netem. The opening of a connection takes its round trip too.

    delay.py FROM-PORT TO-PORT MILLISECONDS
"""

import asyncio
import sys

# What a link of 1 Gbit/s has on its way in 100 ms.
WINDOW = 12 << 20


async def carry(reader, writer, half, opened):
    """Passes what comes, in order, each piece when its time has come."""
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def deliver():
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if piece is None:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()

    delivery = loop.create_task(deliver())
    try:
        while piece := await reader.read(1 << 18):
            pieces.put_nowait((max(loop.time(), opened) + half, piece))
    except ConnectionError:
        pass
    pieces.put_nowait((loop.time() + half, None))
    try:
        await delivery
    except (ConnectionError, RuntimeError, OSError):
        pass


async def connection(reader, writer, port, half):
    """One connection: what the client says begins to travel when the connection would have been open."""
    address = writer.get_extra_info("sockname")[0]
    opened = asyncio.get_running_loop().time() + 2 * half
    far_reader, far_writer = await asyncio.open_connection(address, port, limit=WINDOW)
    await asyncio.gather(carry(reader, far_writer, half, opened), carry(far_reader, writer, half, opened - half))
    writer.close()
    far_writer.close()


async def main(near, far, milliseconds):
    half = milliseconds / 2000
    server = await asyncio.start_server(lambda r, w: connection(r, w, far, half), "0.0.0.0", near, limit=WINDOW, backlog=1000)
    async with server:
        await server.serve_forever()


asyncio.run(main(*map(int, sys.argv[1:])))
