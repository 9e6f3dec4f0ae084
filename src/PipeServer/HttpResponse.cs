using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer;

/// <summary>
/// The answer to one request. Belongs to its connection and is valid until the handler has ended. Not thread-safe.
/// </summary>
/// <remarks>
/// Nothing is sent until <see cref="Body"/> is flushed or the handler ends. A body that is complete by then gets its
/// Content-Length from what was written; one that is flushed before goes out in chunks, or in the
/// <see cref="ContentLength"/> that was set.
/// </remarks>
#pragma warning disable CA1001 // The JSON writer holds nothing of its own: its buffer is the body.
public sealed class HttpResponse
#pragma warning restore CA1001
{
    private readonly ResponseBody _body;
    private Utf8JsonWriter? _jsonWriter;

    internal HttpResponse(ResponseBody body)
    {
        _body = body;
        Fields = new HeaderFields();
        Headers = new HeaderCollection(Fields, this);
    }

    /// <summary>The status code, 200 unless set. 200 to 999: the informational ones are the server's business.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a final status code.</exception>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public int StatusCode
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 200);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 999);
            ThrowIfStarted();
            field = value;
        }
    } = 200;

    /// <summary>The header fields. Name and value are validated when they are set: a response cannot be split.</summary>
    public HeaderCollection Headers { get; }

    /// <summary>The Content-Type header.</summary>
    public string? ContentType
    {
        get => Headers["Content-Type"];
        set => Headers["Content-Type"] = value;
    }

    /// <summary>
    /// The body's length in bytes, if it is known before the body is written: the body then goes out as it is written,
    /// without being held back or framed in chunks. A handler that writes more gets an exception; one that writes less has
    /// its connection aborted.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="InvalidOperationException">The response has been started, or the body was begun.</exception>
    public long? ContentLength
    {
        get;
        set
        {
            if (value is { } length)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(value));
            }

            ThrowIfStarted();
            if (_body.HasBufferedBytes)
            {
                throw new InvalidOperationException("ContentLength must be set before the body is written.");
            }

            field = value;
        }
    }

    /// <summary>Ends the connection after this response, and says so in its Connection header.</summary>
    public bool CloseConnection { get; set; }

    /// <summary>
    /// The body. Flushing it starts the response; awaiting the flush is what keeps a slow client from filling the memory.
    /// </summary>
    public PipeWriter Body => _body;

    /// <summary>True when status and headers are sent or on their way, and cannot be changed any more.</summary>
    public bool HasStarted => _body.HasStarted;

    internal HeaderFields Fields { get; }

    /// <summary>Writes text in UTF-8; sets the content type if there is none.</summary>
    public void WriteText(string text, string contentType = "text/plain; charset=utf-8")
    {
        ArgumentNullException.ThrowIfNull(text);
        SetDefaultContentType(contentType);
        Encoding.UTF8.GetBytes(text, _body);
    }

    /// <summary>Writes bytes; sets the content type if there is none.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes, string contentType = "application/octet-stream")
    {
        SetDefaultContentType(contentType);
        _body.Write(bytes);
    }

    /// <summary>Writes a value as JSON, by the metadata of a source-generated context.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        SetDefaultContentType("application/json");
        if (_jsonWriter is null)
        {
            // Not validating is safe: what the serializer writes is well-formed.
            _jsonWriter = new Utf8JsonWriter(_body, new JsonWriterOptions { SkipValidation = true });
        }
        else
        {
            _jsonWriter.Reset(_body);
        }

        JsonSerializer.Serialize(_jsonWriter, value, typeInfo);
        _jsonWriter.Flush();
    }

    /// <summary>Forgets status, headers and body, as long as nothing has been sent.</summary>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public void Clear()
    {
        ThrowIfStarted();
        Reset();
    }

    internal void Reset()
    {
        _body.Reset();
        Fields.Clear();
        StatusCode = 200;
        ContentLength = null;
        CloseConnection = false;
    }

    internal void ThrowIfStarted()
    {
        if (_body.HasStarted)
        {
            throw new InvalidOperationException(
                "The response has been started: its status and headers are on their way and cannot be changed.");
        }
    }

    private void SetDefaultContentType(string contentType)
    {
        if (!HasStarted && !Fields.Has(KnownHeader.ContentType))
        {
            Headers["Content-Type"] = contentType;
        }
    }
}
