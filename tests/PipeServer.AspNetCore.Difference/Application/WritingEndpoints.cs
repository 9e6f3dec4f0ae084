using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Difference.Application;

/// <summary>The ways in which an application writes a body.</summary>
internal static class WritingEndpoints
{
    public static void Map(WebApplication application, SiteFolder site)
    {
        var write = application.MapGroup("/write");
        write.Map("/nothing", static () => Task.CompletedTask);
        write.Map("/once", static (HttpContext context) => context.Response.WriteAsync("once"));
        write.Map("/sized", static async (HttpContext context) =>
        {
            context.Response.ContentLength = 10;
            await context.Response.WriteAsync("01234");
            await context.Response.WriteAsync("56789");
        });
        write.Map("/flushed", static async (HttpContext context) =>
        {
            await context.Response.WriteAsync("one ");
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync("two");
        });
        write.Map("/many", static async (HttpContext context) =>
        {
            for (var line = 0; line < 1000; line++)
            {
                await context.Response.WriteAsync($"line {line}\n");
            }
        });
        write.Map("/pipe", static async (HttpContext context) =>
        {
            context.Response.BodyWriter.Write("by the pipe"u8);
            await context.Response.BodyWriter.FlushAsync();
        });
        write.Map("/pipe-not-flushed", static (HttpContext context) =>
        {
            context.Response.BodyWriter.Write("never flushed"u8);
            return Task.CompletedTask;
        });
        write.Map("/mixed", static async (HttpContext context) =>
        {
            context.Response.BodyWriter.Write("pipe "u8);
            await context.Response.Body.WriteAsync("stream "u8.ToArray());
            context.Response.BodyWriter.Write("pipe again "u8);
            await context.Response.WriteAsync("text");
        });
        write.Map("/length/{bytes:int}", static (int bytes, HttpContext context) =>
        {
            context.Response.ContentLength = bytes;
            return context.Response.Body.WriteAsync(SiteFolder.Pattern(bytes)).AsTask();
        });
        write.Map("/chunks/{bytes:int}", static (int bytes, HttpContext context) => context.Response.Body.WriteAsync(SiteFolder.Pattern(bytes)).AsTask());
        write.Map("/large/{parts:int}", LargeAsync);
        write.Map("/started", static async (HttpContext context) =>
        {
            await context.Response.StartAsync();
            await context.Response.WriteAsync($"started {context.Response.HasStarted}");
        });
        write.Map("/completed", static async (HttpContext context) =>
        {
            await context.Response.WriteAsync("completed");
            await context.Response.CompleteAsync();
        });
        write.Map("/completed-empty", static (HttpContext context) => context.Response.CompleteAsync());
        write.Map("/started-only", static (HttpContext context) => context.Response.StartAsync());
        write.Map("/flush-only", static (HttpContext context) => context.Response.Body.FlushAsync());
        write.Map("/sync", static (HttpContext context) => Synchronous(context));
        write.Map("/sync-allowed", static (HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
            context.Response.Body.Write("synchronous"u8);
            context.Response.Body.Flush();
        });
        write.Map("/file", (HttpContext context) => context.Response.SendFileAsync(site.PathOf("text.txt")));
        write.Map("/file-part", (HttpContext context) => context.Response.SendFileAsync(site.PathOf("large.bin"), 1_000_000, 500_000));
        write.Map("/file-between", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("before ");
            await context.Response.SendFileAsync(site.PathOf("text.txt"), 0, 15);
            await context.Response.WriteAsync(" after");
        });
        write.Map("/file-missing", (HttpContext context) => context.Response.SendFileAsync(site.PathOf("nowhere.txt")));
        write.Map("/file-beyond", (HttpContext context) => context.Response.SendFileAsync(site.PathOf("text.txt"), 10, 100_000));
        write.Map("/replaced", ReplacedAsync);
        write.Map("/unbuffered", static async (HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await context.Response.WriteAsync("unbuffered");
        });
        write.Map("/trailers", TrailersAsync);
        write.Map("/trailers-supported", static (HttpContext context) => $"{context.Response.SupportsTrailers()}");
        write.Map("/late", static async (HttpContext context) =>
        {
            await Task.Yield();
            await context.Response.WriteAsync("after a yield");
        });
        write.Map("/status/{code:int}", static (int code, HttpContext context) =>
        {
            context.Response.StatusCode = code;
            return Task.CompletedTask;
        });
        write.Map("/text-at-status/{code:int}", static (int code, HttpContext context) =>
        {
            context.Response.StatusCode = code;
            return context.Response.WriteAsync("text");
        });
        write.Map("/abilities", static (HttpContext context) =>
            $"{context.Response.Body.CanRead} {context.Response.Body.CanWrite} {context.Response.Body.CanSeek} {context.Response.Body.CanTimeout}");
    }

    private static string Synchronous(HttpContext context)
    {
        var text = new StringBuilder();
        foreach (var action in (Action[])[() => context.Response.Body.Write("text"u8), () => context.Response.Body.Flush()])
        {
            try
            {
                action();
                text.Append("done ");
            }
            catch (InvalidOperationException)
            {
                text.Append("refused ");
            }
        }

        return text.ToString();
    }

    private static async Task LargeAsync(int parts, HttpContext context)
    {
        var part = SiteFolder.Pattern(100_000);
        for (var number = 0; number < parts; number++)
        {
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
        }
    }

    // As a middleware does that looks at answers, or changes them.
    private static async Task ReplacedAsync(HttpContext context)
    {
        var original = context.Response.Body;
        using var copy = new MemoryStream();
        context.Response.Body = copy;
        await context.Response.WriteAsync("written to a copy");
        context.Response.BodyWriter.Write(", and by its pipe"u8);
        await context.Response.BodyWriter.FlushAsync();
        context.Response.Body = original;
        copy.Position = 0;
        await copy.CopyToAsync(context.Response.Body);
    }

    private static async Task TrailersAsync(HttpContext context)
    {
        if (context.Response.SupportsTrailers())
        {
            context.Response.DeclareTrailer("X-Sum");
        }

        await context.Response.WriteAsync("with trailers");
        if (context.Response.SupportsTrailers())
        {
            context.Response.AppendTrailer("X-Sum", "13");
            context.Response.AppendTrailer("X-Two", new(["a", "b"]));
        }
    }
}
