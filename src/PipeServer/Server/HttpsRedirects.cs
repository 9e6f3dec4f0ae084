using System.Buffers;
using System.Globalization;
using System.Text;
using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer.Server;

/// <summary>
/// Answers the requests of a <see cref="RedirectedConnection"/> with 308 to the same place by https (RFC 9110 §15.4.9), whatever their method. What a
/// certificate is asked for by stays in plain text, and health checks do.
/// </summary>
internal sealed class HttpsRedirects(HttpServerOptions options)
{
    private const int HttpsPort = 443;

    // For as long as clients need not ask again. Longer, one that was wrong would stay with them.
    private const string CacheControl = "max-age=3600";

    private static readonly RouteHandler Answered = new(static (_, _) => ValueTask.CompletedTask, Dispatch.Inline);

    // Of a name that DNS has. A Host field may have more in it, and none of that leads anywhere.
    private static readonly SearchValues<byte> Name = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    /// <summary>Where an ACME server looks for the proof that a host is who asks for its certificate (RFC 8555 §8.3).</summary>
    public static ReadOnlySpan<byte> Challenges => "/.well-known/acme-challenge/"u8;

    /// <summary>What the options want; null where no endpoint redirects.</summary>
    public static HttpsRedirects? For(HttpServerOptions options) =>
        options.Endpoints.Any(static endpoint => endpoint.HttpsRedirectPort is not null) ? new HttpsRedirects(options) : null;

    /// <summary>Answers a request, if it is one that is redirected.</summary>
    public bool TryAnswer(Exchange exchange)
    {
        if (exchange.Connection.Transport is not RedirectedConnection connection || exchange.IsHttps
            || exchange.Head.Target.Form > TargetForm.Absolute || exchange.Head.NonFatalError != RequestError.None
            || exchange.Head.Path.StartsWith(Challenges) || (options.HealthChecks && HealthPaths.IsOne(exchange.Head.Path)))
        {
            return false;
        }

        try
        {
            if (options.ShouldRedirect is { } shouldRedirect && !shouldRedirect(exchange.Request))
            {
                return false;
            }

            Answer(exchange, connection.Port);
        }
#pragma warning disable CA1031 // The owner's code: as for a handler, it is answered 500.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            exchange.Fault = exception;
        }

        (exchange.Handler, exchange.Request.Route) = (Answered, null);
        return true;
    }

    private static void Answer(Exchange exchange, int port)
    {
        var (head, response) = (exchange.Head, exchange.Response);
        if (!Authority.TryParse(head.Host, out var authority) || (authority.Host[0] != (byte)'[' && authority.Host.ContainsAnyExcept(Name)))
        {
            response.StatusCode = 400;
            response.WriteText("400 Bad Request: the way to https needs the name of a host.\n");
            return;
        }

        response.StatusCode = 308;
        response.Headers["Cache-Control"] = CacheControl;
        response.ListedFields.Append("Location"u8, Location(authority.Host, port, Rest(head)), KnownHeader.Other);
    }

    // The target from its path on, byte for byte. One in absolute form may have none (RFC 9110 §4.2.3).
    private static ReadOnlySpan<byte> Rest(RequestHead head) =>
        head.Target.HasAuthority ? head.TargetBytes[(head.Target.AuthorityStart + head.Target.AuthorityLength)..] : head.TargetBytes;

    private static byte[] Location(ReadOnlySpan<byte> host, int port, ReadOnlySpan<byte> rest)
    {
        var location = new ArrayBufferWriter<byte>(host.Length + rest.Length + "https://:65535/".Length);
        location.Write("https://"u8);
        location.Write(host);
        if (port != HttpsPort)
        {
            location.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $":{port}")));
        }

        if (rest.IsEmpty || rest[0] != (byte)'/')
        {
            location.Write("/"u8);
        }

        location.Write(rest);
        return location.WrittenSpan.ToArray();
    }
}
