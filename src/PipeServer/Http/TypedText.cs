using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace PipeServer.Http;

/// <summary>Bytes of a request as a value of a type, by the type's own grammar in the invariant culture, without a string in between.</summary>
internal static class TypedText
{
    private const int StackCharacters = 256;

    /// <summary>Reads a value.</summary>
    /// <param name="utf8">Its text.</param>
    /// <param name="value">The value.</param>
    public static bool TryParse<T>(ReadOnlySpan<byte> utf8, [MaybeNullWhen(false)] out T value)
        where T : ISpanParsable<T>
    {
        char[]? rented = null;
        var characters = utf8.Length <= StackCharacters ? stackalloc char[StackCharacters] : rented = ArrayPool<char>.Shared.Rent(utf8.Length);
        try
        {
            return T.TryParse(characters[..Encoding.UTF8.GetChars(utf8, characters)], CultureInfo.InvariantCulture, out value);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<char>.Shared.Return(rented);
            }
        }
    }
}
