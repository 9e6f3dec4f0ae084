using System.Globalization;
using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>What came on one stream.</summary>
internal sealed class Http2Response(int streamId)
{
    private readonly List<byte> _body = [];

    public int StreamId => streamId;

    /// <summary>The request is a HEAD, whose answer has no body whatever its Content-Length says; null where nobody knows.</summary>
    public bool? IsHead { get; set; }

    /// <summary>The final status; 0 before the head.</summary>
    public int Status => Fields is null ? 0 : StatusOf(Fields);

    /// <summary>The final head; null before it.</summary>
    public List<Field>? Fields { get; private set; }

    /// <summary>The heads of 1xx.</summary>
    public List<List<Field>> Interim { get; } = [];

    /// <summary>The trailers; null without.</summary>
    public List<Field>? Trailers { get; private set; }

    /// <summary>END_STREAM came.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>The code of RST_STREAM; null without.</summary>
    public int? ResetCode { get; set; }

    /// <summary>Nothing more comes.</summary>
    public bool IsOver => IsComplete || ResetCode is not null;

    /// <summary>The lengths of the DATA frames, in order.</summary>
    public List<int> DataLengths { get; } = [];

    public byte[] Body => [.. _body];

    public long BodyLength => _body.Count;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>What the server may still send.</summary>
    public long Window { get; set; }

    /// <summary>What the client may still send.</summary>
    public long SendWindow { get; set; }

    /// <summary>Bytes read for which no WINDOW_UPDATE was sent.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>The client has ended its side, or reset the stream.</summary>
    public bool IsRequestOver { get; set; }

    /// <summary>The client has reset the stream: what comes after is tolerated.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>The values of a field of the final head, joined; null without.</summary>
    public string? this[string name] => Fields is { } fields && fields.Any(field => field.Name == name)
        ? string.Join(", ", fields.Where(field => field.Name == name).Select(static field => field.Value))
        : null;

    public static int StatusOf(List<Field> fields) => int.Parse(fields[0].Value, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>A head that came. Throws <see cref="InvalidDataException"/> where it is malformed.</summary>
    public void TakeHead(List<Field> fields, bool ends)
    {
        foreach (var field in fields)
        {
            if (field.Name.Length == 0 || field.Name.Any(static one => one is >= 'A' and <= 'Z' or <= ' ' or > '~')
                || field.Name is "connection" or "keep-alive" or "transfer-encoding" or "upgrade" or "proxy-connection" || field.Value.Any(static one => one is '\r' or '\n' or '\0'))
            {
                throw new InvalidDataException($"The field \"{field}\" on stream {streamId}.");
            }
        }

        var pseudo = fields.Count(static field => field.Name[0] == ':');
        if (Fields is not null)
        {
            if (pseudo > 0 || !ends || IsComplete)
            {
                throw new InvalidDataException($"Trailers with {pseudo} pseudo-header fields, END_STREAM {ends}, on stream {streamId}.");
            }

            Trailers = fields;
        }
        else if (pseudo != 1 || fields[0].Name != ":status" || fields[0].Value.Length != 3 || !fields[0].Value.All(char.IsAsciiDigit))
        {
            throw new InvalidDataException($"A head of {string.Join("; ", fields)} on stream {streamId}.");
        }
        else if (StatusOf(fields) < 200)
        {
            Interim.Add(ends ? throw new InvalidDataException("An interim answer that ends the stream.") : fields);
        }
        else
        {
            Fields = fields;
        }

        if (ends)
        {
            Complete();
        }
    }

    /// <summary>Data that came. Throws <see cref="InvalidDataException"/> where it may not.</summary>
    public void TakeData(ReadOnlySpan<byte> data, bool ends)
    {
        if (Fields is null || IsComplete)
        {
            throw new InvalidDataException($"DATA {(IsComplete ? "behind the end of" : "before the head of")} stream {streamId}.");
        }

        _body.AddRange(data);
        DataLengths.Add(data.Length);
        if (ends)
        {
            Complete();
        }
    }

    public override string ToString() =>
        $"stream {streamId}: {Status} with {BodyLength} bytes{(IsComplete ? "" : ", not complete")}{(ResetCode is null ? "" : $", reset with {ResetCode}")}";

    private void Complete()
    {
        IsComplete = true;
        if (IsHead != true && Status != 304 && this["content-length"] is { } told && told != BodyLength.ToString(CultureInfo.InvariantCulture)
            && (IsHead is not null || BodyLength > 0))
        {
            throw new InvalidDataException($"Content-Length {told}, but {BodyLength} bytes on stream {streamId}.");
        }
    }
}
