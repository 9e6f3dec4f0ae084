using System.Diagnostics.CodeAnalysis;

namespace PipeServer.Http.Hpack;

/// <summary>Decodes the header blocks of one connection, in their order (RFC 7541). Never throws on input. Not thread-safe.</summary>
[SuppressMessage("Performance", "CA1822", Justification = "Not written yet.")]
internal sealed class HpackDecoder
{
    /// <summary>Makes it ready for the next connection, and gives back what is large.</summary>
    public void Reset()
    {
    }

    /// <summary>Decodes the block of a request into a head that is reset.</summary>
    /// <param name="block">All fragments of the block, joined.</param>
    /// <param name="head">Gets the fields, and all that follows from them; keeps copies of all bytes.</param>
    /// <param name="endsStream">No body follows.</param>
    /// <param name="limits">What a head may have.</param>
    public HeadStatus DecodeRequest(ReadOnlySpan<byte> block, RequestHead head, bool endsStream, in RequestLimits limits) => throw new NotSupportedException();

    /// <summary>Decodes the block behind a body. Fields that may not stand there are dropped, as <see cref="TrailerFields"/> does.</summary>
    public HeadStatus DecodeTrailers(ReadOnlySpan<byte> block, HeaderFields trailers, in RequestLimits limits) => throw new NotSupportedException();

    /// <summary>Keeps the dynamic table right by a block that nobody wants. <see cref="HeadStatus.Complete"/> or <see cref="HeadStatus.CompressionError"/>.</summary>
    public HeadStatus Skip(ReadOnlySpan<byte> block) => throw new NotSupportedException();
}
