namespace PipeServer.Tests.Server.Http2;

/// <summary>Debian's python3-h2, a protocol without input and output of its own, which holds both sides to the letter of the RFC.</summary>
public sealed class PythonClientTests
{
    // Debian's, whatever else is called python3.
    private const string Python = "/usr/bin/python3";

    private const string Begin = """
        import socket, ssl, sys, h2.connection, h2.config, h2.events, h2.settings, h2.errors
        host, port, authority, tls = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == 'tls'

        class Client:
            def __init__(self):
                self.sock = socket.create_connection((host, port), timeout=30)
                if tls:
                    context = ssl.create_default_context(cafile=authority)
                    context.set_alpn_protocols(['h2', 'http/1.1'])
                    self.sock = context.wrap_socket(self.sock, server_hostname='localhost')
                    assert self.sock.selected_alpn_protocol() == 'h2', self.sock.selected_alpn_protocol()
                self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding='utf-8'))
                self.h2.initiate_connection()
                self.events = []
                self.flush()

            def flush(self):
                data = self.h2.data_to_send()
                if data: self.sock.sendall(data)

            def begin(self, method, path, fields=(), end=True):
                stream = self.h2.get_next_available_stream_id()
                pseudo = [(':method', method), (':scheme', 'https' if tls else 'http'), (':authority', 'localhost'), (':path', path)]
                self.h2.send_headers(stream, [*pseudo, *fields], end_stream=end)
                self.flush()
                return stream

            # Whatever comes next for a stream; what comes for another one is kept for it.
            def next(self, stream):
                while True:
                    for event in self.events:
                        if getattr(event, 'stream_id', None) == stream:
                            self.events.remove(event)
                            return event
                    self.read()

            def read(self):
                data = self.sock.recv(65536)
                assert data, 'the connection has ended'
                for event in self.h2.receive_data(data):
                    assert not isinstance(event, h2.events.ConnectionTerminated), event
                    if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    self.events.append(event)
                self.flush()

            def send(self, stream, body, end=True, size=10000, pad=None):
                at = 0
                while at < len(body):
                    room = min(min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size) - (pad + 1 if pad else 0), size)
                    if room <= 0:
                        self.read()
                        continue
                    self.h2.send_data(stream, body[at:at + room], pad_length=pad)
                    self.flush()
                    at += room
                if end:
                    self.h2.end_stream(stream)
                    self.flush()

            def answer(self, stream):
                head, body, trailers, informational = None, b'', None, []
                while True:
                    event = self.next(stream)
                    if isinstance(event, h2.events.InformationalResponseReceived): informational.append(dict(event.headers)[':status'])
                    elif isinstance(event, h2.events.ResponseReceived): head = dict(event.headers)
                    elif isinstance(event, h2.events.DataReceived): body += event.data
                    elif isinstance(event, h2.events.TrailersReceived): trailers = dict(event.headers)
                    elif isinstance(event, h2.events.StreamReset): raise Exception(f'stream {stream} was reset: {event.error_code}')
                    elif isinstance(event, h2.events.StreamEnded): return head, body, trailers, informational

            def get(self, path, fields=(), method='GET'):
                return self.answer(self.begin(method, path, fields))

            def ping(self):
                self.h2.ping(b'pipesrv!')
                self.flush()
                while not any(isinstance(event, h2.events.PingAckReceived) and event.ping_data == b'pipesrv!' for event in self.events): self.read()

        client = Client()

        """;

