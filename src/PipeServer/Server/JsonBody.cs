using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>The body of a request as JSON (RFC 8259), parsed from the buffers that it has arrived in; see <see cref="HttpRequest.ReadJsonAsync"/>.</summary>
internal static class JsonBody
{
    /// <summary>The most that is read where nobody says otherwise.</summary>
    public const long DefaultMaxBytes = 1024 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads it. A body that has arrived costs no state machine.</summary>
    public static ValueTask<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> typeInfo, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            CheckHead(request, maxBytes);
            if (!request.Body.TryRead(out var read))
            {
                return WaitAsync(request.Body, typeInfo, maxBytes, cancellationToken);
            }

            if (read is { IsCompleted: true, IsCanceled: false })
            {
                return new ValueTask<T>(Take(request.Body, read.Buffer, typeInfo, maxBytes));
            }

            request.Body.AdvanceTo(read.Buffer.Start);
            return WaitAsync(request.Body, typeInfo, maxBytes, cancellationToken);
        }
        catch (IOException exception)
        {
            return ValueTask.FromException<T>(exception);
        }
    }

    private static void CheckHead(HttpRequest request, long maxBytes)
    {
        var headers = request.Headers;
        if (headers.CountOf("content-type"u8) != 1 || !headers.TryGetBytes("content-type"u8, out var type) || !JsonMediaType.Matches(type))
        {
            throw new BadHttpRequestException("The body must be JSON in UTF-8, and Content-Type must say so: application/json.", 415);
        }

        // RFC 9110 §8.4.1: identity is no coding that a field may name, and means nothing.
        if (headers.CountOf("content-encoding"u8) > 1
            || (headers.TryGetBytes("content-encoding"u8, out var coding) && !Ascii.EqualsIgnoreCase(coding, "identity"u8)))
        {
            throw new BadHttpRequestException("The body must not be compressed.", 415) { Fields = [new("Accept-Encoding", "identity")] };
        }

        if (request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<T> WaitAsync<T>(PipeReader body, JsonTypeInfo<T> typeInfo, long maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                body.AdvanceTo(read.Buffer.Start);
                throw new OperationCanceledException("The read of the body was cancelled.");
            }

            if (read.IsCompleted || read.Buffer.Length > maxBytes)
            {
                return Take(body, read.Buffer, typeInfo, maxBytes);
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static T Take<T>(PipeReader body, in ReadOnlySequence<byte> buffer, JsonTypeInfo<T> typeInfo, long maxBytes)
    {
        try
        {
            return buffer.Length > maxBytes ? throw TooLarge(maxBytes) : Parse(buffer, typeInfo);
        }
        finally
        {
            body.AdvanceTo(buffer.End);
        }
    }

    private static T Parse<T>(ReadOnlySequence<byte> json, JsonTypeInfo<T> typeInfo)
    {
        if (json.IsEmpty)
        {
            throw new BadHttpRequestException("The body is empty; it must be JSON.");
        }

        // RFC 8259 §8.1: a parser may pass over it.
        if (json.Length >= ByteOrderMark.Length && StartsWithByteOrderMark(json))
        {
            json = json.Slice(ByteOrderMark.Length);
        }

        // The reader does not look at strings that nobody wants.
        if (!Utf8Sequence.IsValid(json))
        {
            throw new BadHttpRequestException("The JSON body is not UTF-8.");
        }

        var options = new JsonReaderOptions
        {
            AllowTrailingCommas = typeInfo.Options.AllowTrailingCommas,
            CommentHandling = typeInfo.Options.ReadCommentHandling,
            MaxDepth = typeInfo.Options.MaxDepth,
        };
        try
        {
            var reader = json.IsSingleSegment ? new Utf8JsonReader(json.FirstSpan, options) : new Utf8JsonReader(json, options);
            var value = JsonSerializer.Deserialize(ref reader, typeInfo);
            _ = reader.Read(); // throws for what follows the value
            return value is not null || Nullable.GetUnderlyingType(typeof(T)) is not null
                ? value!
                : throw new BadHttpRequestException("The JSON body must not be null.");
        }
        catch (JsonException exception)
        {
            throw new BadHttpRequestException(Describe(exception, typeInfo), exception);
        }
    }

    private static bool StartsWithByteOrderMark(in ReadOnlySequence<byte> json)
    {
        Span<byte> start = stackalloc byte[ByteOrderMark.Length];
        json.Slice(0, start.Length).CopyTo(start);
        return start.SequenceEqual(ByteOrderMark);
    }

    // The serializer's own messages name types, and quote what the client has sent.
    private static string Describe(JsonException exception, JsonTypeInfo typeInfo)
    {
        var place = JsonPlace.Describe(exception.Path, typeInfo);
        return exception is { LineNumber: { } line, BytePositionInLine: { } position }
            ? string.Create(CultureInfo.InvariantCulture, $"The JSON body is malformed or does not fit at {place}, line {line + 1}, byte {position + 1}.")
            : $"The JSON body is malformed or does not fit at {place}.";
    }

    private static BadHttpRequestException TooLarge(long maxBytes) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The JSON body is larger than {maxBytes} bytes."), 413);
}
