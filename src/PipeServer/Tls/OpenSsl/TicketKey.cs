using System.Runtime.CompilerServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>What session tickets are encrypted with, in the layout of nginx's files: 16 bytes of name, 32 for HMAC-SHA-256, 32 for AES-256.</summary>
internal sealed class TicketKey
{
    /// <summary>How long such a key is.</summary>
    public const int Length = TlsOptions.TicketKeyBytes;

    /// <summary>How long its name is.</summary>
    public const int NameLength = 16;

    private readonly Bytes _bytes;

    /// <summary>Takes a copy.</summary>
    public TicketKey(ReadOnlySpan<byte> key) => key[..Length].CopyTo(_bytes);

    /// <summary>Writes it out as it was taken.</summary>
    public void CopyTo(Span<byte> key) => ((ReadOnlySpan<byte>)_bytes).CopyTo(key);

    /// <summary>The name, which stands in each ticket.</summary>
    public ReadOnlySpan<byte> Name => ((ReadOnlySpan<byte>)_bytes)[..NameLength];

    /// <summary>The key of the checksum.</summary>
    public ReadOnlySpan<byte> Mac => ((ReadOnlySpan<byte>)_bytes).Slice(NameLength, 32);

    /// <summary>The key of the cipher.</summary>
    public ReadOnlySpan<byte> Cipher => ((ReadOnlySpan<byte>)_bytes).Slice(NameLength + 32, 32);

    [InlineArray(Length)]
    private struct Bytes
    {
        private byte _first;
    }
}
