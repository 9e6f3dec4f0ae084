using System.Globalization;
using System.Text;

namespace Difference.Runner;

/// <summary>Reads HTTP/1.1 answers from a stream, hiding nothing: neither interim answers nor the framing.</summary>
internal sealed class AnswerReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Reads one answer. The connection's end is an answer too: of status 0 before the head, an incomplete one after it.</summary>
    public async Task<Answer> ReadAsync(string method, CancellationToken cancellationToken)
    {
        var interim = new List<int>();
        while (true)
        {
            var answer = await ReadHeadAsync(cancellationToken);
            if (answer is null)
            {
                return new Answer { Interim = interim, IsComplete = false };
            }

            if (answer.Status is >= 100 and < 200 and not 101)
            {
                interim.Add(answer.Status);
                continue;
            }

            answer = answer with { Interim = interim };
            return method == "HEAD" || answer.Status is 101 or 204 or 304 ? answer : await ReadBodyAsync(answer, cancellationToken);
        }
    }

    private static string? Find(Answer answer, string name) => answer.Headers.FirstOrDefault(header => header.Name == name).Value;

    private static (string Name, string Value) Split(string line)
    {
        var colon = line.IndexOf(':');
        return colon < 0 ? (line, "(no colon)") : (line[..colon].ToLowerInvariant(), line[(colon + 1)..].Trim(' '));
    }

    private async Task<Answer?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var first = await ReadLineAsync(cancellationToken);
        if (first is null)
        {
            return null;
        }

        var parts = first.Split(' ', 3);
        var isStatusLine = parts.Length >= 2 && parts[0] == "HTTP/1.1";
        if (!isStatusLine || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            return new Answer { Status = -1, Reason = first, IsComplete = false };
        }

        var headers = await ReadFieldsAsync(cancellationToken);
        return new Answer { Status = status, Reason = parts.Length == 3 ? parts[2] : "", Headers = headers ?? [], IsComplete = headers is not null };
    }

    private async Task<List<(string Name, string Value)>?> ReadFieldsAsync(CancellationToken cancellationToken)
    {
        var fields = new List<(string Name, string Value)>();
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);
            if (line is null)
            {
                return null;
            }

            if (line.Length == 0)
            {
                return fields;
            }

            fields.Add(Split(line));
        }
    }

    private async Task<Answer> ReadBodyAsync(Answer answer, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        if (string.Equals(Find(answer, "transfer-encoding"), "chunked", StringComparison.OrdinalIgnoreCase))
        {
            var isComplete = await ReadChunksAsync(body, cancellationToken);
            var trailers = isComplete ? await ReadFieldsAsync(cancellationToken) : null;
            return answer with { Body = body.ToArray(), Trailers = trailers ?? [], IsComplete = trailers is not null };
        }

        var length = Find(answer, "content-length") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : long.MaxValue;
        var copied = await CopyAsync(body, length, cancellationToken);
        return answer with { Body = body.ToArray(), IsComplete = copied == length || length == long.MaxValue };
    }

    private async Task<bool> ReadChunksAsync(MemoryStream body, CancellationToken cancellationToken)
    {
        while (await ReadLineAsync(cancellationToken) is { } line)
        {
            var size = long.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                return true;
            }

            if (await CopyAsync(body, size, cancellationToken) < size || await ReadLineAsync(cancellationToken) is not "")
            {
                return false;
            }
        }

        return false;
    }

    private async Task<long> CopyAsync(MemoryStream body, long length, CancellationToken cancellationToken)
    {
        var copied = 0L;
        while (copied < length && (_start < _end || await FillAsync(cancellationToken)))
        {
            var part = (int)Math.Min(_end - _start, length - copied);
            body.Write(_buffer, _start, part);
            _start += part;
            copied += part;
        }

        return copied;
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (_start < _end || await FillAsync(cancellationToken))
        {
            var character = (char)_buffer[_start++];
            if (character == '\n')
            {
                return line.Length > 0 && line[^1] == '\r' ? line.ToString(0, line.Length - 1) : line.ToString();
            }

            line.Append(character);
        }

        return null;
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            _start = 0;
            _end = 0;
            _end = await stream.ReadAsync(_buffer, cancellationToken);
            return _end > 0;
        }
        catch (IOException)
        {
            // A reset is an end as well: which of the two a client sees may depend on what was under way.
            return false;
        }
    }
}
