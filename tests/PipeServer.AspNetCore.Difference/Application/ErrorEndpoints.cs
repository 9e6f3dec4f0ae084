using System.Buffers;

namespace Difference.Application;

/// <summary>Faults of an application, before and after its answer has begun.</summary>
internal static class ErrorEndpoints
{
    /// <summary>Some paths answer faults themselves, the others leave them to the server.</summary>
    public static void Use(WebApplication application)
    {
        application.UseWhen(static context => context.Request.Path.StartsWithSegments("/error/handled"), static branch => branch.UseExceptionHandler());
        application.UseWhen(static context => context.Request.Path.StartsWithSegments("/error/pages"), static branch => branch.UseStatusCodePages());
        application.UseWhen(static context => context.Request.Path.StartsWithSegments("/error/again"), static branch =>
            branch.UseExceptionHandler(static handler => handler.Run(static context => context.Response.WriteAsync($"handled {context.Request.Path}"))));
    }

    public static void Map(WebApplication application)
    {
        foreach (var prefix in (string[])["/error", "/error/handled", "/error/pages", "/error/again"])
        {
            MapFaults(application.MapGroup(prefix));
        }
    }

    private static void MapFaults(RouteGroupBuilder error)
    {
        error.Map("/before", static IResult (HttpContext context) =>
        {
            context.Response.StatusCode = 201;
            context.Response.Headers["X-Left"] = "left";
            throw new InvalidOperationException("before");
        });
        error.Map("/later", static async (HttpContext context) =>
        {
            await Task.Yield();
            context.Response.Headers["X-Left"] = "left";
            throw new InvalidOperationException("later");
        });
        error.Map("/in-buffer", static (HttpContext context) =>
        {
            // Written to the pipe, and never flushed: nothing of it is sent yet.
            context.Response.BodyWriter.Write("in the buffer"u8);
            throw new InvalidOperationException("in the buffer");
        });
        error.Map("/after-flush", static async (HttpContext context) =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            throw new InvalidOperationException("after the flush");
        });
        error.Map("/after-start", static async (HttpContext context) =>
        {
            await context.Response.StartAsync();
            throw new InvalidOperationException("after the start");
        });
        error.Map("/after-sized", static async (HttpContext context) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("not a hundred");
            throw new InvalidOperationException("after a part");
        });
        error.Map("/after-complete", static async (HttpContext context) =>
        {
            await context.Response.WriteAsync("complete");
            await context.Response.CompleteAsync();
            throw new InvalidOperationException("after the end");
        });
        error.Map("/too-little", static async (HttpContext context) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("not a hundred");
        });
        error.Map("/none-of-length", static (HttpContext context) =>
        {
            context.Response.ContentLength = 100;
            return Task.CompletedTask;
        });
        error.Map("/too-much", static async (HttpContext context) =>
        {
            context.Response.ContentLength = 5;
            await context.Response.WriteAsync("more than five");
        });
        error.Map("/too-much-later", static async (HttpContext context) =>
        {
            context.Response.ContentLength = 5;
            await context.Response.WriteAsync("five!");
            await context.Response.WriteAsync("more");
        });
        error.Map("/bad-request", static IResult () => throw new BadHttpRequestException("said by the application", 418));
        error.Map("/cancelled", static IResult () => throw new OperationCanceledException("cancelled, and not by the client"));
        error.Map("/io", static IResult () => throw new IOException("a file cannot be read"));
        error.Map("/abort", static (HttpContext context) => context.Abort());
        error.Map("/abort-later", static async (HttpContext context) =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        error.Map("/status/{code:int}", static (int code, HttpContext context) =>
        {
            context.Response.StatusCode = code;
        });
    }
}
