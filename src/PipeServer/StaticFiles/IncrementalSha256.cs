namespace PipeServer.StaticFiles;

/// <summary>SHA-256 of what comes in pieces. For one thread at a time.</summary>
internal sealed class IncrementalSha256
{
    private readonly uint[] _state = Sha256.Begin();
    private readonly byte[] _rest = new byte[Sha256.BlockBytes]; // of a block that is not whole yet
    private int _restBytes;
    private long _length;

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        _length += data.Length;
        if (_restBytes > 0)
        {
            var missing = data[..Math.Min(data.Length, Sha256.BlockBytes - _restBytes)];
            missing.CopyTo(_rest.AsSpan(_restBytes));
            _restBytes += missing.Length;
            data = data[missing.Length..];
            if (_restBytes < Sha256.BlockBytes)
            {
                return;
            }

            Sha256.Add(_state, _rest);
            _restBytes = 0;
        }

        for (; data.Length >= Sha256.BlockBytes; data = data[Sha256.BlockBytes..])
        {
            Sha256.Add(_state, data[..Sha256.BlockBytes]);
        }

        data.CopyTo(_rest);
        _restBytes = data.Length;
    }

    /// <summary>Writes the hash of all of them. Once, and nothing is added behind it.</summary>
    /// <param name="hash">Takes <see cref="Sha256.HashBytes"/> bytes.</param>
    public void Finish(Span<byte> hash) => Sha256.End(_state, _rest.AsSpan(0, _restBytes), _length, hash);
}
