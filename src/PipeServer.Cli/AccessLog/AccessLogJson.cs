using System.Text;

namespace PipeServer.Cli.AccessLog;

/// <summary>
/// The format <c>json</c>: an object a line, with all that the other formats have and what they have no directive for: the wait for a worker, the
/// worker, how the request has ended and why.
/// </summary>
internal static class AccessLogJson
{
    private const int MaxReasonBytes = 512;

    /// <summary>Writes the object.</summary>
    public static void Write(ref AccessLineBuilder line, in RequestCompletion completion, AccessLogClock clock)
    {
        var request = completion.Request;
        line.Append("{\"time\":\""u8);
        line.Append(clock.Rfc3339());
        line.Append("\",\"client\":\""u8);
        AccessLogValues.AppendClient(ref line, completion.RemoteEndPoint);
        line.Append("\",\"user\":"u8);
        AppendUser(ref line, request);
        line.Append(",\"request\":"u8);
        line.AppendJsonString(completion.RequestLine);
        line.Append(",\"host\":"u8);
        line.AppendJsonString(AccessLogValues.Host(request));
        line.Append(",\"status\":"u8);
        line.Append(AccessLogValues.Status(completion));
        line.Append(",\"bytesSent\":"u8);
        line.Append(completion.BodyBytesSent);
        line.Append(",\"bytesReceived\":"u8);
        line.Append(completion.BodyBytesReceived);
        if (completion.MessagesReceived is { } messagesReceived)
        {
            line.Append(",\"messagesSent\":"u8);
            line.Append(completion.MessagesSent ?? 0);
            line.Append(",\"messagesReceived\":"u8);
            line.Append(messagesReceived);
        }

        line.Append(",\"microseconds\":"u8);
        line.Append((long)completion.Duration.TotalMicroseconds);
        line.Append(",\"queueMicroseconds\":"u8);
        line.Append((long)completion.QueueWait.TotalMicroseconds);
        if (completion.Worker is { } worker)
        {
            line.Append(",\"worker\":"u8);
            line.Append(worker);
        }

        line.Append(",\"referer\":"u8);
        line.AppendJsonString(AccessLogValues.Field(request, "Referer"u8));
        line.Append(",\"userAgent\":"u8);
        line.AppendJsonString(AccessLogValues.Field(request, "User-Agent"u8));
        line.Append(",\"outcome\":\""u8);
        line.Append(completion.Outcome switch
        {
            RequestOutcome.Answered => "answered"u8,
            RequestOutcome.Refused => "refused"u8,
            RequestOutcome.Faulted => "faulted"u8,
            _ => "aborted"u8,
        });
        line.Append("\""u8);
        if (completion.Reason is { } reason)
        {
            Span<byte> text = stackalloc byte[MaxReasonBytes];
            _ = Encoding.UTF8.TryGetBytes(reason, text, out var length); // too long: none
            line.Append(",\"reason\":"u8);
            line.AppendJsonString(text[..length]);
        }

        if (AccessLogValues.Tls(completion) is { } tls)
        {
            AppendTls(ref line, tls);
        }

        line.Append("}"u8);
    }

    private static void AppendTls(ref AccessLineBuilder line, TlsConnectionInfo tls)
    {
        Span<byte> name = stackalloc byte[AccessLogValues.MaxNameBytes];
        line.Append(",\"tls\":{\"protocol\":\""u8);
        line.Append(AccessLogValues.Protocol(tls));
        line.Append("\",\"cipher\":"u8);
        line.AppendJsonString(name[..AccessLogValues.Read(tls.CipherSuite, name)]);
        line.Append(",\"serverName\":"u8);
        line.AppendJsonString(name[..AccessLogValues.Read(tls.ServerName, name)]);
        line.Append(tls.IsResumed ? ",\"resumed\":true"u8 : ",\"resumed\":false"u8);
        if (tls.ClientCertificate is not null)
        {
            line.Append(",\"clientSubject\":"u8);
            line.AppendJsonString(tls.ClientSubject);
        }

        line.Append("}"u8);
    }

    private static void AppendUser(ref AccessLineBuilder line, HttpRequest? request)
    {
        Span<byte> user = stackalloc byte[1024];
        line.AppendJsonString(user[..AccessLogValues.ReadUser(request, user)]);
    }
}
