using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>
/// The fields behind a request's body, twice: the owner fills in what has come while the handler may already look at its own, which are empty until it has
/// read the body to its end.
/// </summary>
internal sealed class BodyTrailers
{
    private bool _hasCome;

    /// <summary>What has come; the owner's.</summary>
    public HeaderFields Received { get; } = new();

    /// <summary>What the handler sees: without those that have no meaning behind a body (RFC 9110 §6.5.1).</summary>
    public HeaderFields Fields { get; } = new();

    /// <summary>The owner has filled them in.</summary>
    public void SetCome() => _hasCome = true;

    /// <summary>The body has been read to its end.</summary>
    public void Show()
    {
        if (!_hasCome)
        {
            return;
        }

        _hasCome = false;
        for (var index = 0; index < Received.Count; index++)
        {
            if (!TrailerFields.IsForbidden(Received.Name(index)))
            {
                Fields.Append(Received.Name(index), Received.Value(index));
            }
        }
    }

    /// <summary>Forgets both.</summary>
    public void Clear()
    {
        _hasCome = false;
        Received.Clear();
        Received.Release();
        Fields.Clear();
        Fields.Release();
    }
}
