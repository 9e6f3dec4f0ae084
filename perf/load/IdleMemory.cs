using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>What connections cost that have had one answer each and then do nothing.</summary>
internal static class IdleMemory
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    /// <summary>What a server takes of the run's time.</summary>
    public static readonly TimeSpan Estimate = TimeSpan.FromSeconds(6);

    /// <summary>Measures one server after the other.</summary>
    /// <exception cref="MeasurementException">A server has not kept all connections.</exception>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(Workload workload, IReadOnlyList<Peer> peers, CancellationToken cancellation)
    {
        var measurements = new List<Measurement>();
        foreach (var peer in peers)
        {
            await using var server = await peer.StartAsync(Placement.Shared, workload, cancellation);
            var path = peer.Paths[workload.Route];
            await WarmUpAsync(workload with { Connections = 64 }, server.Port, path, cancellation);
            var before = server.ResidentKilobytes();
            var connections = new List<IDisposable>();
            try
            {
                await OpenAsync(connections, server, workload, path, cancellation);
                await Task.Delay(Pause, cancellation);
                var resident = server.ResidentKilobytes();
                var each = (double)(resident - before) / workload.Connections;
                measurements.Add(new Measurement(workload.Name, peer.Name, ResidentKilobytes: resident, ResidentKilobytesPerConnection: each));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"  {peer.Name,-17} {resident / 1024.0,8:N1} MB, {each:F2} KB a connection"));
            }
            finally
            {
                connections.ForEach(static connection => connection.Dispose());
            }
        }

        return measurements;
    }

    private static async Task WarmUpAsync(Workload workload, int port, string path, CancellationToken cancellation)
    {
        if (workload.IsHttp2)
        {
            await H2Load.RunAsync(workload, port, path, WarmUp, Placement.Shared, cancellation);
        }
        else
        {
            await Wrk.RunAsync(workload, port, path, WarmUp, Placement.Shared, cancellation);
        }
    }

    private static async Task OpenAsync(List<IDisposable> opened, RunningPeer server, Workload workload, string path, CancellationToken cancellation)
    {
        if (workload.IsHttp2)
        {
            OpenHttp2(opened, server, workload, path, cancellation);
            return;
        }

        var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        var buffer = new byte[1024];
        while (opened.Count < workload.Connections)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), cancellation);
            Stream connection = new NetworkStream(socket, ownsSocket: true);
            opened.Add(connection);
            if (workload.Tls != TlsUse.None)
            {
                connection = await SecureAsync(connection, cancellation);
                opened[^1] = connection;
            }

            await connection.WriteAsync(request, cancellation);
            if (await connection.ReadAsync(buffer, cancellation) == 0)
            {
                throw new MeasurementException($"{server.Peer.Name} closed its connection {opened.Count}: is 'ulimit -n' high enough?");
            }
        }
    }

    private static void OpenHttp2(List<IDisposable> opened, RunningPeer server, Workload workload, string path, CancellationToken cancellation)
    {
        var buffer = new byte[Http2Client.FrameBytes];
        while (opened.Count < workload.Connections)
        {
            cancellation.ThrowIfCancellationRequested();
            opened.Add(Http2Client.Connect(server.Port, path, workload.Streams, buffer));
        }
    }

    private static async Task<Stream> SecureAsync(Stream connection, CancellationToken cancellation)
    {
        var secured = new SslStream(connection);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
#pragma warning disable CA5359 // The certificate is this run's own, made a moment ago.
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
            },
            cancellation);
        return secured;
    }
}
