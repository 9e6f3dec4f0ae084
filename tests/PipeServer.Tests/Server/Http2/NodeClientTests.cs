namespace PipeServer.Tests.Server.Http2;

/// <summary>Node's http2 module.</summary>
public sealed class NodeClientTests
{
    // What both scripts begin with: a session, and a request as a promise of its answer.
    private const string Begin = """
        const http2 = require('http2'), assert = require('assert'), fs = require('fs'), crypto = require('crypto');
        const [address, authority] = process.argv.slice(1);
        const session = http2.connect(address, { ca: fs.readFileSync(authority), family: 4 });
        session.on('error', error => { console.log('session', error); process.exit(1); });
        session.on('goaway', code => { if (code !== 0) { console.log('GOAWAY', code); process.exit(1); } });
        function send(method, path, headers = {}, body, trailers) {
          return new Promise((resolve, reject) => {
            const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined, waitForTrailers: !!trailers });
            const answer = { informational: [], parts: [] };
            stream.on('response', head => { answer.head = head; answer.status = head[':status']; });
            stream.on('headers', head => answer.informational.push(head[':status']));
            stream.on('trailers', fields => { answer.trailers = fields; });
            stream.on('data', part => answer.parts.push(part));
            stream.on('error', reject);
            stream.on('end', () => { answer.body = Buffer.concat(answer.parts); resolve(answer); });
            if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
            if (headers.expect) stream.on('continue', () => stream.end(body));
            else if (Array.isArray(body)) { body.forEach(part => stream.write(part)); stream.end(); }
            else if (body !== undefined) stream.end(body);
          });
        }
        function run(main) {
          main().then(() => { console.log('all well'); session.close(); }).catch(error => { console.log(error); process.exit(1); });
        }

        """;

