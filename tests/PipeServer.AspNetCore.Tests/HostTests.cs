using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PipeServer.AspNetCore.Tests;

/// <summary>Options, start, stop, and the three ways to run an application.</summary>
public sealed class HostTests
{
    [Theory]
    [InlineData(Dispatch.Worker)]
    [InlineData(Dispatch.ThreadPool)]
    [InlineData(Dispatch.Inline)]
    public async Task An_application_runs_where_the_options_say(Dispatch dispatch)
    {
        var threads = new System.Collections.Concurrent.ConcurrentBag<(string? Name, bool IsPool)>();
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                threads.Add((Thread.CurrentThread.Name, Thread.CurrentThread.IsThreadPoolThread));
                await Task.Yield();
                using var reader = new StreamReader(context.Request.Body);
                await context.Response.WriteAsync(await reader.ReadToEndAsync());
            },
            options => options.Dispatch = dispatch);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            using var response = await host.Client.PostAsync("/", new StringContent($"{number}"));
            Assert.Equal($"{number}", await response.Content.ReadAsStringAsync());
        }));
        Assert.Equal(50, threads.Count);
        Assert.All(threads, thread => Assert.Equal(dispatch == Dispatch.ThreadPool, thread.IsPool));
        Assert.Equal(dispatch == Dispatch.Worker, threads.All(static thread => thread.Name?.Contains("worker") == true));
    }

    [Fact]
    public async Task Configuration_is_bound_and_code_goes_before_it()
    {
        await using var host = await ApplicationHost.StartAsync(
            static application => application.Run(static context => context.Response.WriteAsync("ok")),
            static options => options.Server.MaxStreamsPerConnection = 50,
            static builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["PipeServer:Dispatch"] = "ThreadPool",
                ["PipeServer:AllowSynchronousIO"] = "true",
                ["PipeServer:Server:MaxConnections"] = "77",
                ["PipeServer:Server:MaxStreamsPerConnection"] = "7",
                ["PipeServer:Server:Endpoints:0"] = "127.0.0.1:0",
            }));
        var options = host.Application.Services.GetRequiredService<IOptions<PipeServerOptions>>().Value;
        Assert.Equal((Dispatch.ThreadPool, true, 77, 50),
            (options.Dispatch, options.AllowSynchronousIO, options.Server.MaxConnections, options.Server.MaxStreamsPerConnection));
        Assert.Equal("ok", await host.GetAsync("/"));
    }

    [Theory]
    [InlineData("PipeServer:Dispatch", "9", "Dispatch is 9")]
    [InlineData("PipeServer:Server:Workers", "many", "PipeServer:Server:Workers")]
    [InlineData("PipeServer:Server:Workers", "0", "Workers")]
    [InlineData("PipeServer:Wrokers", "1", "Wrokers")]
    [InlineData("PipeServer:AllowSynchronousIO", "maybe", "PipeServer:AllowSynchronousIO: 'maybe' must be true or false")]
    [InlineData("PipeServer:Certificate", "x", "Set PipeServerOptions.Certificate in code")]
    [InlineData("PipeServer:Server:LoggerFactory", "x", "Set HttpServerOptions.LoggerFactory in code")]
    [InlineData("PipeServer:CertificatePassword", "x", "CertificatePassword is set without CertificatePath")]
    [InlineData("PipeServer:CertificateKeyPath", "x", "CertificateKeyPath is set without CertificatePath")]
    public async Task A_wrong_option_is_an_error_that_names_it(string key, string value, string expected)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => ApplicationHost.StartAsync(
            static _ => { },
            build: builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [key] = value })));
        Assert.Contains(expected, exception.ToString());
    }

    [Fact]
    public void Every_option_can_be_bound_or_says_why_not()
    {
        foreach (var name in typeof(PipeServerOptions).GetProperties().Select(static property => property.Name))
        {
            var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [$"PipeServer:{name}"] = "?" }).Build();
            var setup = new PipeServerOptionsSetup(configuration.GetSection("PipeServer"));
            var exception = Record.Exception(() => setup.Configure(new PipeServerOptions()));
            Assert.DoesNotContain("has no option of that name", exception?.Message ?? "");
        }
    }

    [Fact]
    public async Task A_stop_waits_for_a_slow_request()
    {
        var begun = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            begun.SetResult();
            await end.Task;
            await context.Response.WriteAsync("late");
        });
        var answer = host.GetAsync("/");
        await begun.Task.WaitAsync(ApplicationHost.Patience);
        Assert.Null(host.Instance.ShutdownReport);
        var stopping = host.Application.StopAsync();
        var lifetime = host.Application.Services.GetRequiredService<IHostApplicationLifetime>();
        await Eventually.TrueAsync(() => lifetime.ApplicationStopping.IsCancellationRequested, "the stop begins");
        Assert.False(stopping.IsCompleted);
        end.SetResult();
        Assert.Equal("late", await answer.WaitAsync(ApplicationHost.Patience));
        await stopping.WaitAsync(ApplicationHost.Patience);
        var report = host.Instance.ShutdownReport!;
        Assert.Equal((ShutdownOutcome.Drained, 1, 0), (report.Outcome, report.Requests.Completed, report.Requests.Aborted));
        Assert.Contains(host.Log.Lines, static line => line.Contains("PipeServer has stopped: Drained"));
    }

    [Fact]
    public async Task The_hosts_time_out_ends_a_stop()
    {
        var begun = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(
            application => application.Run(async context =>
            {
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }),
            build: static builder => builder.Host.ConfigureHostOptions(static options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(300)));
        var answer = host.GetAsync("/");
        await begun.Task.WaitAsync(ApplicationHost.Patience);
        await Record.ExceptionAsync(() => host.Application.StopAsync().WaitAsync(ApplicationHost.Patience));
        await Assert.ThrowsAnyAsync<Exception>(() => answer);
        Assert.Single(host.Instance.ShutdownReport!.CutOff);
        Assert.Equal(TimeSpan.FromMilliseconds(270), host.Application.Services.GetRequiredService<IOptions<PipeServerOptions>>().Value.Server.ShutdownGracePeriod);
    }

    [Fact]
    public async Task The_running_server_can_be_looked_at()
    {
        await using var host = await ApplicationHost.StartAsync(static context => context.Response.WriteAsync("ok"));
        await host.GetAsync("/");
        Assert.Equal(1, host.Instance.Server!.Requests.Received);
        Assert.Equal(host.Client.BaseAddress!.Port, host.Instance.Server.Address.Port);
    }

    [Fact]
    public async Task A_server_is_started_once()
    {
        await using var host = await ApplicationHost.StartAsync(static context => context.Response.WriteAsync("ok"));
        var server = host.Application.Services.GetRequiredService<IServer>();
        var application = new NoApplication();
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync(application, CancellationToken.None));
    }

    [Fact]
    public async Task Endpoints_models_and_services_work()
    {
        await using var host = await ApplicationHost.StartAsync(
            static application =>
            {
                application.MapGet("/hello/{name}", static (string name, int times, Scoped scoped) => Results.Ok(new { name, times, scoped.Id }));
                application.MapPost("/order", static (Order order) => order.Count > 0 ? Results.Created($"/order/{order.Count}", order) : Results.BadRequest());
            },
            build: static builder => builder.Services.AddScoped<Scoped>());
        Assert.Equal("{\"name\":\"Ann\",\"times\":3,\"id\":42}", await host.GetAsync("/hello/Ann?times=3"));
        using var created = await host.Client.PostAsync("/order", new StringContent("{\"article\":\"pen\",\"count\":2}", null, "application/json"));
        Assert.Equal((HttpStatusCode.Created, "/order/2"), (created.StatusCode, created.Headers.Location!.ToString()));
        using var bad = await host.Client.PostAsync("/order", new StringContent("{", null, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        using var missing = await host.Client.GetAsync("/hello/Ann?times=x");
        Assert.Equal(HttpStatusCode.BadRequest, missing.StatusCode);
        using var none = await host.Client.GetAsync("/nowhere");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    private sealed record Order(string Article, int Count);

    private sealed class Scoped : IDisposable
    {
        public int Id { get; private set; } = 42;

        public void Dispose() => Id = 0;
    }

    private sealed class NoApplication : IHttpApplication<object>
    {
        public object CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public Task ProcessRequestAsync(object context) => Task.CompletedTask;

        public void DisposeContext(object context, Exception? exception)
        {
        }
    }
}
