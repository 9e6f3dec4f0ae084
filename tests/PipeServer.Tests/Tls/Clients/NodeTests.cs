namespace PipeServer.Tests.Tls.Clients;

/// <summary>Node's https module.</summary>
public sealed class NodeTests
{
    // One connection for all that a keep-alive agent sends; then new ones, resumed where the engine does that, in either version.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Keep_alive_and_sessions(TlsEngine engine)
    {
        ClientProgram.SkipWithout("node");
        await using var host = await TlsHost.StartAsync(engine);
        const string Script = """
            const https = require('https'), assert = require('assert'), fs = require('fs');
            const [port, authority, resumes] = process.argv.slice(1);
            const ca = fs.readFileSync(authority);
            function send(agent, method, path, headers, body) {
              return new Promise((resolve, reject) => {
                const request = https.request({ host: '127.0.0.1', servername: 'localhost', port, path, method, headers, agent }, response => {
                  const parts = [], socket = response.socket;
                  const facts = { reused: socket.isSessionReused(), version: socket.getProtocol(), alpn: socket.alpnProtocol, socket };
                  response.on('data', part => parts.push(part));
                  response.on('end', () => resolve({ ...facts, status: response.statusCode, body: Buffer.concat(parts) }));
                });
                request.on('error', reject);
                if (headers.Expect) request.on('continue', () => request.end(body));
                else if (Array.isArray(body)) { body.forEach(part => request.write(part)); request.end(); }
                else request.end(body);
              });
            }
            (async () => {
              for (const version of ['TLSv1.2', 'TLSv1.3']) {
                const options = { ca, minVersion: version, maxVersion: version, ALPNProtocols: ['http/1.1'] };
                const agent = new https.Agent({ ...options, keepAlive: true, maxSockets: 1 });
                const sockets = new Set();
                for (let i = 0; i < 50; i++) {
                  const get = await send(agent, 'GET', '/plaintext', {});
                  assert.equal(get.body.toString(), 'Hello, World!');
                  assert.equal(get.version, version);
                  assert.equal(get.alpn, 'http/1.1');
                  sockets.add(get.socket);
                }
                const large = Buffer.alloc(300000, 'abc');
                assert.ok((await send(agent, 'POST', '/echo', { 'Content-Length': large.length }, large)).body.equals(large));
                assert.ok((await send(agent, 'POST', '/echo', {}, [large, large])).body.equals(Buffer.concat([large, large])));
                assert.equal((await send(agent, 'POST', '/echo', { Expect: '100-continue', 'Content-Length': 5 }, 'hello')).body.toString(), 'hello');
                assert.equal((await send(agent, 'HEAD', '/plaintext', {})).body.length, 0);
                assert.equal((await send(agent, 'GET', '/nothing-here', {})).status, 404);
                assert.equal(sockets.size, 1, 'one connection did it all');
                agent.destroy();
                const short = new https.Agent({ ...options, keepAlive: false });
                let reused = 0;
                for (let i = 0; i < 6; i++) reused += (await send(short, 'GET', '/plaintext', {})).reused ? 1 : 0;
                if (resumes === 'yes') assert.equal(reused, 5, version + ': resumed ' + reused + ' of 5');
              }
              console.log('all well');
            })().catch(error => { console.log(error); process.exit(1); });
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync(
            "node", "-e", Script, $"{host.EndPoint.Port}", host.AuthorityFile, engine == TlsEngine.OpenSsl ? "yes" : "no"));
    }
}
