using System.Text;

namespace PipeServer.Tls;

/// <summary>
/// Reads files of certificates and keys as openssl writes and reads them: blocks with any text between them, lines that end in either way, and the
/// headers that old keys have.
/// </summary>
internal static class PemFile
{
    // All authorities that browsers know are a quarter of it.
    private const int MaxBytes = 1024 * 1024;

    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";

    /// <summary>Reads all bytes of a file that cannot be a large one.</summary>
    /// <exception cref="InvalidDataException">It is larger than a megabyte.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] ReadBytes(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"{path} is a folder, and a file is wanted."); // to open it would be called forbidden
        }

        using var stream = File.OpenRead(path);
        var bytes = new byte[MaxBytes + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length > MaxBytes
            ? throw new InvalidDataException($"{path} is larger than {MaxBytes} bytes, so it cannot be a file of certificates or keys.")
            : bytes[..length];
    }

    /// <summary>Reads the blocks of a file, in their order.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or a block of it is damaged; the message names the file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static List<PemBlock> Read(string path)
    {
        var bytes = ReadBytes(path);
        if (bytes is [0x30, >= 0x80, ..])
        {
            throw new InvalidDataException(
                $"{path} is in binary form (DER), and PEM is wanted: 'openssl x509 -inform der -in FILE' makes it of a certificate, 'openssl pkey -inform der "
                + "-in FILE' of a key; a PKCS#12 file (.p12, .pfx) is another kind, and is named as such.");
        }

        var text = Encoding.Latin1.GetString(bytes);
        var blocks = new List<PemBlock>();
        for (var at = 0; (at = text.IndexOf(Begin, at, StringComparison.Ordinal)) >= 0;)
        {
            blocks.Add(ReadBlock(path, text, ref at));
        }

        return blocks;
    }

    private static PemBlock ReadBlock(string path, string text, ref int at)
    {
        var line = 1 + text.AsSpan(0, at).Count('\n');
        var label = at + Begin.Length;
        var labelEnd = text.IndexOf(Dashes, label, StringComparison.Ordinal);
        if (labelEnd < 0 || text.AsSpan(label, labelEnd - label).Contains('\n'))
        {
            throw new InvalidDataException($"{path}, line {line}: the line that begins a block has no end; it must be like -----BEGIN CERTIFICATE-----.");
        }

        var name = text[label..labelEnd];
        var body = labelEnd + Dashes.Length;
        var end = text.IndexOf($"{End}{name}{Dashes}", body, StringComparison.Ordinal);
        if (end < 0 || text.IndexOf(Begin, body, StringComparison.Ordinal) is >= 0 and var next && next < end)
        {
            throw new InvalidDataException($"{path}, line {line}: this block has no end: the file is cut off, or was put together without line ends.");
        }

        at = end + End.Length;
        var content = text.AsSpan(body, end - body);
        if (name == "ENCRYPTED PRIVATE KEY" || content.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            return new PemBlock(name, [], IsEncrypted: true);
        }

        try
        {
            return new PemBlock(name, Convert.FromBase64String(content.ToString()), IsEncrypted: false);
        }
        catch (FormatException exception)
        {
            throw new InvalidDataException($"{path}, line {line}: this block is damaged: it is not Base64.", exception);
        }
    }
}
