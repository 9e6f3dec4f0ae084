using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PipeServer.Fuzz;

/// <summary>The answers that a client has received over TLS, held against those that it should get.</summary>
internal sealed partial class TlsAnswers
{
    private readonly StringBuilder _received = new();
    private readonly List<string> _expected = [];

    /// <summary>Why reading has ended, where that was not the end of the stream.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>What the next request is to be answered with.</summary>
    public void Expect(string body) => _expected.Add(body);

    /// <summary>How many answers have been asked for.</summary>
    public int Expected => _expected.Count;

    /// <summary>Reads until the stream ends or breaks.</summary>
    public async Task ReadAsync(Stream stream)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            while (await stream.ReadAsync(buffer) is > 0 and var count)
            {
                Add(buffer.AsSpan(0, count));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Failure = exception;
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_received)
        {
            _received.Append(Encoding.Latin1.GetString(bytes));
        }
    }

    /// <summary>True when every answer is there.</summary>
    public bool AreAll() => Find(mayMiss: false) is null;

    /// <summary>Null, or what is wrong with what was received.</summary>
    /// <param name="mayMiss">The last ones may be missing, and one may be there in part: those that came must be right all the same.</param>
    public string? Find(bool mayMiss)
    {
        string text;
        lock (_received)
        {
            text = _received.ToString();
        }

        var number = 0;
        while (text.Length > 0)
        {
            if (Take(ref text) is not { } body)
            {
                return mayMiss && number < _expected.Count ? null : $"answer {number} is not whole or not right: {Short(text)}";
            }

            if (number == _expected.Count)
            {
                return $"one answer too many: {Short(body)}";
            }

            if (body != _expected[number])
            {
                return $"answer {number} is {Short(body)}, not {Short(_expected[number])}";
            }

            number++;
        }

        return mayMiss || number == _expected.Count ? null : $"{number} answers of {_expected.Count}; {Failure?.Message}";
    }

    // The body of a whole answer with status 200; null when it is neither.
    private static string? Take(ref string text)
    {
        var head = Head().Match(text);
        if (!head.Success)
        {
            return null;
        }

        var rest = text[head.Length..];
        if (head.Groups["length"].Success)
        {
            var length = int.Parse(head.Groups["length"].Value, CultureInfo.InvariantCulture);
            if (rest.Length < length)
            {
                return null;
            }

            text = rest[length..];
            return rest[..length];
        }

        var body = new StringBuilder();
        while (rest.IndexOf("\r\n", StringComparison.Ordinal) is >= 0 and var end
            && int.TryParse(rest.AsSpan(0, end), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size)
            && rest.Length >= end + 4 + size)
        {
            body.Append(rest, end + 2, size);
            rest = rest[(end + 4 + size)..];
            if (size == 0)
            {
                text = rest;
                return body.ToString();
            }
        }

        return null;
    }

    private static string Short(string text) => ParserCheck.Escape(text.Length > 200 ? text[..200] + "…" : text);

    [GeneratedRegex(@"\AHTTP/1\.1 200 OK\r\n(?:Content-Length: (?<length>[0-9]+)\r\n|[A-Za-z-]+: [ -~]*\r\n)*\r\n")]
    private static partial Regex Head();
}
