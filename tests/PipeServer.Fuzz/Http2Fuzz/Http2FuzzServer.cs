using System.Buffers;
using System.Text;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>
/// The server whose answers the fuzzer knows. Each answer begins with the path of its request, which no other request has: one that comes back on another
/// stream is a stream, or a buffer, that two have used.
/// </summary>
internal sealed class Http2FuzzServer
{
    private const int BigRepeats = 2000;

    private int _running;

    /// <summary>The first segments of the paths that are answered.</summary>
    public static IReadOnlyList<string> Routes { get; } = ["inline", "worker", "pool", "unread", "chunks", "trailers", "big"];

    /// <summary>How many handlers have begun and not returned.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>True where a POST is answered whatever its body is, which may be before it has come.</summary>
    public static bool LeavesBody(string path) => path.StartsWith("/unread/", StringComparison.Ordinal);

    /// <summary>The body of a good answer.</summary>
    public static byte[] BodyOf(string method, string path, ReadOnlySpan<byte> body)
    {
        var name = Encoding.ASCII.GetBytes(path);
        return method == "POST" ? LeavesBody(path) ? name : [.. name, (byte)'\n', .. body]
            : path.StartsWith("/big/", StringComparison.Ordinal) ? [.. Enumerable.Repeat(name, BigRepeats).SelectMany(static bytes => bytes)]
            : name;
    }

    public void Map(HttpServer server)
    {
        foreach (var route in Routes)
        {
            var dispatch = route switch { "inline" or "big" => Dispatch.Inline, "pool" or "trailers" => Dispatch.ThreadPool, _ => Dispatch.Worker };
            server.MapGet($"/{route}/{{*rest}}", (request, response) => CountAsync(request, response, route == "chunks" ? ChunksAsync : TextAsync), dispatch);
            server.MapPost($"/{route}/{{*rest}}", (request, response) => CountAsync(request, response, route == "unread" ? TextAsync : EchoAsync), dispatch);
        }
    }

    private async ValueTask CountAsync(HttpRequest request, HttpResponse response, Func<HttpRequest, HttpResponse, ValueTask> handler)
    {
        Interlocked.Increment(ref _running);
        try
        {
            await handler(request, response);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static ValueTask TextAsync(HttpRequest request, HttpResponse response)
    {
        response.WriteBytes(BodyOf(request.Method == "HEAD" ? "GET" : request.Method, request.Path, []));
        return ValueTask.CompletedTask;
    }

    // In pieces, whose number nobody has said before.
    private static async ValueTask ChunksAsync(HttpRequest request, HttpResponse response)
    {
        var bytes = BodyOf("GET", request.Path, []);
        for (var at = 0; at < bytes.Length; at += 5)
        {
            response.Body.Write(bytes.AsSpan(at, Math.Min(5, bytes.Length - at)));
            await response.Body.FlushAsync();
        }
    }

    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        if (request.Path.StartsWith("/trailers/", StringComparison.Ordinal))
        {
            response.Trailers["x-path"] = request.Path;
        }

        response.Body.Write(BodyOf("POST", request.Path, []));
        await ProtocolServer.EchoAsync(request, response);
    }
}
