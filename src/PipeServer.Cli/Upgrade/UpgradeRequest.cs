using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using PipeServer.Cli.Admin;

namespace PipeServer.Cli.Upgrade;

/// <summary>Asks a running server to upgrade itself, and learns what came of it. On the calling thread.</summary>
/// <param name="timeout">How long all of it may take.</param>
internal sealed partial class UpgradeRequest(TimeSpan timeout)
{
    private const int SIGUSR2 = SignalRelay.SIGUSR2;
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMinutes(30); // in microseconds it fits into the int of Socket.Poll

    private readonly long _started = Stopwatch.GetTimestamp();

    private TimeSpan TimeLeft => timeout - Stopwatch.GetElapsedTime(_started);

    private string TooLate => string.Create(CultureInfo.InvariantCulture, $"it is not known after {timeout.TotalSeconds:0.###} s what came of it");

    /// <summary>By SIGUSR2 to the process of a PID file, which names another one once that serves.</summary>
    /// <returns>What is wrong, or who serves.</returns>
    public async Task<(string? Problem, int Process)> SignalAsync(string pidFile)
    {
        if (!OperatingSystem.IsLinux())
        {
            return ("an upgrade in place is for Linux", 0);
        }

        if (PidFile.Read(pidFile) is not { } process)
        {
            return ($"{pidFile} has no number of a process. It must be the --pid-file of a server that runs", 0);
        }

        var before = PidFile.ReadFailure(pidFile);
        if (kill(process, SIGUSR2) != 0)
        {
            return ($"process {process} of {pidFile} cannot be told: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}", 0);
        }

        while (TimeLeft > TimeSpan.Zero)
        {
            if (PidFile.Read(pidFile) is { } next && next != process)
            {
                return (null, next);
            }

            // The time in front, and why.
            if (PidFile.ReadFailure(pidFile) is { Length: > 0 } failure && failure != before)
            {
                return (failure[(failure.IndexOf(' ', StringComparison.Ordinal) + 1)..], 0);
            }

            if (kill(process, 0) != 0)
            {
                return ($"process {process} has ended, and {pidFile} names no other one", 0);
            }

            await Task.Delay(Glance).ConfigureAwait(false);
        }

        return (TooLate, 0);
    }

    /// <summary>By a request to the admin side, which answers once it is known.</summary>
    /// <returns>What is wrong, or who serves.</returns>
    public (string? Problem, int Process) Post(string place)
    {
        try
        {
            _ = AdminAddress.TryParse(place, out var address);
            var endPoint = address!.Endpoint.IsLocalhost ? new IPEndPoint(IPAddress.Loopback, address.Endpoint.Port!.Value) : address.Endpoint.Place;
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(endPoint);
            socket.Send("POST /upgrade HTTP/1.1\r\nHost: localhost\r\nX-PipeServer-Admin: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8);
            return Read(socket);
        }
        catch (SocketException exception)
        {
            return ($"the admin side at {place}: {exception.Message}", 0);
        }
    }

    private (string? Problem, int Process) Read(Socket socket)
    {
        var buffer = new byte[MaxAnswerBytes];
        var length = 0;
        int count;
        do
        {
            var left = TimeLeft;
            if (left <= TimeSpan.Zero || !socket.Poll(left < LongestPoll ? left : LongestPoll, SelectMode.SelectRead))
            {
                return (TooLate, 0);
            }

            count = socket.Receive(buffer.AsSpan(length));
            length += count;
        }
        while (count > 0 && length < buffer.Length && HealthAnswer.In(buffer.AsSpan(0, length)).IsWhole != true);
        var answer = HealthAnswer.In(buffer.AsSpan(0, length));
        var text = Encoding.UTF8.GetString(buffer, 0, length);
        var body = text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end ? end + 4 : 0)..];
        try
        {
            if (answer.Status is 200 or 409 or 422)
            {
                using var json = JsonDocument.Parse(body);
                return answer.Status == 200
                    ? (null, json.RootElement.GetProperty("process").GetInt32())
                    : (json.RootElement.GetProperty("problem").GetString(), 0);
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Another server: told below.
        }

        return (answer.Status switch
        {
            401 => "the admin side wants a user and a password: curl -u USER -X POST -H 'X-PipeServer-Admin: 1' http://…/upgrade",
            null => "the admin side has not answered",
            var status => $"the admin side answers {status}",
        }, 0);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);
}
