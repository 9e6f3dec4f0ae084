namespace PipeServer.Diagnostics;

/// <summary>
/// Writes lines to a target in pieces that a pipe takes whole, and tells how many of them were not written whole. After half a line the next one begins
/// on a line of its own. Used by one thread at a time.
/// </summary>
/// <param name="target">Where to.</param>
/// <param name="chunkBytes">The largest piece, unless one line is longer.</param>
internal sealed class WholeLines(ILineTarget target, int chunkBytes)
{
    /// <summary>PIPE_BUF: a pipe takes that much whole or not at all, so that lines of several writers are not mixed.</summary>
    public const int PipeBytes = 4096;

    private bool _isMidLine;

    /// <summary>The system's error number of the last piece, or 0.</summary>
    public int Error { get; private set; }

    /// <summary>Writes one piece, and takes it off.</summary>
    /// <param name="lines">Whole lines, not empty.</param>
    /// <param name="count">How many lines the piece has.</param>
    /// <returns>How many of them were not written whole.</returns>
    public long WriteNext(ref ReadOnlySpan<byte> lines, out long count)
    {
        var chunk = lines[..ChunkLength(lines)];
        lines = lines[chunk.Length..];
        count = chunk.Count((byte)'\n');
        return count - Write(chunk);
    }

    /// <summary>Writes lines as one piece.</summary>
    /// <returns>How many were written whole.</returns>
    public long Write(ReadOnlySpan<byte> chunk)
    {
        if (_isMidLine && (Error = target.Write("\n"u8, out _)) != 0)
        {
            return 0;
        }

        _isMidLine = false;
        if ((Error = target.Write(chunk, out var written)) == 0)
        {
            return chunk.Count((byte)'\n');
        }

        _isMidLine = written > 0 && chunk[written - 1] != '\n';
        return chunk[..written].Count((byte)'\n');
    }

    // As many whole lines as fit; one that is longer goes alone.
    private int ChunkLength(ReadOnlySpan<byte> lines)
    {
        if (lines.Length <= chunkBytes)
        {
            return lines.Length;
        }

        var last = lines[..chunkBytes].LastIndexOf((byte)'\n');
        return (last >= 0 ? last : lines.IndexOf((byte)'\n')) + 1;
    }
}
