using System.Runtime.CompilerServices;

namespace PipeServer.Server.Http2;

/// <summary>
/// The streams of a connection whose reset waits until its output is free, in their order. The owner's. A stream is in it once at most. A mutable struct: it
/// must be a field.
/// </summary>
internal struct LateResets
{
    private List<Http2Stream>? _streams; // few connections ever have one

    /// <summary>Puts a stream behind the others, unless it waits already.</summary>
    public void Add(Http2Stream stream)
    {
        _streams ??= [];
        if (!_streams.Contains(stream))
        {
            _streams.Add(stream);
        }
    }

    /// <summary>The stream is reset, or gone.</summary>
    public readonly void Remove(Http2Stream stream) => _streams?.Remove(stream);

    /// <summary>The connection is gone.</summary>
    public readonly void Clear() => _streams?.Clear();

    /// <summary>The output is free: the connection looks at each of them again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Look(Http2Connection connection)
    {
        if (_streams is { Count: > 0 })
        {
            LookAtAll(connection);
        }
    }

    private readonly void LookAtAll(Http2Connection connection)
    {
        while (_streams is { Count: > 0 })
        {
            var stream = _streams[0];
            _streams.RemoveAt(0);
            connection.Look(stream);
        }
    }
}
