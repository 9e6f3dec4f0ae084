using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>What a response was before JSON was written to it: it can be so again as long as nothing has been sent, and nothing was written before.</summary>
internal readonly struct JsonUndo(HttpResponse response, ResponseWriter body)
{
    private readonly bool _isPossible = !body.HasStarted && !body.HasBufferedBytes;
    private readonly bool _hadType = body.HasStarted || response.TypeLine is not null || response.ListedFields.Has(KnownHeader.ContentType);

    /// <summary>Forgets the JSON.</summary>
    public void Apply()
    {
        if (!_isPossible || body.HasStarted)
        {
            return;
        }

        body.Reset();
        if (!_hadType)
        {
            response.ContentType = null;
        }
    }
}
