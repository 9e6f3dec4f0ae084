using System.Text;

namespace PipeServer.Http.Hpack;

/// <summary>The fields of RFC 7541 Appendix A. Immutable.</summary>
internal sealed class StaticTable
{
    /// <summary>How many there are. Indexes start at 1.</summary>
    public const int Count = 61;

    /// <summary>Indexes of names that are treated in ways of their own.</summary>
    public const int Authorization = 23, ContentLength = 28, ContentType = 31, Cookie = 32, ProxyAuthorization = 49, SetCookie = 55;

    private const int LongestName = 27;

    private readonly HpackField[] _fields = new HpackField[Count + 1];

    // Names by their length: where those of a length begin in the second, which has the index of each that a response may have.
    private readonly byte[] _starts = new byte[LongestName + 2];
    private readonly List<byte> _names = [];

    private StaticTable()
    {
        var bytes = new List<byte>();
        _fields[0] = default(HpackField) with { Start = -1 };
        for (var index = 1; index <= Count; index++)
        {
            var (name, value) = Rows[index - 1];
            var start = bytes.Count;
            bytes.AddRange(Encoding.ASCII.GetBytes(name));
            bytes.AddRange(Encoding.ASCII.GetBytes(value));
            var field = FieldRules.Name(Encoding.ASCII.GetBytes(name)) with { Start = start, ValueLength = value.Length };
            _fields[index] = FieldRules.WithValue(field, Encoding.ASCII.GetBytes(value));
        }

        Bytes = [.. bytes];
        for (var length = 0; length <= LongestName; length++)
        {
            _starts[length] = (byte)_names.Count;
            _names.AddRange(Enumerable.Range(1, Count)
                .Where(index => _fields[index].NameLength == length && _fields[index].Kind < FieldKind.Method)
                .Select(static index => (byte)index));
        }

        _starts[LongestName + 1] = (byte)_names.Count;
    }

    /// <summary>The only one.</summary>
    public static StaticTable Shared { get; } = new();

    /// <summary>What the fields lie in.</summary>
    public byte[] Bytes { get; }

    /// <summary>A field, by its index from 1 on; 0 is none, and has a negative start.</summary>
    public ref readonly HpackField this[int index] => ref _fields[index];

    /// <summary>The index of a field with this name, in any case; 0 where there is none. Not for pseudo-headers.</summary>
    public int FindName(ReadOnlySpan<byte> name)
    {
        if (name.Length <= LongestName)
        {
            var end = _starts[name.Length + 1];
            for (var place = _starts[name.Length]; place < end; place++)
            {
                ref readonly var field = ref _fields[_names[place]];
                if (Bytes[field.Start] == (name[0] | 0x20) && Ascii.EqualsIgnoreCase(Bytes.AsSpan(field.Start, field.NameLength), name))
                {
                    return _names[place];
                }
            }
        }

        return 0;
    }

    private static (string Name, string Value)[] Rows =>
    [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"), (":scheme", "https"),
        (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"),
        ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""), ("content-disposition", ""),
        ("content-encoding", ""), ("content-language", ""), ("content-length", ""), ("content-location", ""), ("content-range", ""),
        ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
        ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
        ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""),
        ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
        ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ];
}
