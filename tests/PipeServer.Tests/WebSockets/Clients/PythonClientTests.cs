namespace PipeServer.Tests.WebSockets.Clients;

/// <summary>Two libraries that others wrote, Debian's python3-websockets and python3-wsproto, against the program's <c>/ws</c>.</summary>
public sealed class PythonClientTests
{
    // Debian's, whatever else is called python3.
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task Websockets_gets_all_back_with_and_without_compression()
    {
        await SkipWithoutAsync("websockets");
        await using var cli = await CliProcess.ServeAsync("--demo");
        const string Script = """
            import asyncio, os, signal, sys, websockets
            address, pid = sys.argv[1], int(sys.argv[2])
            messages = ['', 'a', 'grüße 日本語 😀', 'x' * 100000, b'', bytes(range(256)), bytes(70000), 'abc' * 500000]

            async def talk(path, compression, number):
                async with websockets.connect(f'ws://{address}{path}', compression=compression, max_size=None) as ws:
                    assert bool(ws.extensions) == (path == '/ws/deflate' and compression is not None), (path, ws.extensions)
                    for message in messages:
                        await ws.send(message)
                        assert await ws.recv() == message
                    await ws.send(['one ', 'two ', '', 'three'])
                    assert await ws.recv() == 'one two three'
                    for payload in [b'', b'x' * 125]:
                        await asyncio.wait_for(await ws.ping(payload), 20)
                    await ws.close(4000 + number, 'enough')
                assert ws.close_code == 4000 + number, ws.close_code

            async def main():
                for path, compression in [('/ws', None), ('/ws', 'deflate'), ('/ws/deflate', None), ('/ws/deflate', 'deflate')]:
                    await asyncio.gather(*(talk(path, compression, number) for number in range(5)))
                staying = [await websockets.connect(f'ws://{address}/ws') for _ in range(20)]
                os.kill(pid, signal.SIGTERM)
                for ws in staying:
                    await asyncio.wait_for(ws.wait_closed(), 20)
                    assert ws.close_code == 1001, ws.close_code
                print('all well')

            asyncio.run(main())
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync(Python, "-c", Script, cli.EndPoint.ToString(), $"{cli.Id}"));
        Assert.Equal(0, await cli.EndAsync());
    }

    [Fact]
    public async Task Wsproto_gets_all_back_with_and_without_compression()
    {
        await SkipWithoutAsync("wsproto");
        await using var cli = await CliProcess.ServeAsync("--demo");
        const string Script = """
            import socket, sys
            from wsproto import WSConnection, ConnectionType
            from wsproto.events import Request, AcceptConnection, TextMessage, BytesMessage, Ping, Pong, CloseConnection
            from wsproto.extensions import PerMessageDeflate
            host, port = sys.argv[1].split(':')

            def talk(path, extensions):
                sock = socket.create_connection((host, int(port)), timeout=20)
                ws = WSConnection(ConnectionType.CLIENT)
                sock.sendall(ws.send(Request(host=host, target=path, extensions=extensions)))
                events = iter(())
                def next_event():
                    nonlocal events
                    while True:
                        for event in events:
                            return event
                        data = sock.recv(65536)
                        ws.receive_data(data or None)
                        events = iter(list(ws.events()))
                accepted = next_event()
                assert isinstance(accepted, AcceptConnection), accepted
                assert bool(accepted.extensions) == (path == '/ws/deflate' and bool(extensions)), accepted
                def receive(kind, empty):
                    whole = empty
                    while True:
                        event = next_event()
                        assert isinstance(event, kind), event
                        whole += event.data
                        if event.message_finished:
                            return whole
                for text in ['', 'a', 'grüße 日本語 😀', 'x' * 200000]:
                    sock.sendall(ws.send(TextMessage(data=text)))
                    assert receive(TextMessage, '') == text
                    sock.sendall(ws.send(BytesMessage(data=text.encode())))
                    assert receive(BytesMessage, b'') == text.encode()
                if not extensions: # with compression wsproto 1.2 loses its place at a control frame between fragments
                    sock.sendall(ws.send(TextMessage(data='one ', message_finished=False)) + ws.send(Ping(payload=b'between')) + ws.send(TextMessage(data='two')))
                    first = next_event()
                    pong = first if isinstance(first, Pong) else next_event()
                    assert isinstance(pong, Pong) and pong.payload == b'between', pong
                    assert (first.data if first is not pong else '') + receive(TextMessage, '') == 'one two'
                sock.sendall(ws.send(CloseConnection(code=3456, reason='enough')))
                closed = next_event()
                assert isinstance(closed, CloseConnection) and closed.code == 3456, closed
                assert sock.recv(1) == b''

            for path in ['/ws', '/ws/deflate']:
                talk(path, [])
                talk(path, [PerMessageDeflate()])
                talk(path, [PerMessageDeflate(client_no_context_takeover=True, server_no_context_takeover=True)])
                talk(path, [PerMessageDeflate(client_max_window_bits=10, server_max_window_bits=10)])
            print('all well')
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync(Python, "-c", Script, cli.EndPoint.ToString()));
    }

    private static async Task SkipWithoutAsync(string module)
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed; .ci/run installs it.");
        var (exitCode, _) = await ClientProgram.StartAsync(Python, "-c", $"import {module}");
        Assert.SkipWhen(exitCode != 0, $"python3-{module} is not installed; .ci/run installs it.");
    }
}
