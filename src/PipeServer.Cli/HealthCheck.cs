using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Cli;

/// <summary>
/// <c>pipeserver healthcheck URL</c>: one request, for the probe of a container. It is done by a socket that never blocks and on one thread, so
/// that a process that lives for some milliseconds starts neither a thread pool nor the engine of asynchronous sockets.
/// </summary>
/// <param name="target">What is asked.</param>
/// <param name="timeout">How long all of it may take.</param>
internal sealed class HealthCheck(HealthCheckTarget target, TimeSpan timeout)
{
    // No head is longer, and no answer to a probe; of a longer one the rest is not waited for.
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(10);

    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>Asks.</summary>
    /// <returns>What is wrong; null for an answer from 200 to 399, which is what Kubernetes takes for healthy too.</returns>
    public async Task<string?> RunAsync()
    {
        try
        {
            using var socket = await ConnectAsync().ConfigureAwait(false);
            Send(socket);
            return ReadStatus(socket) switch
            {
                null => "the answer is not HTTP/1.1",
                >= 200 and < 400 => null,
                var status => string.Create(CultureInfo.InvariantCulture, $"the answer is {status}"),
            };
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"there is no host '{target.Host}'",
                SocketError.AddressNotAvailable when target.Address is UnixDomainSocketEndPoint => "there is no such socket",
                _ => exception.Message,
            };
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"no answer within {timeout.TotalSeconds:0.###} s");
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        if (target.Address is { } address)
        {
            return Connect(address, TimeLeft());
        }

        // What it means by RFC 6761, without asking anybody.
        var addresses = target.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : await LookUpAsync().ConfigureAwait(false);
        for (var i = 0; ; i++)
        {
            try
            {
                return Connect(new IPEndPoint(addresses[i], target.Port), TimeLeft() / (addresses.Length - i));
            }
            catch (Exception exception) when (exception is SocketException or TimeoutException && i < addresses.Length - 1)
            {
                // The next one is tried; what the last one says is told.
            }
        }
    }

    private async Task<IPAddress[]> LookUpAsync()
    {
        using var patience = new CancellationTokenSource(TimeLeft());
        var addresses = await Dns.GetHostAddressesAsync(target.Host, patience.Token).ConfigureAwait(false);
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
    }

    private static Socket Connect(EndPoint address, TimeSpan patience)
    {
        var started = Stopwatch.GetTimestamp();
        var isUnix = address is UnixDomainSocketEndPoint;
        while (true)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp) { Blocking = false };
            try
            {
                if (TryConnect(socket, address, patience))
                {
                    return socket;
                }
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            // A unix socket with a full backlog: one cannot wait in it without blocking, only come again.
            socket.Dispose();
            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException();
            }

            Thread.Sleep(BetweenAttempts);
        }
    }

    private static bool TryConnect(Socket socket, EndPoint address, TimeSpan patience)
    {
        try
        {
            socket.Connect(address);
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (address is UnixDomainSocketEndPoint)
            {
                return false;
            }
        }

        Wait(socket, SelectMode.SelectWrite, patience);
        var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        return error == 0 ? true : throw new SocketException(error);
    }

    private void Send(Socket socket)
    {
        var rest = target.Request.Span;
        while (!rest.IsEmpty)
        {
            Wait(socket, SelectMode.SelectWrite, TimeLeft());
            var sent = socket.Send(rest, SocketFlags.None, out var error);
            rest = error switch
            {
                SocketError.Success => rest[sent..],
                SocketError.WouldBlock => rest,
                _ => throw new SocketException((int)error),
            };
        }
    }

    // The status, or null when the answer has none. What comes behind it is read too, so that the server sees an ordinary client that has read
    // its answer before it closes, and not one that resets.
    private int? ReadStatus(Socket socket)
    {
        var buffer = new byte[MaxAnswerBytes];
        var length = 0;
        StatusOfAnswer status = default;
        while (length < buffer.Length && !status.IsMalformed)
        {
            Wait(socket, SelectMode.SelectRead, TimeLeft());
            var received = socket.Receive(buffer, length, buffer.Length - length, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                continue;
            }

            if (error != SocketError.Success && status.Final is null)
            {
                throw new SocketException((int)error);
            }

            if (received == 0)
            {
                break;
            }

            length += received;
            status = StatusOfAnswer.In(buffer.AsSpan(0, length));
        }

        return status.Final;
    }

    private static void Wait(Socket socket, SelectMode mode, TimeSpan patience)
    {
        if (patience <= TimeSpan.Zero || !socket.Poll(patience, mode))
        {
            throw new TimeoutException();
        }
    }

    private TimeSpan TimeLeft() => timeout - Stopwatch.GetElapsedTime(_started) is { Ticks: > 0 } left ? left : TimeSpan.FromTicks(1);
}
