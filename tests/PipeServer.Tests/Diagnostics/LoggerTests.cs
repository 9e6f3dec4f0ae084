using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Diagnostics;
using PipeServer.Transport.Epoll;
using PipeServer.Workers;

namespace PipeServer.Tests.Diagnostics;

/// <summary>The loggers of the house: lines, their rate, and the guard around foreign ones.</summary>
public sealed class LoggerTests
{
    private readonly List<string> _lines = [];

    [Fact]
    public void An_event_is_a_line_with_its_level_from_warning_on()
    {
        using var factory = new LineLoggerFactory(LogLevel.Debug, _lines.Add, new PlainLineFormat(namesCategories: false));
        var logger = factory.CreateLogger("Somebody");
        logger.Log(LogLevel.Trace, 1, "too low", null, static (state, _) => state);
        logger.Log(LogLevel.Debug, 1, "a", null, static (state, _) => state);
        logger.Log(LogLevel.Warning, 1, "b", null, static (state, _) => state);
        var boom = new InvalidOperationException("boom");
        logger.Log(LogLevel.Error, 1, "c", boom, static (state, _) => state);
        var indescribable = new Indescribable();
        logger.Log(LogLevel.Critical, 1, "d", indescribable, static (state, _) => state);
        Assert.Equal(
            ["a", "warning: b", "error: c System.InvalidOperationException: boom",
                $"critical: d {typeof(Indescribable)} (its description failed: System.NotSupportedException)"],
            _lines);
        Assert.Throws<NotSupportedException>(() => factory.AddProvider(null!));
    }

    [Fact]
    public void A_log_that_is_off_writes_nothing()
    {
        using var factory = new LineLoggerFactory(LogLevel.None, _lines.Add, new PlainLineFormat(namesCategories: false));
        var logger = factory.CreateLogger("Somebody");
        logger.Log(LogLevel.Critical, 1, "a", null, static (state, _) => state);
        logger.Log(LogLevel.None, 1, "b", null, static (state, _) => state);
        Assert.Empty(_lines);
    }

    [Fact]
    public void Level_and_form_can_change_for_loggers_that_there_are()
    {
        using var factory = new LineLoggerFactory(LogLevel.Error, _lines.Add, new PlainLineFormat(namesCategories: false));
        var logger = factory.CreateLogger("Somebody");
        Assert.False(logger.IsEnabled(LogLevel.Warning));
        factory.Change(LogLevel.Warning, new PlainLineFormat(namesCategories: true));
        Assert.True(logger.IsEnabled(LogLevel.Warning));
        logger.Log(LogLevel.Warning, 1, "a", null, static (state, _) => state);
        Assert.Contains("Somebody", Assert.Single(_lines));
    }

    [Fact]
    public void Ten_lines_a_second_pass_and_the_others_are_counted_when_it_is_over()
    {
        var time = new ManualTimeProvider();
        var limited = new LimitedLines(_lines.Add, time);
        for (var i = 0; i < 25; i++)
        {
            limited.Write($"{i}");
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(static i => $"{i}"), _lines);
        _lines.Clear();
        time.Advance(TimeSpan.FromSeconds(1)); // nothing else happens, and it is told all the same
        Assert.Equal(["PipeServer: 15 more lines of the log are not shown: at most 10 a second."], _lines);
        _lines.Clear();
        for (var i = 0; i < 11; i++)
        {
            limited.Write($"{i}");
        }

        limited.Tell(); // the process ends
        Assert.Equal(11, _lines.Count);
        Assert.Equal("PipeServer: 1 more line of the log is not shown: at most 10 a second.", _lines[^1]);
        limited.Tell();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(11, _lines.Count);
    }

    [Fact]
    public void By_default_faults_are_told_and_nothing_else()
    {
        foreach (var logger in new[]
        {
            new HttpServerOptions().LoggerFactory.CreateLogger("a"), new WorkerPoolOptions().Logger, new EpollTransportOptions().Logger,
        })
        {
            Assert.IsType<LineLogger>(logger);
            Assert.False(logger.IsEnabled(LogLevel.Warning));
            Assert.True(logger.IsEnabled(LogLevel.Error));
        }
    }

    [Fact]
    public void Loggers_that_cannot_throw_are_called_without_a_detour()
    {
        Assert.Same(NullLogger.Instance, GuardedLogger.Around(NullLogger.Instance));
        var own = LineLoggerFactory.StandardError.CreateLogger("a");
        Assert.Same(own, GuardedLogger.Around(own));
        var guarded = GuardedLogger.Around(new ThrowingLog());
        Assert.Same(guarded, GuardedLogger.Around(guarded));
    }

    // A logger that threw, as Microsoft's does when one of its providers throws, ended the worker that called it, and with it the process.
    [Fact]
    public async Task A_logger_that_throws_costs_neither_a_worker_nor_a_job()
    {
        using var pool = new WorkerPool(1, 10, new WorkerPoolOptions { Logger = new ThrowingLog() });
        pool.Execute(static () => throw new InvalidOperationException("On purpose."));
        var done = new TaskCompletionSource();
        pool.Execute(done.SetResult);
        await done.Task.WaitAsync(TestClient.Patience);
        Assert.Equal(1, pool.Size);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    [InlineData("memory")]
    public async Task A_logger_that_throws_changes_no_answer(string transport)
    {
        await using var server = await TestServer.StartAsync(
            transport,
            static server => server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("On purpose.")),
            static options => options.LoggerFactory = new ThrowingLog());
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/fault"))).Status);
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/nothing"))).Status);
        await client.DisposeAsync();
        var report = await server.Server.StopAsync();
        Assert.Equal((2, 2), (report.Requests.Received, report.Requests.Completed));
    }

    private sealed class Indescribable : Exception
    {
        public override string Message => throw new NotSupportedException();
    }
}
