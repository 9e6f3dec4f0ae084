using System.Collections.Concurrent;

namespace PipeServer.Hosting.Tests;

/// <summary>Each request of a handler with services has a scope of its own.</summary>
public sealed class ScopeTests
{
    [Fact]
    public async Task A_request_has_one_scope_which_is_disposed_of_at_its_end()
    {
        var (builder, ledger) = Builder();
        var routes = builder.Services.AddPipeServer();
        routes.MapGet("/", static async (_, response, services) =>
        {
            await Task.Yield();
            var unit = services.GetRequiredService<Unit>();
            Assert.Same(unit, services.GetRequiredService<Unit>());
            Assert.False(unit.IsDisposed);
            response.WriteText(unit.Number.ToString());
        });
        await using var host = await TestHost.StartAsync(builder);
        Assert.Equal((200, "1"), await host.GetAsync("/"));
        Assert.Equal((200, "2"), await host.GetAsync("/"));
        Assert.Equal([1, 2], ledger.Disposed); // before the answer is sent
    }

    [Fact]
    public async Task Scopes_of_requests_at_the_same_time_are_different()
    {
        const int Count = 8;
        using var all = new CountdownEvent(Count);
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (builder, ledger) = Builder();
        builder.Services.AddPipeServer().MapGet("/", async (_, response, services) =>
        {
            var unit = services.GetRequiredService<Unit>();
            if (all.Signal())
            {
                met.SetResult();
            }

            await met.Task.WaitAsync(TestHost.Patience);
            response.WriteText(unit.Number.ToString());
        });
        await using var host = await TestHost.StartAsync(builder);
        var answers = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => host.GetAsync("/")));
        Assert.Equal(Enumerable.Range(1, Count), answers.Select(static answer => int.Parse(answer.Text)).Order());
        Assert.Equal(Enumerable.Range(1, Count), ledger.Disposed.Order());
    }

    [Fact]
    public async Task A_scope_is_disposed_of_where_its_handler_throws()
    {
        var (builder, ledger) = Builder();
        builder.Services.AddPipeServer().MapGet("/", static (_, _, services) =>
            throw new InvalidOperationException($"Number {services.GetRequiredService<Unit>().Number} is faulty."));
        await using var host = await TestHost.StartAsync(builder);
        Assert.Equal(500, (await host.GetAsync("/")).Status);
        Assert.Equal([1], ledger.Disposed);
    }

    [Fact]
    public async Task A_class_is_made_for_each_request_with_its_services()
    {
        var (builder, ledger) = Builder();
        builder.Services.AddPipeServer().MapGet<Teller>("/{name}");
        await using var host = await TestHost.StartAsync(builder);
        Assert.Equal((200, "a by 1, call 1"), await host.GetAsync("/a"));
        Assert.Equal((200, "b by 2, call 1"), await host.GetAsync("/b"));
        Assert.Equal([1, 2], ledger.Disposed);
    }

    [Fact]
    public async Task A_class_that_the_program_has_registered_keeps_its_lifetime()
    {
        var builder = TestHost.Builder();
        builder.Services.AddSingleton<Ledger>().AddSingleton<Unit>().AddSingleton<Teller>();
        builder.Services.AddPipeServer().MapGet<Teller>("/{name}", Dispatch.Inline);
        await using var host = await TestHost.StartAsync(builder);
        Assert.Equal((200, "a by 1, call 1"), await host.GetAsync("/a"));
        Assert.Equal((200, "b by 1, call 2"), await host.GetAsync("/b"));
    }

    // Where the container is told to look, as Development has it.
    [Fact]
    public void A_class_whose_services_are_not_there_fails_the_build_of_the_container()
    {
        var services = new ServiceCollection();
        services.AddPipeServer().MapGet<Teller>("/{name}");
        var exception = Assert.Throws<AggregateException>(() => services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true }));
        Assert.Contains(nameof(Unit), exception.Message);
    }

    private static (HostApplicationBuilder Builder, Ledger Ledger) Builder()
    {
        var builder = TestHost.Builder();
        var ledger = new Ledger();
        builder.Services.AddSingleton(ledger).AddScoped<Unit>();
        return (builder, ledger);
    }

    private sealed class Ledger
    {
        private int _made;

        public ConcurrentQueue<int> Disposed { get; } = [];

        public int Next() => Interlocked.Increment(ref _made);
    }

    // Only asynchronously: a scope that was disposed of otherwise would throw.
    private sealed class Unit(Ledger ledger) : IAsyncDisposable
    {
        public int Number { get; } = ledger.Next();

        public bool IsDisposed { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            IsDisposed = true;
            ledger.Disposed.Enqueue(Number);
        }
    }

    private sealed class Teller(Unit unit) : IRequestHandler
    {
        private int _calls;

        public ValueTask HandleAsync(HttpRequest request, HttpResponse response)
        {
            response.WriteText($"{request.RouteValues["name"]} by {unit.Number}, call {Interlocked.Increment(ref _calls)}");
            return ValueTask.CompletedTask;
        }
    }
}
