namespace Difference.Application;

/// <summary>Callbacks before the head and after the end.</summary>
internal static class HookEndpoints
{
    public static void Map(WebApplication application)
    {
        var hook = application.MapGroup("/hook");
        hook.Map("/starting", static async (HttpContext context) =>
        {
            foreach (var name in (string[])["first", "second"])
            {
                context.Response.OnStarting(() =>
                {
                    context.Response.Headers.Append("X-Hooks", name);
                    return Task.CompletedTask;
                });
            }

            await context.Response.WriteAsync("text");
        });
        hook.Map("/starting-empty", static (HttpContext context) => context.Response.OnStarting(() =>
        {
            context.Response.StatusCode = 203;
            context.Response.Headers["X-Hooks"] = "at the end";
            return Task.CompletedTask;
        }));
        hook.Map("/starting-async", static async (HttpContext context) =>
        {
            context.Response.OnStarting(async () =>
            {
                await Task.Yield();
                context.Response.Headers["X-Hooks"] = "asynchronous";
            });
            await context.Response.WriteAsync("text");
        });
        hook.Map("/starting-in-starting", static async (HttpContext context) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.OnStarting(() =>
                {
                    context.Response.Headers["X-Inner"] = "inner";
                    return Task.CompletedTask;
                });
                return Task.CompletedTask;
            });
            await context.Response.WriteAsync("text");
        });
        hook.Map("/starting-throws", static async (HttpContext context) =>
        {
            context.Response.OnStarting(static () => throw new InvalidOperationException("in a hook"));
            await context.Response.WriteAsync("text");
        });
        hook.Map("/starting-throws-empty", static (HttpContext context) =>
            context.Response.OnStarting(static () => throw new InvalidOperationException("in a hook")));
        hook.Map("/starting-late", static async (HttpContext context) =>
        {
            await context.Response.StartAsync();
            try
            {
                context.Response.OnStarting(static () => Task.CompletedTask);
                await context.Response.WriteAsync("taken");
            }
            catch (InvalidOperationException)
            {
                await context.Response.WriteAsync("refused");
            }
        });
        hook.Map("/starting-and-fault", static IResult (HttpContext context) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["X-Hooks"] = $"status {context.Response.StatusCode}";
                return Task.CompletedTask;
            });
            throw new InvalidOperationException("before the start");
        });
        hook.Map("/completed-throws", static async (HttpContext context) =>
        {
            context.Response.OnCompleted(static () => throw new InvalidOperationException("after the end"));
            await context.Response.WriteAsync("text");
        });
        hook.Map("/disposed", static async (HttpContext context, RequestLog log) =>
        {
            context.Response.RegisterForDispose(new Disposal(() => log.Say("disposed", "yes")));
            await context.Response.WriteAsync("text");
        });
        hook.Map("/order/{name}", static async (string name, HttpContext context, RequestLog log) =>
        {
            var order = new List<string>();
            context.Response.OnStarting(() => AddAsync(order, "starting 1"));
            context.Response.OnStarting(() => AddAsync(order, "starting 2"));
            context.Response.OnCompleted(() =>
            {
                order.Add("completed 1");
                log.Say(name, $"{string.Join(", ", order)}; {context.Response.StatusCode} {context.Response.HasStarted}");
                return Task.CompletedTask;
            });
            context.Response.OnCompleted(() => AddAsync(order, "completed 2"));
            await context.Response.WriteAsync("text");
            order.Add("handler");
        });
    }

    private static Task AddAsync(List<string> order, string what)
    {
        order.Add(what);
        return Task.CompletedTask;
    }
}
