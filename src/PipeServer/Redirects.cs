using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer;

/// <summary>Answers that send the client elsewhere.</summary>
public static class Redirects
{
    /// <summary>
    /// Sends the client elsewhere: status, <c>Location</c> (RFC 9110 §10.2.2) and a line of text. For GET and HEAD all statuses do; another method becomes
    /// GET with 303, mostly with 301 and 302, and stays with 307 and 308. Clients and caches may keep 301 and 308 for good.
    /// </summary>
    /// <remarks>
    /// A location that a client has a say in can lead to anybody's site: check that with <see cref="IsLocal"/> first.
    /// </remarks>
    /// <param name="response">The response.</param>
    /// <param name="location">A URI, or a reference to one, like <c>/login?next=%2F</c>. What is not ASCII in it is percent-encoded as UTF-8.</param>
    /// <param name="statusCode">301, 302, 303, 307 or 308.</param>
    /// <exception cref="ArgumentException">
    /// The location is no URI reference (RFC 3986 §4.1): it is empty, or has a control character, a space or another character in it that must be encoded.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The status is none of these.</exception>
    /// <exception cref="InvalidOperationException">The response has been started, or its body was begun.</exception>
    public static void Redirect(this HttpResponse response, string location, int statusCode = 302)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(location);
        if (statusCode is not (301 or 302 or 303 or 307 or 308))
        {
            throw new ArgumentOutOfRangeException(nameof(statusCode), statusCode, "A redirect has status 301, 302, 303, 307 or 308.");
        }

        var encoded = RedirectLocation.Encode(location);
        response.ThrowIfStarted();
        if (response.ContentLength is not null || response.Body is ResponseWriter { HasBufferedBytes: true })
        {
            throw new InvalidOperationException("A redirect has a body of its own: Clear() what was set before.");
        }

        response.StatusCode = statusCode;
        response.Headers["Location"] = encoded;
        response.ContentType = "text/plain; charset=utf-8";
        response.WriteText($"{statusCode} {StatusLine.ReasonPhrase(statusCode)}: see Location.\n");
    }

    /// <summary>
    /// True for a location that stays on this host: a path with one slash at its beginning, and with a query and a fragment if it likes. What begins with two
    /// slashes or a slash and a backslash leads elsewhere in browsers.
    /// </summary>
    public static bool IsLocal(string? location) => RedirectLocation.IsLocal(location);
}
