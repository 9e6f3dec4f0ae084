using System.Globalization;

namespace PipeServer.Hosting.Tests;

/// <summary>What is mapped on the builder is what the server answers.</summary>
public sealed class RouteTests
{
    public static TheoryData<string> Verbs => ["GET", "POST", "PUT", "PATCH", "DELETE", "PURGE"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_takes_every_form_of_a_handler(string verb)
    {
        await using var host = await TestHost.StartAsync(routes => MapAll(routes, verb));
        Assert.Equal((200, "value"), await host.SendAsync(verb, "/value"));
        Assert.Equal((200, "task"), await host.SendAsync(verb, "/task"));
        Assert.Equal((200, "action"), await host.SendAsync(verb, "/action"));
        Assert.Equal((200, "scoped value"), await host.SendAsync(verb, "/scoped/value"));
        Assert.Equal((200, "scoped task"), await host.SendAsync(verb, "/scoped/task"));
        Assert.Equal((200, "scoped action"), await host.SendAsync(verb, "/scoped/action"));
        Assert.Equal((200, "class"), await host.SendAsync(verb, "/class"));
        Assert.Equal(405, (await host.SendAsync(verb == "PUT" ? "POST" : "PUT", "/value")).Status);
    }

    [Fact]
    public async Task Groups_have_prefixes_and_filters()
    {
        await using var host = await TestHost.StartAsync(static routes =>
        {
            routes.AddFilter(static (request, response, next) =>
            {
                response.Headers["X-Order"] = "server";
                return next(request, response);
            });
            var outer = routes.MapGroup("/api/{version}");
            var inner = outer.MapGroup("/orders");
            Assert.Equal(("/api/{version}", "/api/{version}/orders"), (outer.Prefix, inner.Prefix));
            inner.MapGet("/{id}", static (request, response) => response.WriteText($"{request.RouteValues["version"]} {request.RouteValues["id"]}"));
            outer.AddFilter(static async (request, response, next) =>
            {
                response.Headers["X-Order"] += ", group";
                await next(request, response);
            });
            routes.MapGet("/", static (_, response) => response.WriteText("root"));
        });
        using var grouped = await host.Client.GetAsync("/api/v1/orders/7", TestContext.Current.CancellationToken);
        Assert.Equal("v1 7", await grouped.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("server, group", Assert.Single(grouped.Headers.GetValues("X-Order")));
        using var root = await host.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal("server", Assert.Single(root.Headers.GetValues("X-Order")));
    }

    public static TheoryData<string> Fallbacks => ["value", "task", "action", "scoped value", "scoped task", "scoped action", "class"];

    [Theory]
    [MemberData(nameof(Fallbacks))]
    public async Task A_fallback_answers_what_no_route_has(string form)
    {
        await using var host = await TestHost.StartAsync(routes => MapFallback(routes, form));
        Assert.Equal((200, form), await host.GetAsync("/nothing"));
        Assert.Equal((200, form), await host.SendAsync("DELETE", "/nothing/at/all"));
    }

    // With services of the host, among them such as want to know of the server themselves.
    [Fact]
    public async Task Anything_else_is_configured_on_the_server_itself()
    {
        var builder = TestHost.Builder();
        builder.Services.AddSingleton<Clerk>();
        builder.Services.AddPipeServer().Configure(static (services, server) =>
        {
            var clerk = services.GetRequiredService<Clerk>();
            server.Map("GET", "/port", static _ => Dispatch.Inline, (_, response) => response.WriteText(clerk.Count.ToString(CultureInfo.InvariantCulture)));
        });
        await using var host = await TestHost.StartAsync(builder);
        Assert.Equal((200, "1"), await host.GetAsync("/port"));
    }

    [Fact]
    public async Task What_a_configuration_throws_fails_the_start_of_the_host()
    {
        var builder = TestHost.Builder();
        builder.Services.AddPipeServer().Configure(static (_, _) => throw new NotSupportedException("Not this one."));
        Assert.Equal("Not this one.", (await Assert.ThrowsAsync<NotSupportedException>(() => TestHost.StartAsync(builder))).Message);
    }

    // By the line that maps it, and not when the host starts.
    [Fact]
    public void What_is_wrong_with_a_route_is_thrown_at_once()
    {
        var routes = new ServiceCollection().AddPipeServer();
        Assert.Throws<ArgumentException>(() => routes.MapGet("no/slash", static (_, _) => { }));
        Assert.Throws<ArgumentException>(() => routes.Map("CONNECT", "/a", static (_, _) => { }));
        Assert.Throws<ArgumentException>(() => routes.MapGroup("/files/{*rest}"));
        Assert.Throws<ArgumentNullException>(() => routes.MapGet("/a", (RequestHandler)null!));
        Assert.Throws<ArgumentNullException>(() => routes.MapGet("/a", (ScopedRequestHandler)null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => routes.MapGet<Answer>("/a", (Dispatch)7));
        Assert.DoesNotContain(routes.Services, static service => service.ServiceType == typeof(Answer));
        routes.MapGet("/a", static (_, _) => { });
        var group = routes.MapGroup("/a");
        Assert.Contains("is mapped already", Assert.Throws<InvalidOperationException>(() => group.MapGet<Answer>("")).Message);
    }

    [Fact]
    public async Task Nothing_is_mapped_once_the_host_has_started()
    {
        var builder = TestHost.Builder();
        var routes = builder.Services.AddPipeServer();
        var group = routes.MapGroup("/group");
        await using var host = await TestHost.StartAsync(builder);
        Action[] late =
        [
            () => routes.MapGet("/late", static (_, _) => { }),
            () => group.MapGet("/late", static (_, _) => { }),
            () => routes.MapGroup("/late"),
            () => group.AddFilter(static (request, response, next) => next(request, response)),
            () => routes.MapFallback(static (_, _) => { }),
            () => routes.Configure(static (_, _) => { }),
        ];
        Assert.All(late, static map => Assert.Contains("The host has started its server", Assert.Throws<InvalidOperationException>(map).Message));
    }

    private static void MapAll(HostedRouteBuilder routes, string verb)
    {
        switch (verb)
        {
            case "GET":
                routes.MapGet("/value", Value);
                routes.MapGet("/task", InTask);
                routes.MapGet("/action", Act);
                routes.MapGet("/scoped/value", ScopedValue);
                routes.MapGet("/scoped/task", ScopedTask);
                routes.MapGet("/scoped/action", ScopedAct);
                routes.MapGet<Answer>("/class");
                break;
            case "POST":
                routes.MapPost("/value", Value);
                routes.MapPost("/task", InTask);
                routes.MapPost("/action", Act);
                routes.MapPost("/scoped/value", ScopedValue);
                routes.MapPost("/scoped/task", ScopedTask);
                routes.MapPost("/scoped/action", ScopedAct);
                routes.MapPost<Answer>("/class");
                break;
            case "PUT":
                routes.MapPut("/value", Value);
                routes.MapPut("/task", InTask);
                routes.MapPut("/action", Act);
                routes.MapPut("/scoped/value", ScopedValue);
                routes.MapPut("/scoped/task", ScopedTask);
                routes.MapPut("/scoped/action", ScopedAct);
                routes.MapPut<Answer>("/class");
                break;
            case "PATCH":
                routes.MapPatch("/value", Value);
                routes.MapPatch("/task", InTask);
                routes.MapPatch("/action", Act);
                routes.MapPatch("/scoped/value", ScopedValue);
                routes.MapPatch("/scoped/task", ScopedTask);
                routes.MapPatch("/scoped/action", ScopedAct);
                routes.MapPatch<Answer>("/class");
                break;
            case "DELETE":
                routes.MapDelete("/value", Value);
                routes.MapDelete("/task", InTask);
                routes.MapDelete("/action", Act);
                routes.MapDelete("/scoped/value", ScopedValue);
                routes.MapDelete("/scoped/task", ScopedTask);
                routes.MapDelete("/scoped/action", ScopedAct);
                routes.MapDelete<Answer>("/class");
                break;
            default:
                routes.Map(verb, "/value", Value);
                routes.Map(verb, "/task", InTask);
                routes.Map(verb, "/action", Act);
                routes.Map(verb, "/scoped/value", ScopedValue);
                routes.Map(verb, "/scoped/task", ScopedTask);
                routes.Map(verb, "/scoped/action", ScopedAct);
                routes.Map<Answer>(verb, "/class");
                break;
        }
    }

    private static void MapFallback(PipeServerBuilder routes, string form)
    {
        switch (form)
        {
            case "value": routes.MapFallback(Value); break;
            case "task": routes.MapFallback(InTask, Dispatch.ThreadPool); break;
            case "action": routes.MapFallback(Act, Dispatch.Inline); break;
            case "scoped value": routes.MapFallback(ScopedValue); break;
            case "scoped task": routes.MapFallback(ScopedTask); break;
            case "scoped action": routes.MapFallback(ScopedAct); break;
            default: routes.MapFallback<Answer>(); break;
        }
    }

    private static async ValueTask Value(HttpRequest request, HttpResponse response)
    {
        await Task.Yield();
        response.WriteText("value");
    }

    private static async Task InTask(HttpRequest request, HttpResponse response)
    {
        await Task.Yield();
        response.WriteText("task");
    }

    private static void Act(HttpRequest request, HttpResponse response) => response.WriteText("action");

    private static async ValueTask ScopedValue(HttpRequest request, HttpResponse response, IServiceProvider services)
    {
        await Task.Yield();
        response.WriteText("scoped value");
    }

    private static async Task ScopedTask(HttpRequest request, HttpResponse response, IServiceProvider services)
    {
        await Task.Yield();
        response.WriteText("scoped task");
    }

    private static void ScopedAct(HttpRequest request, HttpResponse response, IServiceProvider services) => response.WriteText("scoped action");

    private sealed class Answer : IRequestHandler
    {
        public ValueTask HandleAsync(HttpRequest request, HttpResponse response)
        {
            response.WriteText("class");
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Clerk(IPipeServer server)
    {
        public int Count => server.EndPoints.Count;
    }
}
