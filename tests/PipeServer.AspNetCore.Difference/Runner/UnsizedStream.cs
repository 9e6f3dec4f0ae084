namespace Difference.Runner;

/// <summary>A body of which the client does not know the length.</summary>
internal sealed class UnsizedStream(byte[] bytes) : MemoryStream(bytes)
{
    public override bool CanSeek => false;
}
