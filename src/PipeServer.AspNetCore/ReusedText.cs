using System.Text;

namespace PipeServer.AspNetCore;

/// <summary>
/// Remembers the last string of one place, which is mostly the next one too: a client sends the same fields again and again. Not thread-safe.
/// </summary>
internal struct ReusedText
{
    private const int MostKept = 256; // characters

    private string? _last;

    /// <summary>The text of ASCII bytes.</summary>
    public string Get(ReadOnlySpan<byte> ascii) => TryGet(ascii, out var text) ? text : Keep(Encoding.ASCII.GetString(ascii));

    /// <summary>The last string, if these are its bytes; nothing but ASCII is found again.</summary>
    public readonly bool TryGet(ReadOnlySpan<byte> bytes, out string text)
    {
        text = _last ?? "";
        return Ascii.Equals(bytes, text);
    }

    /// <summary>Remembers a string, if it is short enough.</summary>
    public string Keep(string text)
    {
        _last = text.Length <= MostKept ? text : null;
        return text;
    }
}
