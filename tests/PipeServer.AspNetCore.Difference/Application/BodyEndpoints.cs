using System.Text;
using Difference.Runner;
using Microsoft.AspNetCore.Http.Features;

namespace Difference.Application;

/// <summary>The ways in which an application reads a body.</summary>
internal static class BodyEndpoints
{
    public static void Map(WebApplication application)
    {
        var body = application.MapGroup("/body");
        body.MapPost("/stream", static async (HttpContext context) => await SumAsync(context.Request.Body));
        body.MapPost("/pipe", static async (HttpContext context) => await SumOfPipeAsync(context));
        body.MapPost("/mixed", static async (HttpContext context) => await MixedAsync(context));
        body.MapPost("/not-read", static () => "not read");
        body.MapPost("/partly", static async (HttpContext context) =>
        {
            var buffer = new byte[10];
            await context.Request.Body.ReadExactlyAsync(buffer);
            return Encoding.ASCII.GetString(buffer);
        });
        body.MapPost("/sync", static (HttpContext context) => Outcome(() => context.Request.Body.Read(new byte[10], 0, 10)));
        body.MapPost("/sync-allowed", static (HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
            using var reader = new StreamReader(context.Request.Body);
            return reader.ReadToEnd();
        });
        body.MapPost("/buffered", static async (HttpContext context) =>
        {
            context.Request.EnableBuffering();
            var first = await SumAsync(context.Request.Body);
            context.Request.Body.Position = 0;
            return $"{first} and again {await SumAsync(context.Request.Body)}";
        });
        body.MapPost("/echo", static (HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted));
        body.MapPost("/echo-pipe", static (HttpContext context) => context.Request.BodyReader.CopyToAsync(context.Response.BodyWriter, context.RequestAborted));
        body.MapPost("/large", static async (HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
            return await SumAsync(context.Request.Body);
        });
        body.MapPost("/limit/{bytes:long}", static async (long bytes, HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = bytes;
            return await SumAsync(context.Request.Body);
        });
        body.MapPost("/limit-late", static async (HttpContext context) => await LimitLateAsync(context));
        body.MapPost("/limit-caught", static async (HttpContext context) => await LimitCaughtAsync(context));
        body.MapPost("/trailers", static async (HttpContext context) => await TrailersAsync(context));
        body.MapPost("/abilities", static (HttpContext context) =>
        {
            var stream = context.Request.Body;
            return $"{stream.CanRead} {stream.CanWrite} {stream.CanSeek} {stream.CanTimeout} {Outcome(() => stream.Length)} {Outcome(() => stream.Position)}";
        });
        body.MapPost("/replaced", static async (HttpContext context) =>
        {
            context.Request.Body = new MemoryStream("replaced"u8.ToArray());
            var read = await context.Request.BodyReader.ReadAsync();
            return Encoding.ASCII.GetString(read.Buffer.FirstSpan);
        });
    }

    private static async Task<string> SumAsync(Stream stream)
    {
        var checksum = default(Checksum);
        var buffer = new byte[32 * 1024];
        var length = 0L;
        while (await stream.ReadAsync(buffer) is > 0 and var read)
        {
            checksum.Add(buffer.AsSpan(0, read));
            length += read;
        }

        return $"{length} bytes, sum {checksum}";
    }

    private static async Task<string> SumOfPipeAsync(HttpContext context)
    {
        var checksum = default(Checksum);
        var length = 0L;
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync();
            foreach (var segment in read.Buffer)
            {
                checksum.Add(segment.Span);
            }

            length += read.Buffer.Length;
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return $"{length} bytes, sum {checksum}";
            }
        }
    }

    private static async Task<string> MixedAsync(HttpContext context)
    {
        var first = new byte[5];
        await context.Request.Body.ReadExactlyAsync(first);
        var read = await context.Request.BodyReader.ReadAtLeastAsync(5);
        var second = Encoding.ASCII.GetString(read.Buffer.Slice(0, 5).FirstSpan);
        context.Request.BodyReader.AdvanceTo(read.Buffer.GetPosition(5));
        using var reader = new StreamReader(context.Request.Body);
        return $"{Encoding.ASCII.GetString(first)}|{second}|{await reader.ReadToEndAsync()}";
    }

    private static async Task<string> LimitLateAsync(HttpContext context)
    {
        var feature = context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
        var before = feature.IsReadOnly;
        _ = await context.Request.Body.ReadAsync(new byte[1]);
        return $"{before} {feature.IsReadOnly} {feature.MaxRequestBodySize} {Outcome(() => feature.MaxRequestBodySize = 1)}";
    }

    private static async Task<string> LimitCaughtAsync(HttpContext context)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = 10;
        try
        {
            return await SumAsync(context.Request.Body);
        }
        catch (BadHttpRequestException e)
        {
            return $"{e.StatusCode}";
        }
    }

    private static async Task<string> TrailersAsync(HttpContext context)
    {
        var before = context.Request.CheckTrailersAvailable();
        var sum = await SumAsync(context.Request.Body);
        var after = context.Request.CheckTrailersAvailable();
        var trailers = after ? context.Features.GetRequiredFeature<IHttpRequestTrailersFeature>().Trailers : new HeaderDictionary();
        return $"{before} {after} {sum}; {string.Join(';', trailers.Select(static pair => $"{pair.Key.ToLowerInvariant()}={pair.Value}"))}";
    }

    private static string Outcome<T>(Func<T> action)
    {
        try
        {
            return $"{action()}";
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            return e.GetType().Name;
        }
    }
}
