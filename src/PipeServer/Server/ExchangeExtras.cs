namespace PipeServer.Server;

/// <summary>
/// What few requests need, made for the first of an exchange that does. An exchange that has never needed it pays one test for each request.
/// </summary>
/// <remarks>Belongs to the <see cref="Exchange"/>, and is forgotten with its request. Not thread-safe.</remarks>
internal sealed class ExchangeExtras
{
    /// <inheritdoc cref="HttpRequest.Items"/>
    public Dictionary<object, object?>? Items { get; set; }

    /// <summary>What the body may have at most, in bytes, in place of <see cref="ConnectionRules.MaxRequestBodyBytes"/>; null where that holds.</summary>
    public long? MaxBodyBytes { get; set; }

    /// <summary>The least rate of the request's body in place of <see cref="ConnectionRules.MinDataRate"/>; null where that holds.</summary>
    public int? MinBodyDataRate { get; set; }

    /// <summary>The same of the response.</summary>
    public int? MinResponseDataRate { get; set; }

    /// <summary>Forgets what the last request has left here.</summary>
    public void Reset()
    {
        Items = null;
        MaxBodyBytes = null;
        MinBodyDataRate = MinResponseDataRate = null;
    }
}
