using System.Buffers;

namespace PipeServer.Server.Http2;

/// <summary>The header block of a HEADERS frame that does not end it, until the last CONTINUATION (RFC 9113 §4.3). The owner's. A mutable struct.</summary>
internal struct HeaderBlock
{
    private byte[]? _bytes;
    private int _length;

    /// <summary>The stream whose block it is; 0 while there is none.</summary>
    public int StreamId { get; private set; }

    /// <summary>The HEADERS frame has said that the stream ends with it.</summary>
    public bool EndsStream { get; private set; }

    /// <summary>What has come of it.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Begins one.</summary>
    public void Begin(int streamId, bool endsStream) => (StreamId, EndsStream, _length) = (streamId, endsStream, 0);

    /// <summary>Adds a fragment; false, and nothing added, where it is more than that.</summary>
    public bool TryAdd(ReadOnlySpan<byte> fragment, int most)
    {
        if (_length + fragment.Length > most)
        {
            return false;
        }

        if (_bytes is null || _bytes.Length - _length < fragment.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(4096, (_length + fragment.Length) * 2));
            Bytes.CopyTo(larger);
            Return();
            _bytes = larger;
        }

        fragment.CopyTo(_bytes.AsSpan(_length));
        _length += fragment.Length;
        return true;
    }

    /// <summary>Ends it, and gives its memory back.</summary>
    public void End()
    {
        Return();
        (StreamId, _length) = (0, 0);
    }

    private void Return()
    {
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = null;
        }
    }
}
