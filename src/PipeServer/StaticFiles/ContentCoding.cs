namespace PipeServer.StaticFiles;

/// <summary>A content coding that a file may lie in beside itself, compressed beforehand.</summary>
/// <param name="Name">As in <c>Accept-Encoding</c> and <c>Content-Encoding</c>.</param>
/// <param name="Extension">What the sibling's name has behind the file's.</param>
internal sealed record ContentCoding(string Name, string Extension)
{
    /// <summary>RFC 7932.</summary>
    public static readonly ContentCoding Brotli = new("br", ".br");

    /// <summary>RFC 8878.</summary>
    public static readonly ContentCoding Zstandard = new("zstd", ".zst");

    /// <summary>RFC 1952.</summary>
    public static readonly ContentCoding Gzip = new("gzip", ".gz");

    /// <summary>In the order in which the server prefers them: the smallest result first.</summary>
    public static readonly IReadOnlyList<ContentCoding> All = [Brotli, Zstandard, Gzip];

    /// <summary>Finds, of the forms that there are, the one that a client wants most; the form without a coding is there already.</summary>
    /// <param name="field">The client's Accept-Encoding.</param>
    public ref struct Choice(ReadOnlySpan<char> field)
    {
        private readonly ReadOnlySpan<char> _field = field;
        private int _best = Weight(field, "identity");

        /// <summary>Whether a coding is wanted more than all before it. To be asked in the order of <see cref="All"/>.</summary>
        public bool Prefers(ContentCoding coding)
        {
            var weight = Weight(_field, coding.Name);
            if (weight == 0 || weight <= _best)
            {
                return false;
            }

            _best = weight;
            return true;
        }
    }

    /// <summary>
    /// How much a client wants this coding, from 0, not at all, to 1000 (RFC 9110 §12.5.3).
    /// Accept-Encoding = #( ( content-coding / "identity" / "*" ) [ weight ] )
    /// </summary>
    /// <param name="field">The field's value.</param>
    /// <param name="coding">A coding's name; or <c>identity</c>, which is wanted a little where nothing is said of it.</param>
    public static int Weight(ReadOnlySpan<char> field, string coding)
    {
        var others = coding == "identity" ? 1 : 0;
        foreach (var element in field.Split(','))
        {
            var item = field[element].Trim(" \t");
            var semicolon = item.IndexOf(';');
            var name = semicolon < 0 ? item : item[..semicolon].TrimEnd(" \t");
            var weight = semicolon < 0 ? QualityValue.Most : QualityValue.Of(item[(semicolon + 1)..]);
            if (name.Equals(coding, StringComparison.OrdinalIgnoreCase)
                || (coding == "gzip" && name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase)))
            {
                return weight;
            }

            if (name is "*")
            {
                others = coding == "identity" ? Math.Min(others, weight) : weight;
            }
        }

        return others;
    }
}
