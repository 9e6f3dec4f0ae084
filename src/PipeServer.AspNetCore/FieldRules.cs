using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace PipeServer.AspNetCore;

/// <summary>What names and values of fields may hold, with the exceptions that Kestrel throws.</summary>
internal static class FieldRules
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");

    private static readonly SearchValues<char> ValueCharacters = SearchValues.Create(
        "\t" + string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(static character => (char)character)));

    /// <exception cref="InvalidOperationException">The field cannot be sent.</exception>
    public static void Check(string name, in StringValues value)
    {
        var index = name.AsSpan().IndexOfAnyExcept(TokenCharacters);
        if (index >= 0 || name.Length == 0)
        {
            throw Invalid(index < 0 ? '\0' : name[index]);
        }

        for (var item = 0; item < value.Count; item++)
        {
            CheckText(value[item]);
        }
    }

    /// <summary>The items of a list (RFC 9110 §5.6.1).</summary>
    public static IEnumerable<string> Tokens(StringValues value) => value
        .SelectMany(static text => (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    /// <summary>True where a list has an item.</summary>
    public static bool HasToken(in StringValues value, string token) => Tokens(value).Contains(token, StringComparer.OrdinalIgnoreCase);

    private static void CheckText(string? text)
    {
        if (text.AsSpan().IndexOfAnyExcept(ValueCharacters) is var index and >= 0)
        {
            throw Invalid(text![index]);
        }
    }

    private static InvalidOperationException Invalid(char character) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Invalid non-ASCII or control character in header: 0x{(ushort)character:X4}"));
}
