using System.Globalization;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Handlers for the suites of raw frames.</summary>
internal static class Http2Handlers
{
    /// <summary>How long <c>/whole</c> is, which is there at once.</summary>
    public const int WholeBytes = 300_000;

    private static readonly PreparedResponse Whole =
        new(200, [new("Content-Type", "application/octet-stream")], Enumerable.Range(0, WholeBytes).Select(static place => ByteAt(place)).ToArray());

    public static void Map(HttpServer server)
    {
        server.MapGet("/whole", static (_, response) => response.Send(Whole), Dispatch.Inline);
        server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
        server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
        server.MapGet("/pool", static (_, response) => response.WriteText("pool"), Dispatch.ThreadPool);
        server.MapGet("/bytes/{count}", static (request, response) => SendAsync(response, request.RouteValues.Get<int>("count")), Dispatch.Inline);
        server.MapGet("/worker/bytes/{count}", static (request, response) => SendAsync(response, request.RouteValues.Get<int>("count")));
        server.MapGet("/fields", static (request, response) => response.WriteText(string.Join('\n', request.Headers.Select(static field => $"{field.Key}: {field.Value}"))), Dispatch.Inline);
        server.MapGet("/about", static (request, response) => response.WriteText(
            string.Create(CultureInfo.InvariantCulture, $"{request.Method} {request.Version} {request.Host} {request.Target} {request.MinorVersion}")));
        server.MapPost("/echo", EchoAsync);
        server.MapPost("/inline/echo", EchoAsync, Dispatch.Inline);
        server.MapPost("/pool/echo", EchoAsync, Dispatch.ThreadPool);
        server.MapPost("/length", LengthAsync);
        server.MapPost("/trailers", TrailersAsync);
    }

    /// <summary>The byte at a place of a long answer.</summary>
    public static byte ByteAt(long place) => (byte)(place % 251);

    /// <summary>Null, or what is wrong with a long answer.</summary>
    public static string? CheckBytes(byte[] body, int count) => body.Length != count ? $"{body.Length} bytes instead of {count}"
        : Enumerable.Range(0, count).Any(place => body[place] != ByteAt(place)) ? "the bytes are others" : null;

    private static async ValueTask SendAsync(HttpResponse response, int count)
    {
        for (var at = 0; at < count;)
        {
            var memory = response.Body.GetMemory(1);
            var length = Math.Min(Math.Min(memory.Length, count - at), 16 * 1024);
            for (var place = 0; place < length; place++)
            {
                memory.Span[place] = ByteAt(at + place);
            }

            response.Body.Advance(length);
            at += length;
            if ((await response.Body.FlushAsync()).IsCompleted)
            {
                return;
            }
        }
    }

    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response) => await request.Body.CopyToAsync(response.Body);

    private static async ValueTask LengthAsync(HttpRequest request, HttpResponse response)
    {
        var length = 0L;
        while (true)
        {
            var read = await request.Body.ReadAsync();
            length += read.Buffer.Length;
            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                response.WriteText(length.ToString(CultureInfo.InvariantCulture));
                return;
            }
        }
    }

    private static async ValueTask TrailersAsync(HttpRequest request, HttpResponse response)
    {
        await request.Body.CopyToAsync(response.Body);
        foreach (var (name, value) in request.Trailers)
        {
            response.Trailers.Add("Got-" + name, value);
        }

        response.Trailers["Checksum"] = "17";
    }
}
