using System.Buffers;
using PipeServer.Server;

namespace PipeServer.Cli.Sites;

/// <summary>
/// The files by which an ACME server finds that who asks for a certificate has the host (RFC 8555 §8.3), as <c>certbot --webroot</c> puts them into a
/// folder. They are served to everybody: the client that asks for them has no password, knows of no prefix, and comes by plain HTTP.
/// </summary>
internal static class AcmeChallenge
{
    // base64url, at least 128 bits of it.
    private static readonly SearchValues<byte> Token = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>Whether a request is for one of them, in plain text.</summary>
    public static bool IsAskedFor(HttpRequest request) =>
        IsOne(request.PathBytes) && request.Tls is null && request.Method is ("GET" or "HEAD");

    private static bool IsOne(ReadOnlySpan<byte> path) =>
        path.StartsWith(HttpsRedirects.Challenges) && path[HttpsRedirects.Challenges.Length..] is { IsEmpty: false } token && !token.ContainsAnyExcept(Token);
}
