using System.Text;

namespace PipeServer.Http;

/// <summary>
/// The rules that need the whole head of a request: framing, target, Host, Connection, Expect. Pure, like the parser.
/// </summary>
internal static class RequestRules
{
    /// <summary>
    /// Checks a head whose lines have all been parsed, and notes in it what follows. The order matters where a request breaks several
    /// rules: what makes the framing unsafe comes before what merely cannot be served.
    /// </summary>
    public static RequestError Check(RequestHead head)
    {
        var error = BodyFraming.Decide(head.Fields, head.MinorVersion, out var framing);
        if (error != RequestError.None)
        {
            return error;
        }

        head.Framing = framing;
        error = head.Target.Parse(head.TargetBytes, head.Method);
        return error != RequestError.None ? error : CheckFields(head);
    }

    /// <summary>The same for what <see cref="OrdinaryHead"/> has taken, whose target is right and known.</summary>
    public static RequestError CheckOrdinary(RequestHead head)
    {
        var error = BodyFraming.Decide(head.Fields, head.MinorVersion, out var framing);
        if (error != RequestError.None)
        {
            return error;
        }

        head.Framing = framing;
        return CheckFields(head);
    }

    /// <summary>
    /// The same for a head of HTTP/2, whose target is known, whose Host has been looked at, and which has no fields about its connection.
    /// </summary>
    /// <param name="head">The head.</param>
    /// <param name="endsStream">No body follows, whatever a field says.</param>
    public static RequestError CheckBlock(RequestHead head, bool endsStream)
    {
        if (endsStream && !head.Fields.HasBodyFields)
        {
            head.KeepAlive = true;
            head.NonFatalError = head.Target.PathError;
            return RequestError.None;
        }

        var error = BodyFraming.Decide(head.Fields, minorVersion: 1, out var framing);
        if (error != RequestError.None)
        {
            return error;
        }

        // RFC 9113 §8.1.1: the length must be that of the body, and nothing is not something.
        if (endsStream && framing.HasBody)
        {
            return RequestError.ContentLengthMismatch;
        }

        head.Framing = endsStream || framing.HasContentLength ? framing : new BodyFraming(IsChunked: true, ContentLength: 0, HasContentLength: false);
        head.KeepAlive = true;
        head.NonFatalError = head.Target.PathError != RequestError.None ? head.Target.PathError : ReadExpectation(head);
        return RequestError.None;
    }

    private static RequestError CheckFields(RequestHead head)
    {
        var error = CheckHost(head);
        if (error != RequestError.None)
        {
            return error;
        }

        ReadConnectionOptions(head);
        head.NonFatalError = head.Target.PathError != RequestError.None ? head.Target.PathError : ReadExpectation(head);
        return RequestError.None;
    }

    // RFC 9112 §3.2: exactly one valid Host in 1.1, at most one in 1.0. §3.2.2: the authority of an absolute target replaces it, whatever
    // it says. CONNECT names the tunnel's end, which need not be the host that is asked for it.
    private static RequestError CheckHost(RequestHead head)
    {
        var index = head.Fields.IndexOf(KnownHeader.Host);
        if (index < 0)
        {
            return head.MinorVersion == 0 ? RequestError.None : RequestError.MissingHost;
        }

        if (head.Fields.IndexOf(KnownHeader.Host, index + 1) >= 0)
        {
            return RequestError.SeveralHosts;
        }

        if (!Authority.TryParse(head.Fields.Value(index), out _))
        {
            return RequestError.BadHost;
        }

        if (head.Target.HasAuthority)
        {
            head.ReplaceHost(index);
        }

        return RequestError.None;
    }

    // RFC 9112 §9.3; Connection = #connection-option, over all its lines
    private static void ReadConnectionOptions(RequestHead head)
    {
        var close = false;
        var keepAlive = head.MinorVersion > 0;
        for (var index = head.Fields.IndexOf(KnownHeader.Connection);
            index >= 0;
            index = head.Fields.IndexOf(KnownHeader.Connection, index + 1))
        {
            var rest = head.Fields.Value(index);
            while (true)
            {
                var comma = rest.IndexOf((byte)',');
                var option = HttpCharacters.TrimOws(comma < 0 ? rest : rest[..comma]);
                close |= Ascii.EqualsIgnoreCase(option, "close"u8);
                keepAlive |= Ascii.EqualsIgnoreCase(option, "keep-alive"u8);
                if (comma < 0)
                {
                    break;
                }

                rest = rest[(comma + 1)..];
            }
        }

        head.KeepAlive = keepAlive && !close;
    }

    // RFC 9110 §10.1.1: a 1.0 client cannot understand 100, so its expectation of one is ignored, as is one without a body.
    private static RequestError ReadExpectation(RequestHead head)
    {
        for (var index = head.Fields.IndexOf(KnownHeader.Expect);
            index >= 0;
            index = head.Fields.IndexOf(KnownHeader.Expect, index + 1))
        {
            if (!Ascii.EqualsIgnoreCase(head.Fields.Value(index), "100-continue"u8))
            {
                return RequestError.UnsupportedExpectation;
            }

            head.ExpectsContinue = head.Framing.HasBody && !head.IsHttp10;
        }

        return RequestError.None;
    }
}