    public static TheoryData<string> Ways => ClientHost.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Methods_bodies_and_streams(string way)
    {
        ClientProgram.SkipWithout("node");
        await using var host = await ClientHost.StartAsync(way);
        const string Script = Begin + """
            run(async () => {
              for (let i = 0; i < 50; i++) assert.equal((await send('GET', '/plaintext')).body.toString(), 'Hello, World!');
              const head = await send('HEAD', '/plaintext');
              assert.equal(head.head['content-length'], '13');
              assert.equal(head.body.length, 0);
              assert.equal((await send('GET', '/nothing-here')).status, 404);
              for (const length of [0, 1, 16384, 70000, 3000000]) {
                const body = crypto.randomBytes(length);
                assert.ok((await send('POST', '/echo', { 'content-length': length }, body)).body.equals(body), `${length} bytes`);
                assert.ok((await send('POST', '/echo', {}, [body, body])).body.equals(Buffer.concat([body, body])), `${length} bytes twice`);
              }
              const expected = await send('POST', '/echo', { expect: '100-continue' }, 'hello');
              assert.equal(expected.body.toString(), 'hello');
              assert.deepEqual(expected.informational, [100]);
              const whole = await send('GET', '/large.bin');
              assert.equal(whole.body.length, 10000000);
              const part = await send('GET', '/large.bin', { range: 'bytes=1000-99999' });
              assert.equal(part.status, 206);
              assert.ok(part.body.equals(whole.body.subarray(1000, 100000)));
              assert.equal((await send('GET', '/large.bin', { 'if-none-match': whole.head.etag })).status, 304);
              const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => send('POST', '/echo', {}, Buffer.alloc(1000 * i, `${i}`))));
              answers.forEach((answer, i) => assert.ok(answer.body.equals(Buffer.alloc(1000 * i, `${i}`))));
              await new Promise((resolve, reject) => session.ping((error, duration) => error ? reject(error) : resolve(duration)));
              assert.equal(session.remoteSettings.enableConnectProtocol, true);
            });
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync("node", "-e", Script, host.Address, host.AuthorityFile));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Trailers_cancelled_streams_and_large_heads(string way)
    {
        ClientProgram.SkipWithout("node");
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        const string Script = Begin + """
            const cut = path => new Promise((resolve, reject) => {
              const stream = session.request({ ':path': path });
              let received = 0;
              stream.on('error', reject);
              stream.on('data', part => { received += part.length; if (received > 100000) stream.close(http2.constants.NGHTTP2_CANCEL); });
              stream.on('close', () => resolve(stream.rstCode));
            });

            // close() would end the body in order before it resets the stream.
            const cutUpload = path => new Promise(resolve => {
              const abort = new AbortController();
              const stream = session.request({ ':method': 'POST', ':path': path }, { signal: abort.signal });
              stream.on('error', () => {});
              stream.on('response', () => stream.write(Buffer.alloc(50000), () => abort.abort()));
              stream.on('close', () => resolve(stream.rstCode));
            });
            run(async () => {
              const answer = await send('POST', '/trailers', {}, Buffer.alloc(100000), { 'x-sent': 'from node' });
              assert.equal(answer.body.toString(), 'a body');
              assert.equal(answer.trailers['x-length'], '100000');
              assert.equal(answer.trailers['x-received'], 'from node');
              const cookie = 'c'.repeat(8192);
              for (let i = 0; i < 3; i++) assert.equal((await send('GET', '/cookie', { cookie })).body.toString(), cookie);
              assert.equal((await send('GET', '/cookie', { cookie: ['a=1', 'b=2', 'c=3'] })).body.toString(), 'a=1; b=2; c=3');
              const neighbour = send('GET', '/large.bin');
              for (let i = 0; i < 10; i++) {
                assert.equal(await cut('/endless'), http2.constants.NGHTTP2_CANCEL);
                assert.equal(await cutUpload('/drop'), http2.constants.NGHTTP2_CANCEL);
                assert.equal((await send('GET', '/plaintext')).body.toString(), 'Hello, World!');
              }
              assert.equal((await neighbour).body.length, 10000000);
              while ((await send('GET', '/gone')).body.toString() !== '20') await new Promise(resolve => setTimeout(resolve, 10));
            });
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync("node", "-e", Script, host.Address, host.AuthorityFile));
    }

    // RFC 8441 as Node has it: the stream is the tunnel, and the frames in it are the test's.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_websocket_and_events(string way)
    {
        ClientProgram.SkipWithout("node");
        await using var host = await ClientHost.StartAsync(way);
        const string Script = Begin + """
            const once = (emitter, name) => new Promise((resolve, reject) => { emitter.once(name, resolve); emitter.once('error', reject); });
            run(async () => {
              if (!session.remoteSettings.enableConnectProtocol) await once(session, 'remoteSettings');
              const tunnel = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/ws', 'sec-websocket-version': '13' });
              const head = await once(tunnel, 'response');
              assert.equal(head[':status'], 200);
              assert.equal(head['sec-websocket-accept'], undefined);
              tunnel.write(Buffer.from([0x81, 0x85, 0, 0, 0, 0, 0x68, 0x65, 0x6c, 0x6c, 0x6f]));
              assert.deepEqual([...await once(tunnel, 'data')], [0x81, 5, 0x68, 0x65, 0x6c, 0x6c, 0x6f]);
              tunnel.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
              assert.deepEqual([...await once(tunnel, 'data')], [0x88, 2, 0x03, 0xe8]);
              tunnel.end();
              await once(tunnel, 'close');
              const events = session.request({ ':path': '/events' });
              events.setEncoding('utf8');
              let text = '';
              while (!text.includes('data: 2')) text += await once(events, 'data');
              assert.ok(text.includes('data: 1'));
              events.close(http2.constants.NGHTTP2_CANCEL);
              await once(events, 'close');
              assert.equal((await send('GET', '/plaintext')).body.toString(), 'Hello, World!');
            });
            """;
        Assert.Equal("all well\n", await ClientProgram.RunAsync("node", "-e", Script, host.Address, host.AuthorityFile));
    }
}
