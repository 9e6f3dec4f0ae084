namespace PipeServer.Http;

/// <summary>
/// The pairs of one Cookie field, one after the other (RFC 6265 §4.2.1): separated by semicolons, each with a token for a name. What has no name or no equals
/// sign is passed over.
/// </summary>
internal ref struct CookiePairs(ReadOnlySpan<byte> field)
{
    private ReadOnlySpan<byte> _rest = field;

    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The value, without the quotes around all of it, if it has them (cookie-value in RFC 6265 §4.1.1).</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next pair.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = _rest.IndexOf((byte)';');
            var pair = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? default : _rest[(end + 1)..];
            var equals = pair.IndexOf((byte)'=');
            if (equals > 0 && HttpCharacters.TrimOws(pair[..equals]) is var name && HttpCharacters.IsToken(name))
            {
                Name = name;
                var value = HttpCharacters.TrimOws(pair[(equals + 1)..]);
                Value = value is [(byte)'"', .., (byte)'"'] ? value[1..^1] : value;
                return true;
            }
        }

        return false;
    }
}
