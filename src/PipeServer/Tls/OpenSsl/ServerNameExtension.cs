using System.Buffers;
using System.Buffers.Binary;

namespace PipeServer.Tls.OpenSsl;

/// <summary>The extension by which a client says which name it asks for (RFC 6066 §3).</summary>
internal static class ServerNameExtension
{
    /// <summary>Its number.</summary>
    public const uint Type = 0;

    private const int MaxNameLength = 255; // of a name in the DNS, RFC 1035 §2.3.4

    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"u8);

    /// <summary>Reads it.</summary>
    /// <param name="extension">Its content.</param>
    /// <param name="name">The name in lower case, without a dot at its end; null where it is none that a host can have.</param>
    /// <returns>False where the content is not what the RFC says.</returns>
    public static bool TryParse(ReadOnlySpan<byte> extension, out string? name)
    {
        name = null;

        // A list of names, of which only the type 0, a host's, was ever defined, and of which there must be one only.
        if (extension.Length < 5
            || BinaryPrimitives.ReadUInt16BigEndian(extension) != extension.Length - 2
            || extension[2] != 0
            || BinaryPrimitives.ReadUInt16BigEndian(extension[3..]) != extension.Length - 5
            || extension.Length == 5)
        {
            return false;
        }

        var host = extension[5..];
        if (host[^1] == (byte)'.')
        {
            host = host[..^1];
        }

        if (host.Length is > 0 and <= MaxNameLength && !host.ContainsAnyExcept(NameBytes))
        {
            name = string.Create(host.Length, host, static (text, bytes) =>
            {
                for (var i = 0; i < text.Length; i++)
                {
                    text[i] = char.ToLowerInvariant((char)bytes[i]);
                }
            });
        }

        return true;
    }
}
