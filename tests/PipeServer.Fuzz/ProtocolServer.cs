using System.Buffers;

namespace PipeServer.Fuzz;

/// <summary>The server that the table's and the fuzzer's answers are those of: GET and an echoing POST at every path.</summary>
internal static class ProtocolServer
{
    public static void Map(HttpServer server)
    {
        foreach (var pattern in new[] { "/", "/{*rest}" })
        {
            server.MapGet(pattern, static (request, response) => response.WriteText(request.Path), Dispatch.Inline);
            server.MapPost(pattern, EchoAsync);
        }
    }

    /// <summary>Writes the request's body, and flushes nothing: a body that turns out malformed can still be refused.</summary>
    public static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        while (true)
        {
            var read = await request.Body.ReadAsync();
            foreach (var memory in read.Buffer)
            {
                response.Body.Write(memory.Span);
            }

            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
