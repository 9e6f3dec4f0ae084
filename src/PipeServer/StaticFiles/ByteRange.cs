namespace PipeServer.StaticFiles;

/// <summary>A part of a file.</summary>
/// <param name="Start">The first byte's offset.</param>
/// <param name="Length">How many bytes, at least one.</param>
internal readonly record struct ByteRange(long Start, long Length)
{
    public long End => Start + Length;
}
