using System.Net;

namespace PipeServer.Tests;

public sealed class HttpServerOptionsTests
{
    public static TheoryData<string, object> OutOfRange => new()
    {
        { nameof(HttpServerOptions.Port), -1 },
        { nameof(HttpServerOptions.Port), 65536 },
        { nameof(HttpServerOptions.Backlog), 0 },
        { nameof(HttpServerOptions.Workers), 0 },
        { nameof(HttpServerOptions.Loops), 0 },
        { nameof(HttpServerOptions.Loops), HttpServerOptions.MaxLoops + 1 },
        { nameof(HttpServerOptions.QueueCapacity), 0 },
        { nameof(HttpServerOptions.ThreadPoolConcurrency), 0 },
        { nameof(HttpServerOptions.ThreadPoolConcurrency), HttpServerOptions.MaxThreadPoolConcurrency + 1 },
        { nameof(HttpServerOptions.MaxConnections), 0 },
        { nameof(HttpServerOptions.MaxStreamsPerConnection), 0 },
        { nameof(HttpServerOptions.MaxStreamsPerConnection), HttpServerOptions.MostStreamsPerConnection + 1 },
        { nameof(HttpServerOptions.MaxRequestLineBytes), 1 },
        { nameof(HttpServerOptions.MaxRequestHeadBytes), 1 },
        { nameof(HttpServerOptions.MaxRequestHeaderCount), 0 },
        { nameof(HttpServerOptions.MaxRequestBodyBytes), -1L },
        { nameof(HttpServerOptions.KeepAliveTimeout), TimeSpan.Zero },
        { nameof(HttpServerOptions.RequestHeadTimeout), TimeSpan.FromSeconds(-1) },
        { nameof(HttpServerOptions.RequestBodyTimeout), Timeout.InfiniteTimeSpan },
        { nameof(HttpServerOptions.ResponseWriteTimeout), TimeSpan.MaxValue },
        { nameof(HttpServerOptions.ShutdownGracePeriod), TimeSpan.FromTicks(-1) },
        { nameof(HttpServerOptions.AcceptLimit), 0 },
        { nameof(HttpServerOptions.DrainDelay), TimeSpan.FromTicks(-1) },
        { nameof(HttpServerOptions.DrainIdleTimeout), TimeSpan.FromTicks(-1) },
        { nameof(HttpServerOptions.QueueTimeout), TimeSpan.Zero },
        { nameof(HttpServerOptions.MinDataRate), -1 },
        { nameof(HttpServerOptions.MaxConnectionsPerAddress), 0 },
        { nameof(HttpServerOptions.Overload), (OverloadPolicy)2 },
        { nameof(HttpServerOptions.ListenDescriptor), 2 },
        { nameof(HttpServerOptions.ForwardedHeader), (ForwardedHeader)3 },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void A_value_out_of_range_is_refused_by_the_options_name(string option, object value)
    {
        var options = new HttpServerOptions();
        typeof(HttpServerOptions).GetProperty(option)!.SetValue(options, value);
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new HttpServer(options));
        Assert.Equal(option, exception.ParamName);
        Assert.StartsWith($"{option} must be from ", exception.Message);
    }

    [Fact]
    public void A_head_smaller_than_its_line_is_refused()
    {
        var options = new HttpServerOptions { MaxRequestHeadBytes = 100, MaxRequestLineBytes = 200 };
        Assert.Contains("must not be below MaxRequestLineBytes", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
    }

    [Fact]
    public void What_must_not_be_null_is_refused_by_name()
    {
        Assert.Equal("Address", Assert.Throws<ArgumentNullException>(() => new HttpServer(new HttpServerOptions { Address = null! })).ParamName);
        Assert.Equal("LoggerFactory", Assert.Throws<ArgumentNullException>(() => new HttpServer(new HttpServerOptions { LoggerFactory = null! })).ParamName);
        Assert.Equal("TimeProvider", Assert.Throws<ArgumentNullException>(() => new HttpServer(new HttpServerOptions { TimeProvider = null! })).ParamName);
        Action<HttpRequest, HttpResponse> nothing = null!; // "answer" was the name
        Assert.Equal("handler", Assert.Throws<ArgumentNullException>(() => new HttpServer().MapPut("/", nothing)).ParamName);
        Assert.Equal("handler", Assert.Throws<ArgumentNullException>(() => new HttpServer().MapFallback(nothing)).ParamName);
    }

    [Fact]
    public void Every_limit_is_finite_by_default()
    {
        var options = new HttpServerOptions();
        Assert.Equal(IPAddress.Loopback, options.Address.Value);
        Assert.Equal(7878, options.Port);
        Assert.Equal(32 * 1024, options.MaxRequestHeadBytes);
        Assert.Equal(100, options.MaxRequestHeaderCount);
        Assert.Equal(8 * 1024, options.MaxRequestLineBytes);
        Assert.Equal(128L * 1024 * 1024, options.MaxRequestBodyBytes);
        Assert.Equal(TimeSpan.Zero, options.DrainDelay);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.DrainIdleTimeout);
        Assert.Equal(240, options.MinDataRate);
        Assert.Equal(128, options.MaxStreamsPerConnection);
        foreach (var property in typeof(HttpServerOptions).GetProperties()
            .Where(static property => property.PropertyType == typeof(TimeSpan) && !property.Name.StartsWith("Drain")))
        {
            Assert.InRange((TimeSpan)property.GetValue(options)!, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        }
    }

    // A server whose bind fails must not leave threads behind, and must be disposable.
    [Fact]
    public async Task A_port_in_use_fails_the_start_and_leaves_nothing()
    {
        await using var first = new HttpServer(new HttpServerOptions { Port = 0 });
        await first.StartAsync();
        await using var second = new HttpServer(new HttpServerOptions { Port = first.Address.Port });
        await Assert.ThrowsAsync<ListenException>(() => second.StartAsync());
        Assert.Throws<InvalidOperationException>(() => second.Workers);
        Assert.Equal(ShutdownOutcome.Drained, (await second.StopAsync()).Outcome);
    }
}
