using System.Net;

namespace PipeServer.Server;

/// <summary>A request in progress, as it is shown to people who watch the server; without its query, which may hold secrets.</summary>
/// <param name="request">Method and path as they were sent; a query is shown as <c>?…</c>.</param>
/// <param name="stage">Where it is.</param>
/// <param name="duration">Since its head was complete, to a beat.</param>
/// <param name="worker">The worker that runs its handler, or null.</param>
/// <param name="client">The client's address, where the transport knows one.</param>
internal sealed class RequestActivity(string request, RequestStage stage, TimeSpan duration, string? worker, EndPoint? client)
{
    public string Request => request;

    public RequestStage Stage => stage;

    public TimeSpan Duration => duration;

    public string? Worker => worker;

    public EndPoint? Client => client;

    /// <summary>What is said of an answer whose request is not known any more: it is written, and the client does not take it.</summary>
    public const string UnreadAnswer = "an answer that its client has not taken yet";

    /// <summary>Leaves the query out of a request in words, or of anything else that a job is described by: from the first question mark to a space.</summary>
    public static string WithoutQuery(string text)
    {
        var query = text.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            return text;
        }

        var end = text.IndexOf(' ', query);
        return $"{text.AsSpan(0, query)}?…{(end < 0 ? default : text.AsSpan(end))}";
    }
}
