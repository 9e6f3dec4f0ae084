using System.ComponentModel;

namespace PipeServer.StaticFiles;

/// <summary>A header field for every response of a <see cref="StaticFileHandler"/>. Its text form is <c>X-Name: value</c>.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="Value">The field's value.</param>
[TypeConverter(typeof(StaticHeaderConverter))]
public readonly record struct StaticHeader(string Name, string Value)
{
    /// <summary>A pair of name and value.</summary>
    public static implicit operator StaticHeader(KeyValuePair<string, string> pair) => FromKeyValuePair(pair);

    /// <summary>A pair of name and value.</summary>
    public static StaticHeader FromKeyValuePair(KeyValuePair<string, string> pair) => new(pair.Key, pair.Value);

    /// <summary>The text form.</summary>
    public override string ToString() => $"{Name}: {Value}";
}
