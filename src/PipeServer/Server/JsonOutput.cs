using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace PipeServer.Server;

/// <summary>Writes JSON into the body of a response, with one writer for all answers of an exchange. Not thread-safe.</summary>
#pragma warning disable CA1001 // The writer holds nothing of its own: its buffer is the body.
internal sealed class JsonOutput
#pragma warning restore CA1001
{
    private const string ContentType = "application/json";

    private Utf8JsonWriter? _writer;
    private JsonSerializerOptions? _options; // what the writer was made by

    /// <inheritdoc cref="HttpResponse.WriteJson"/>
    public void Write<T>(HttpResponse response, ResponseWriter body, T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        var undo = new JsonUndo(response, body);
        response.SetDefaultContentType(ContentType);
        try
        {
            Write(body, value, typeInfo);
        }
        catch
        {
            undo.Apply();
            throw;
        }
    }

    /// <inheritdoc cref="HttpResponse.WriteJsonAsync"/>
    public static ValueTask WriteAsync<T>(
        HttpResponse response, ResponseWriter body, T value, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        var undo = new JsonUndo(response, body);
        response.SetDefaultContentType(ContentType);
        return WriteAsync(body, value, typeInfo, undo, cancellationToken);
    }

    private void Write<T>(ResponseWriter body, T value, JsonTypeInfo<T> typeInfo)
    {
        if (_writer is { } writer && ReferenceEquals(_options, typeInfo.Options))
        {
            writer.Reset(body);
        }
        else
        {
            _options = typeInfo.Options;
            _writer = writer = new Utf8JsonWriter(body, WriterOptions(typeInfo.Options));
        }

        JsonSerializer.Serialize(writer, value, typeInfo);
        writer.Flush();
    }

    private static async ValueTask WriteAsync<T>(
        ResponseWriter body, T value, JsonTypeInfo<T> typeInfo, JsonUndo undo, CancellationToken cancellationToken)
    {
        try
        {
            await JsonSerializer.SerializeAsync(new LargeJson(body), value, typeInfo, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            undo.Apply();
            throw;
        }
    }

    // Not validating is safe: what the serializer writes is well-formed.
    private static JsonWriterOptions WriterOptions(JsonSerializerOptions options) => new()
    {
        Encoder = options.Encoder,
        Indented = options.WriteIndented,
        IndentCharacter = options.IndentCharacter,
        IndentSize = options.IndentSize,
        NewLine = options.NewLine,
        MaxDepth = options.MaxDepth,
        SkipValidation = true,
    };

    /// <summary>The body without the flushes that a small value can do without: then it gets its Content-Length.</summary>
    private sealed class LargeJson(ResponseWriter body) : PipeWriter
    {
        // What an exchange holds back of any answer without complaint.
        private const int MinFlushBytes = 16 * 1024;

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => body.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => body.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => body.GetSpan(sizeHint);

        public override void Advance(int bytes) => body.Advance(bytes);

        public override void CancelPendingFlush() => body.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            // The response ends with its handler.
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            body.HasStarted || body.UnflushedBytes >= MinFlushBytes
                ? FlushOrThrowAsync(cancellationToken)
                : new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: false));

        // Nobody reads what would still be serialized.
        private async ValueTask<FlushResult> FlushOrThrowAsync(CancellationToken cancellationToken)
        {
            var flushed = await body.FlushAsync(cancellationToken).ConfigureAwait(false);
            return flushed.IsCompleted ? throw new OperationCanceledException("The client is gone.") : flushed;
        }
    }
}