    public static TheoryData<string> Ways => ClientHost.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Methods_bodies_and_streams(string way)
    {
        await SkipWithoutAsync();
        await using var host = await ClientHost.StartAsync(way);
        const string Script = Begin + """
            for _ in range(50):
                head, body, trailers, _ = client.get('/plaintext')
                assert (head[':status'], body, trailers) == ('200', b'Hello, World!', None), head
            head, body, _, _ = client.get('/plaintext', method='HEAD')
            assert (head['content-length'], body) == ('13', b'')
            assert client.get('/nothing-here')[0][':status'] == '404'
            for length in [0, 1, 16384, 70000, 3000000]:
                for told in [True, False]:
                    body = bytes(range(256)) * (length // 256) + b'x' * (length % 256)
                    stream = client.begin('POST', '/echo', [('content-length', str(length))] if told else [], end=False)
                    client.send(stream, body, pad=None if told else 100)
                    head, back, _, _ = client.answer(stream)
                    assert back == body, (length, told, len(back))
            stream = client.begin('POST', '/echo', [('expect', '100-continue')], end=False)
            event = client.next(stream)
            assert isinstance(event, h2.events.InformationalResponseReceived) and dict(event.headers)[':status'] == '100', event
            client.send(stream, b'hello')
            assert client.answer(stream)[1] == b'hello'
            head, whole, _, _ = client.get('/large.bin')
            assert len(whole) == 10000000
            part, body, _, _ = client.get('/large.bin', [('range', 'bytes=1000-99999')])
            assert (part[':status'], body) == ('206', whole[1000:100000])
            again, body, _, _ = client.get('/large.bin', [('if-none-match', head['etag'])])
            assert (again[':status'], body) == ('304', b'')
            streams = [client.begin('GET', '/small.txt' if number % 2 else '/worker/plaintext') for number in range(100)]
            for number, stream in enumerate(streams):
                assert client.answer(stream)[1] == (b'a small file\n' if number % 2 else b'Hello, World!')
            client.ping()
            assert client.h2.remote_settings.enable_connect_protocol == 1
            client.h2.close_connection()
            client.flush()
            while client.sock.recv(65536): pass
            print('all well')
            """;
        Assert.Equal("all well\n", await RunAsync(host, Script));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Trailers_cancelled_streams_large_heads_and_a_tunnel(string way)
    {
        await SkipWithoutAsync();
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        const string Script = Begin + """
            stream = client.begin('POST', '/trailers', [('trailer', 'x-sent')], end=False)
            client.send(stream, b'x' * 100000, end=False)
            client.h2.send_headers(stream, [('x-sent', 'from python')], end_stream=True)
            client.flush()
            head, body, trailers, _ = client.answer(stream)
            assert (body, trailers['x-length'], trailers['x-received']) == (b'a body', '100000', 'from python'), trailers
            for cookie in ['c' * 8192, 'd' * 20000, 'c' * 8192]:
                assert client.get('/cookie', [('cookie', cookie)])[1] == cookie.encode()
            assert client.get('/cookie', [('cookie', 'a=1'), ('cookie', 'b=2'), ('cookie', 'c=3')])[1] == b'a=1; b=2; c=3'
            assert client.get('/cookie', [('cookie', 'c' * 40000)])[0][':status'] == '431'
            for _ in range(10):
                stream = client.begin('GET', '/endless')
                received = 0
                while received < 100000:
                    event = client.next(stream)
                    received += len(event.data) if isinstance(event, h2.events.DataReceived) else 0
                client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
                client.flush()
                stream = client.begin('POST', '/drop', end=False)
                assert isinstance(client.next(stream), h2.events.ResponseReceived)
                client.send(stream, b'x' * 50000, end=False)
                client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
                client.flush()
                assert client.get('/plaintext')[1] == b'Hello, World!'
            while client.get('/gone')[1] != b'20': pass

            # A tunnel of RFC 8441: a text of two letters there and back, and both ends of it.
            stream = client.begin('CONNECT', '/ws', [(':protocol', 'websocket'), ('sec-websocket-version', '13')], end=False)
            event = client.next(stream)
            assert isinstance(event, h2.events.ResponseReceived) and dict(event.headers)[':status'] == '200', event
            client.send(stream, b'\x81\x82\0\0\0\0hi' + b'\x88\x82\0\0\0\0\x03\xe8')
            back = b''
            while True:
                event = client.next(stream)
                if isinstance(event, h2.events.StreamEnded): break
                back += event.data if isinstance(event, h2.events.DataReceived) else b''
            assert back == b'\x81\x02hi\x88\x02\x03\xe8', back
            print('all well')
            """;
        Assert.Equal("all well\n", await RunAsync(host, Script));
    }

    private static Task<string> RunAsync(ClientHost host, string script) =>
        ClientProgram.RunAsync(Python, "-c", script, "127.0.0.1", $"{host.EndPoint.Port}", host.AuthorityFile, host.IsTls ? "tls" : "plain");

    private static async Task SkipWithoutAsync()
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed; .ci/run installs it.");
        var (exitCode, _) = await ClientProgram.StartAsync(Python, "-c", "import h2");
        Assert.SkipWhen(exitCode != 0, "python3-h2 is not installed; .ci/run installs it.");
    }
}
