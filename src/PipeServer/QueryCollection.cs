using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// The query's <c>name=value</c> pairs as HTML forms write them: separated by <c>&amp;</c>, percent-encoded, with
/// <c>+</c> for a space. Looked up in the target each time; nothing is kept.
/// What is decoded is data and can hold any character, line ends and NUL (<c>%0D%0A</c>, <c>%00</c>) included, as a form's text area sends
/// them. A <c>%</c> that begins no escape, and escapes that are no UTF-8, are left as they were sent.
/// </summary>
public sealed class QueryCollection : IEnumerable<KeyValuePair<string, string>>
{
    private readonly RequestHead _head;

    internal QueryCollection(RequestHead head) => _head = head;

    /// <summary>
    /// The first value of this name (compared exactly), an empty string for a name without a value, null when no pair has the name.
    /// </summary>
    public string? this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            var pairs = new QueryPairs(_head.Query);
            return pairs.TryFind(name) ? Decode(pairs.Value) : null;
        }
    }

    /// <summary>All values of this name in their order; none when no pair has it.</summary>
    public IReadOnlyList<string> GetAll(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var values = new List<string>();
        var pairs = new QueryPairs(_head.Query);
        while (pairs.TryFind(name))
        {
            values.Add(Decode(pairs.Value));
        }

        return values;
    }

    /// <summary>
    /// The first value of this name as another type. False when no pair has the name, or its value is not one of the type.
    /// </summary>
    /// <remarks>
    /// The type's own <c>TryParse</c> decides, in the invariant culture: a number may have a sign and white space around it, a <see cref="double"/>
    /// thousands separators, a <see cref="bool"/> is <c>true</c> or <c>false</c> in any case, a <see cref="Guid"/> may be of any of its formats, and a
    /// <see cref="DateTimeOffset"/> without an offset is local time: send one. An enum has no such method: take the string, and
    /// <see cref="Enum.TryParse{TEnum}(string, out TEnum)"/>. No string is made of a value that has nothing to decode.
    /// </remarks>
    public bool TryGet<T>(string name, [MaybeNullWhen(false)] out T value)
        where T : ISpanParsable<T>
    {
        ArgumentNullException.ThrowIfNull(name);
        var pairs = new QueryPairs(_head.Query);
        if (!pairs.TryFind(name))
        {
            value = default;
            return false;
        }

        return TryParse(pairs.Value, out value);
    }

    /// <summary>The first value of this name as another type, for a parameter that must be there.</summary>
    /// <inheritdoc cref="TryGet" path="/remarks"/>
    /// <exception cref="BadHttpRequestException">
    /// No pair has the name, or its value is not one of the type. A handler that lets it pass has its client answered 400, with the name of the parameter.
    /// </exception>
    public T Get<T>(string name)
        where T : ISpanParsable<T>
    {
        ArgumentNullException.ThrowIfNull(name);
        var pairs = new QueryPairs(_head.Query);
        return !pairs.TryFind(name) ? throw new BadHttpRequestException($"The query parameter '{name}' is missing.")
            : TryParse<T>(pairs.Value, out var value) ? value
            : throw Malformed(name);
    }

    /// <summary>The first value of this name as another type, for a parameter that may be left out.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="fallback">What stands for it where no pair has the name.</param>
    /// <inheritdoc cref="TryGet" path="/remarks"/>
    /// <exception cref="BadHttpRequestException">
    /// The value is not one of the type. A handler that lets it pass has its client answered 400, with the name of the parameter.
    /// </exception>
    public T Get<T>(string name, T fallback)
        where T : ISpanParsable<T>
    {
        ArgumentNullException.ThrowIfNull(name);
        var pairs = new QueryPairs(_head.Query);
        return !pairs.TryFind(name) ? fallback : TryParse<T>(pairs.Value, out var value) ? value : throw Malformed(name);
    }

    /// <summary>All pairs in their order.</summary>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
    {
        var pairs = new QueryPairs(_head.Query);
        var all = new List<KeyValuePair<string, string>>();
        while (pairs.MoveNext())
        {
            all.Add(new(Decode(pairs.Name), Decode(pairs.Value)));
        }

        return all.GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string Decode(ReadOnlySpan<byte> bytes) => QueryPairs.Decode(bytes);

    private static bool TryParse<T>(ReadOnlySpan<byte> value, [MaybeNullWhen(false)] out T parsed)
        where T : ISpanParsable<T> => QueryPairs.IsPlain(value)
            ? TypedText.TryParse(value, out parsed)
            : T.TryParse(Decode(value), CultureInfo.InvariantCulture, out parsed);

    private static BadHttpRequestException Malformed(string name) => new($"The query parameter '{name}' is malformed.");
}
