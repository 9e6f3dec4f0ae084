using System.Text;

namespace PipeServer.StaticFiles;

/// <summary>The prefix below which a server's files are, where somebody in front of it passes the prefix on. Immutable.</summary>
internal sealed class BasePath
{
    private readonly byte[] _bytes; // without a slash at the end; empty for none

    private BasePath(string text) => (Text, _bytes) = (text, Encoding.UTF8.GetBytes(text));

    /// <summary>As it is told: <c>/files</c>, or empty for none.</summary>
    public string Text { get; }

    /// <summary>Reads a prefix: <c>/files</c> and <c>/files/</c> are the same, <c>/</c> is none.</summary>
    /// <exception cref="ArgumentException">It is malformed; the message names <see cref="StaticFileOptions.BasePath"/>.</exception>
    public static BasePath Parse(string text)
    {
        var path = text.EndsWith('/') ? text[..^1] : text;
        var mistake =
            text.Length > 0 && !text.StartsWith('/') ? "it does not begin with a slash"
            : path.Contains("//", StringComparison.Ordinal) || path.EndsWith('/') ? "it has an empty segment"
            : path.Split('/').Any(static segment => segment is "." or "..") ? "it has a . or .. in it"
            : path.Contains('%', StringComparison.Ordinal) ? "write it decoded: a space instead of %20"
            : path.AsSpan().ContainsAny("?#\\{}") ? "? # \\ { } cannot be in it"
            : path.Any(char.IsControl) || !PathText.IsUtf8(path) ? "a control character is in it"
            : null;
        return mistake is null
            ? new BasePath(path)
            : throw new ArgumentException($"{nameof(StaticFileOptions.BasePath)} must be a path like /files; '{PathText.ToVisible(text)}' is not: {mistake}.");
    }

    /// <summary>Takes the prefix off a path; what is left begins with a slash.</summary>
    /// <returns>False for a path that is not below it: <c>/filesX</c>, and <c>/files</c> itself.</returns>
    public bool TryRemove(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> rest)
    {
        rest = path;
        if (_bytes.Length == 0)
        {
            return true;
        }

        if (!path.StartsWith(_bytes) || path.Length == _bytes.Length || path[_bytes.Length] != (byte)'/')
        {
            return false;
        }

        rest = path[_bytes.Length..];
        return true;
    }

    /// <summary>True for the prefix itself, where the slash behind it is missing.</summary>
    public bool IsItself(ReadOnlySpan<byte> path) => _bytes.Length > 0 && path.SequenceEqual(_bytes);
}
