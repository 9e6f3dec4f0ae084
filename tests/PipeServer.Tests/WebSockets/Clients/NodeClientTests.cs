namespace PipeServer.Tests.WebSockets.Clients;

/// <summary>Node's own WebSocket (undici's), which Node has from 20.10 on, behind an option until 22.</summary>
public sealed class NodeClientTests
{
    [Fact]
    public async Task Node_gets_all_back_and_is_told_when_the_server_goes()
    {
        ClientProgram.SkipWithout("node");
        var (exitCode, _) = await ClientProgram.StartAsync("node", "--experimental-websocket", "-e", "new WebSocket('ws://127.0.0.1:1').onerror = () => {}");
        Assert.SkipWhen(exitCode != 0, "This Node has no WebSocket: 20.10 is the first that has.");
        await using var cli = await CliProcess.ServeAsync("--demo");
        const string Script = """
            const assert = require('assert');
            const [address, pid] = process.argv.slice(1);
            function open(path) {
              return new Promise((resolve, reject) => {
                const socket = new WebSocket(`ws://${address}${path}`);
                socket.binaryType = 'arraybuffer';
                socket.onopen = () => resolve(socket);
                socket.onerror = event => reject(event.error ?? new Error('refused'));
              });
            }
            const echo = (socket, message) => new Promise(resolve => { socket.onmessage = event => resolve(event.data); socket.send(message); });
            const closed = socket => new Promise(resolve => { socket.onclose = event => resolve(event); });
            (async () => {
              for (const path of ['/ws', '/ws/deflate']) {
                const socket = await open(path);
                for (const text of ['', 'a', 'grüße 日本語 😀', 'x'.repeat(300000)]) {
                  assert.equal(await echo(socket, text), text);
                }
                for (const length of [0, 1, 125, 126, 65535, 65536, 1000000]) {
                  const bytes = new Uint8Array(length).map((_, at) => at % 251);
                  assert.ok(Buffer.from(await echo(socket, bytes)).equals(Buffer.from(bytes)), `${length} bytes`);
                }
                const closing = closed(socket);
                socket.close(4321, 'enough');
                const { code, wasClean } = await closing;
                assert.deepEqual({ code, wasClean }, { code: 4321, wasClean: true });
              }
              const staying = await Promise.all(Array.from({ length: 20 }, () => open('/ws')));
              const all = Promise.all(staying.map(closed));
              process.kill(Number(pid), 'SIGTERM');
              for (const event of await all) assert.equal(event.code, 1001);
              console.log('all well');
            })().catch(error => { console.log(error); process.exit(1); });
            """;
        Assert.Equal("all well\n", (await ClientProgram.RunAsync("node", "--experimental-websocket", "--no-warnings", "-e", Script, cli.EndPoint.ToString(), $"{cli.Id}")));
        Assert.Equal(0, await cli.EndAsync());
    }
}
