namespace PipeServer.Tests.Tls.Clients;

/// <summary>Python's ssl and http.client.</summary>
public sealed class PythonTests
{
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Every_version_and_what_ends_a_connection(TlsEngine engine)
    {
        ClientProgram.SkipWithout("python3");
        await using var host = await TlsHost.StartAsync(engine);
        const string Script = """
            import http.client, socket, ssl, sys
            port, authority = int(sys.argv[1]), sys.argv[2]

            def context(version, alpn=('http/1.1',)):
                made = ssl.create_default_context(cafile=authority)
                made.minimum_version = made.maximum_version = version
                if alpn:
                    made.set_alpn_protocols(list(alpn))
                return made

            def connect(used, name='localhost'):
                return used.wrap_socket(socket.create_connection(('127.0.0.1', port), timeout=30), server_hostname=name)

            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                connection = http.client.HTTPSConnection('localhost', port, timeout=30, context=context(version))
                for number in range(50):
                    connection.request('GET', '/plaintext')
                    assert connection.getresponse().read() == b'Hello, World!'
                large = b'abc' * 100000
                connection.request('POST', '/echo', body=large)
                assert connection.getresponse().read() == large
                connection.request('POST', '/echo', body=iter([large, large]), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
                assert connection.getresponse().read() == large + large
                connection.close()

                # The end of a connection is told: not by the stream's end alone, which anybody on the way could forge.
                with connect(context(version)) as client:
                    assert client.selected_alpn_protocol() == 'http/1.1'
                    assert client.compression() is None
                    client.sendall(b'GET /plaintext HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                    answer = b''
                    while part := client.recv(65536):
                        answer += part
                    assert answer.endswith(b'Hello, World!')
                    client.unwrap()

                # ALPN: none, ours beside others, only others.
                for alpn, chosen in ((), None), (('h3', 'http/1.1'), 'http/1.1'), (('http/1.1', 'h2', 'something'), 'h2'):
                    with connect(context(version, alpn)) as client:
                        assert client.selected_alpn_protocol() == chosen
                try:
                    connect(context(version, ('h3', 'something'))).recv(1)
                    assert False, 'no common protocol, and no alert'
                except ssl.SSLError as error:
                    assert 'NO_APPLICATION_PROTOCOL' in str(error).upper().replace(' ', '_'), error

                # A name that the server has no certificate for: the default's, which is not the client's.
                try:
                    connect(context(version), 'unknown.test')
                    assert False, 'a wrong certificate is taken'
                except ssl.SSLCertVerificationError:
                    pass

                # No name at all.
                nameless = context(version)
                nameless.check_hostname = False
                with nameless.wrap_socket(socket.create_connection(('127.0.0.1', port), timeout=30)) as client:
                    client.sendall(b'GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n')
                    assert client.recv(65536).startswith(b'HTTP/1.1 200')
            print('all well')
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync("python3", "-c", Script, $"{host.EndPoint.Port}", host.AuthorityFile));
    }
}
