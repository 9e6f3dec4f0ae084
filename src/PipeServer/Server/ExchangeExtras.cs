namespace PipeServer.Server;

/// <summary>
/// What few requests need, made for the first of an exchange that does. An exchange that has never needed it pays one test for each request.
/// </summary>
/// <remarks>Belongs to the <see cref="Exchange"/>, and is forgotten with its request. Not thread-safe.</remarks>
internal sealed class ExchangeExtras
{
    /// <inheritdoc cref="HttpRequest.Items"/>
    public Dictionary<object, object?>? Items { get; set; }

    /// <summary>What is spoken on the connection that the handler has taken over; null for what is none of the server's business.</summary>
    public ISwitchedProtocol? Switched { get; set; }

    /// <summary>Forgets what the last request has left here.</summary>
    public void Reset()
    {
        Items = null;
        Switched = null;
    }
}
