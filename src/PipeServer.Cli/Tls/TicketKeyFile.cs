using PipeServer.Tls;

namespace PipeServer.Cli.Tls;

/// <summary>A file of <c>--tls-ticket-keys</c>, as nginx has it too: 80 random bytes.</summary>
internal static class TicketKeyFile
{
    /// <summary>Reads the key.</summary>
    /// <exception cref="InvalidDataException">The file has another length; the message tells the way out.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ReadOnlyMemory<byte> Read(string path)
    {
        var bytes = PemFile.ReadBytes(path);
        return bytes.Length == TlsOptions.TicketKeyBytes
            ? bytes
            : throw new InvalidDataException(
                $"{path} must have {TlsOptions.TicketKeyBytes} bytes, and has {bytes.Length}. "
                + $"'openssl rand {TlsOptions.TicketKeyBytes} > FILE' makes such a key.");
    }
}
