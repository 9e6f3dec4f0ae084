using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Tls;

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

    private static readonly TimeSpan LongestPoll = TimeSpan.FromMinutes(30); // in microseconds it fits into the int of Socket.Poll

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(10);

    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>Asks.</summary>
    /// <returns>What is wrong; null for an answer from 200 to 399, which is what Kubernetes takes for healthy too.</returns>
    public async Task<string?> RunAsync()
    {
        try
        {
            using var socket = await ConnectAsync().ConfigureAwait(false);
            using var stream = new PolledStream(socket, mode => Wait(socket, mode, TimeLeft()));
            return target.IsTls ? AskOverTls(stream) : Ask(stream);
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData => $"there is no host '{target.Host}'",
                SocketError.TryAgain => $"the host '{target.Host}' could not be looked up",
                SocketError.AddressNotAvailable when target.Address is UnixDomainSocketEndPoint => "there is no such socket",
                var error => new SocketException((int)error).Message, // without the address, which is in the URL
            };
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return $"no answer within {Seconds(timeout)}";
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        if (target.Address is { } address)
        {
            return Connect(address, TimeLeft());
        }

        // What these names mean by RFC 6761, without asking anybody.
        var addresses = $".{target.Host}".EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
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

    private string? Ask(Stream stream)
    {
        stream.Write(target.Request.Span);
        return ReadAnswer(stream);
    }

    private string? AskOverTls(PolledStream stream)
    {
        if (SystemCryptography.Problem is { } missing)
        {
            return missing;
        }

        using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        try
        {
            tls.AuthenticateAsClient(Options());
            return Ask(tls);
        }
        catch (AuthenticationException exception)
        {
            return $"the TLS handshake has failed: {FirstLine(exception.GetBaseException())}";
        }
        catch (IOException exception)
        {
            // With TLS 1.3, by a server that wants a client certificate, say.
            return $"the connection was closed without an answer: {FirstLine(exception.GetBaseException())}";
        }
    }

    // On this machine the server's own certificate is taken as it is: what is asked is whether it serves, and its names are others than localhost.
    private SslClientAuthenticationOptions Options() => new()
    {
        TargetHost = target.Host,
        CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        RemoteCertificateValidationCallback = (_, _, _, errors) => target.IsLoopback || errors == SslPolicyErrors.None,
    };

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].TrimEnd('.', '\r');

    // What is wrong with the answer, or null. It is read to its end: one that breaks off or stalls is not whole, whatever its first line promised,
    // and a server sees an ordinary client that has read its answer before it closes, and not one that resets.
    private string? ReadAnswer(Stream stream)
    {
        var buffer = new byte[MaxAnswerBytes];
        var length = 0;
        HealthAnswer answer = default;
        while (length < buffer.Length)
        {
            int received;
            var isCutOff = false;
            try
            {
                received = stream.Read(buffer.AsSpan(length));
            }
            catch (TimeoutException) when (answer.Status is not null)
            {
                return Judge(answer, $"has no end within {Seconds(timeout)}");
            }
            catch (Exception exception) when (exception is SocketException or IOException && answer.Status is not null)
            {
                (received, isCutOff) = (0, true);
            }

            if (received == 0)
            {
                return length == 0 ? "the connection was closed without an answer"
                    : Judge(answer, answer.IsWhole is null && !isCutOff ? null : "breaks off");
            }

            length += received;
            answer = HealthAnswer.In(buffer.AsSpan(0, length));
            if (answer.IsMalformed)
            {
                return "the answer is not HTTP/1.1";
            }

            if (answer.IsWhole == true)
            {
                return Judge(answer, null);
            }
        }

        return Judge(answer, answer.Status is null ? $"has a head of more than {MaxAnswerBytes} bytes" : null);
    }

    // A status that is none of a healthy server says more than what else is wrong.
    private static string? Judge(HealthAnswer answer, string? problem) =>
        answer is { Status: { } status, IsHealthy: false } ? string.Create(CultureInfo.InvariantCulture, $"the answer is {status}")
        : problem is null ? null
        : $"the answer {problem}";

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    private static void Wait(Socket socket, SelectMode mode, TimeSpan patience)
    {
        if (!IsReady(socket, mode, patience))
        {
            throw new TimeoutException();
        }
    }

    // Longer than a call to the system can wait, by turns.
    private static bool IsReady(Socket socket, SelectMode mode, TimeSpan patience)
    {
        for (; patience > LongestPoll; patience -= LongestPoll)
        {
            if (socket.Poll(LongestPoll, mode))
            {
                return true;
            }
        }

        return patience > TimeSpan.Zero && socket.Poll(patience, mode);
    }

    private TimeSpan TimeLeft() => timeout - Stopwatch.GetElapsedTime(_started) is { Ticks: > 0 } left ? left : TimeSpan.FromTicks(1);
}
