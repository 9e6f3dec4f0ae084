namespace PipeServer.Server;

/// <summary>How many requests of one method are being answered now.</summary>
/// <param name="Method">The method; <c>_OTHER</c> for all that are not of RFC 9110 §9.3 or RFC 5789.</param>
/// <param name="Count">So many. A connection of HTTP/1 answers one at a time, whatever is buffered behind it; one of HTTP/2 each of its streams.</param>
/// <param name="IsHttps">Over an encrypted connection.</param>
internal sealed record ActiveRequests(string Method, long Count, bool IsHttps = false);
