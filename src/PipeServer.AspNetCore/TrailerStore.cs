using Microsoft.Extensions.Primitives;

namespace PipeServer.AspNetCore;

/// <summary>Trailers: of a request, read-only; of a response, until the application has ended.</summary>
internal sealed class TrailerStore : HeaderStore
{
    private bool _isReadOnly;

    public override bool IsReadOnly => _isReadOnly;

    /// <summary>Forgets all, and can be changed.</summary>
    public void Reset()
    {
        Forget();
        _isReadOnly = false;
    }

    /// <summary>Takes over the trailers of a request.</summary>
    public void Fill(HeaderCollection trailers)
    {
        Reset();
        foreach (var (name, value) in trailers)
        {
            this[name] = StringValues.Concat(this[name], value);
        }

        _isReadOnly = true;
    }

    /// <summary>Gives them to the server, behind the response's body.</summary>
    public void CopyTo(HttpResponse response)
    {
        _isReadOnly = true;
        foreach (var (name, value) in Fields)
        {
            for (var index = 0; index < value.Count; index++)
            {
                if (value[index] is { } text)
                {
                    response.Trailers.Add(name, text);
                }
            }
        }
    }

    protected override void BeforeChange()
    {
        if (_isReadOnly)
        {
            throw new InvalidOperationException("Trailers are read-only.");
        }
    }

    protected override void Check(string key, in StringValues value) => FieldRules.Check(key, value);
}
