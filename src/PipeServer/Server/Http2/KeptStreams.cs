using System.Runtime.CompilerServices;
using Microsoft.Extensions.ObjectPool;

namespace PipeServer.Server.Http2;

/// <summary>The objects for streams that a busy connection keeps from one request to the next; one that is idle keeps none. The owner's.</summary>
/// <param name="pool">Where they come from, and go.</param>
internal sealed class KeptStreams(ObjectPool<Http2Stream> pool)
{
    private const int Most = 64;

    private Http2Stream? _first;
    private int _count;

    /// <summary>One that carries no request.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Http2Stream Rent()
    {
        if (_first is not { } stream)
        {
            return pool.Get();
        }

        (_first, stream.NextInList) = (stream.NextInList, null);
        _count--;
        return stream;
    }

    /// <summary>Takes one back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Return(Http2Stream stream)
    {
        if (_count < Most)
        {
            _count++;
            (stream.NextInList, _first) = (_first, stream);
        }
        else
        {
            stream.ReleaseMemory();
            pool.Return(stream);
        }
    }

    /// <summary>Gives all of them back.</summary>
    public void Release()
    {
        while (_first is { } stream)
        {
            (_first, stream.NextInList) = (stream.NextInList, null);
            stream.ReleaseMemory();
            pool.Return(stream);
        }

        _count = 0;
    }
}
