using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;
using PipeServer.Transport.Sockets;

namespace PipeServer.Tests.Transport;

/// <summary>
/// Ten thousand reads, each of which begins to wait while its bytes arrive: one that is not woken hangs its client. Was asked for when a
/// request hung for 20 s beside a made-up EAGAIN; that one was the test's own (see <see cref="SystemCallFaultTests"/>).
/// </summary>
public sealed class WakeUpTests
{
    private const int Clients = 8;
    private const int RoundsOfEach = 10_000 / Clients;

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_read_that_meets_its_bytes_while_it_parks_is_woken(string name)
    {
        Assert.SkipUnless(name != "epoll" || EpollTransport.IsSupported, "The epoll transport needs Linux.");
        ITransport transport = name == "epoll" ? new EpollTransport(new EpollTransportOptions { Loops = 2 }) : new SocketTransport();
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), Clients, CancellationToken.None))[0];
        var serving = new List<Task>();
        var talking = new List<Task>();
        for (var number = 0; number < Clients; number++)
        {
            var seed = number;
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(listener.EndPoint);
            var connection = (await listener.AcceptAsync())!;
            serving.Add(Task.Run(() => EchoAsync(connection, new Random(seed))));
            talking.Add(Task.Run(() => TalkAsync(socket, new Random(-1 - seed))));
        }

        await Task.WhenAll(talking);
        await Task.WhenAll(serving).WaitAsync(TestClient.Patience);
        await listener.DisposeAsync();
        Assert.Empty(await transport.StopAsync(TestClient.Patience));
    }

    // Two bytes, apart by about as long as it takes to park; both must come back.
    private static async Task TalkAsync(Socket socket, Random random)
    {
        using (socket)
        {
            var buffer = new byte[2];
            for (var round = 0; round < RoundsOfEach; round++)
            {
                await socket.SendAsync("a"u8.ToArray());
                Thread.SpinWait(random.Next(2000));
                await socket.SendAsync("b"u8.ToArray());
                for (var received = 0; received < 2;)
                {
                    var count = await socket.ReceiveAsync(buffer.AsMemory(received)).AsTask().WaitAsync(TestClient.Patience);
                    Assert.NotEqual(0, count);
                    received += count;
                }
            }

            socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await socket.ReceiveAsync(buffer.AsMemory()).AsTask().WaitAsync(TestClient.Patience));
        }
    }

    private static async Task EchoAsync(TransportConnection connection, Random random)
    {
        await using (connection)
        {
            while (true)
            {
                if (random.Next(2) == 0)
                {
                    await Task.Yield(); // from another thread than the one that brings the event
                }

                var reading = connection.Input.ReadAsync();
                Thread.SpinWait(random.Next(1000)); // the event may come before anybody waits
                var result = await reading;
                foreach (var segment in result.Buffer)
                {
                    await connection.Output.WriteAsync(segment);
                }

                connection.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    await connection.ShutdownOutputAsync();
                    return;
                }
            }
        }
    }
}
