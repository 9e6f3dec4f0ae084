namespace PipeServer.Fuzz.Http2;

/// <summary>The static and the dynamic table of RFC 7541 §2.3, as one list.</summary>
internal sealed class NaiveTable
{
    private const string StaticText =
        """
        :authority
        :method|GET
        :method|POST
        :path|/
        :path|/index.html
        :scheme|http
        :scheme|https
        :status|200
        :status|204
        :status|206
        :status|304
        :status|400
        :status|404
        :status|500
        accept-charset
        accept-encoding|gzip, deflate
        accept-language
        accept-ranges
        accept
        access-control-allow-origin
        age
        allow
        authorization
        cache-control
        content-disposition
        content-encoding
        content-language
        content-length
        content-location
        content-range
        content-type
        cookie
        date
        etag
        expect
        expires
        from
        host
        if-match
        if-modified-since
        if-none-match
        if-range
        if-unmodified-since
        last-modified
        link
        location
        max-forwards
        proxy-authenticate
        proxy-authorization
        range
        referer
        refresh
        retry-after
        server
        set-cookie
        strict-transport-security
        transfer-encoding
        user-agent
        vary
        via
        www-authenticate
        """;

    private readonly List<Field> _dynamic = [];

    /// <summary>The entries that everybody has: number one is the first.</summary>
    public static IReadOnlyList<Field> Static { get; } = [.. StaticText.Split('\n').Select(static line => line.Trim().Split('|')).Select(static parts => new Field(parts[0], parts.ElementAtOrDefault(1) ?? ""))];

    /// <summary>The bound of the dynamic table.</summary>
    public int MaxSize { get; private set; } = 4096;

    /// <summary>How many entries the dynamic table has.</summary>
    public int Count => _dynamic.Count;

    /// <summary>An entry by its number, from 1; null where there is none.</summary>
    public Field? this[int index] => index < 1 ? null
        : index <= Static.Count ? Static[index - 1]
        : index <= Static.Count + _dynamic.Count ? _dynamic[index - Static.Count - 1]
        : null;

    /// <summary>The number of an entry, or 0.</summary>
    public int IndexOf(Field field) => Find(one => one == field);

    /// <summary>The number of an entry of this name, or 0.</summary>
    public int IndexOf(string name) => Find(one => one.Name == name);

    public void Add(Field field)
    {
        _dynamic.Insert(0, field);
        Evict();
    }

    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        Evict();
    }

    private int Find(Predicate<Field> predicate)
    {
        for (var index = 1; this[index] is { } field; index++)
        {
            if (predicate(field))
            {
                return index;
            }
        }

        return 0;
    }

    private void Evict()
    {
        while (_dynamic.Sum(static field => field.Size) > MaxSize)
        {
            _dynamic.RemoveAt(_dynamic.Count - 1);
        }
    }
}
