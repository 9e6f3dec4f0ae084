namespace HashFolder;

/// <summary>A line as <c>sha256sum</c> writes and <c>sha256sum -c</c> reads it.</summary>
internal static class SumLine
{
    /// <summary>
    /// Hash, two blanks, name. A name with a line end or a backslash has these escaped, and its line begins with a backslash that says so.
    /// </summary>
    public static string Format(ReadOnlySpan<byte> hash, string name)
    {
        var escaped = name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("\r", "\\r", StringComparison.Ordinal);
        return $"{(escaped.Length == name.Length ? "" : "\\")}{Convert.ToHexStringLower(hash)}  {escaped}";
    }
}
