namespace PipeServer.Http;

/// <summary>RFC 3986 §2.1: pct-encoded = "%" HEXDIG HEXDIG</summary>
internal static class PercentEncoding
{
    /// <summary>Decodes the escape at the start of the bytes.</summary>
    /// <returns>
    /// False when the escape is cut short or malformed, or stands for NUL, CR or LF. Those have no use in a path or a host, and a program
    /// that decodes them carelessly gets a string that ends early, or a line that the sender made up.
    /// </returns>
    public static bool TryDecode(ReadOnlySpan<byte> escape, out byte value)
    {
        value = 0;
        if (escape.Length < 3)
        {
            return false;
        }

        var high = HttpCharacters.HexValue(escape[1]);
        var low = HttpCharacters.HexValue(escape[2]);
        value = (byte)((high << 4) | low);
        return (high | low) >= 0 && value is not (0 or (byte)'\r' or (byte)'\n');
    }

    /// <summary>True when every <c>%</c> begins an escape that <see cref="TryDecode"/> takes.</summary>
    public static bool IsValid(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var percent = bytes.IndexOf((byte)'%');
            if (percent < 0)
            {
                return true;
            }

            if (!TryDecode(bytes[percent..], out _))
            {
                return false;
            }

            bytes = bytes[(percent + 3)..];
        }
    }
}
