using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace PipeServer.AspNetCore.Tests;

/// <summary>The collection of features.</summary>
public sealed class FeatureTests
{
    public static TheoryData<Type> Present =>
    [
        typeof(IHttpRequestFeature), typeof(IHttpResponseFeature), typeof(IHttpResponseBodyFeature), typeof(IRequestBodyPipeFeature),
        typeof(IHttpRequestBodyDetectionFeature), typeof(IHttpBodyControlFeature), typeof(IHttpMaxRequestBodySizeFeature),
        typeof(IHttpMinRequestBodyDataRateFeature), typeof(IHttpMinResponseDataRateFeature), typeof(IHttpRequestTrailersFeature),
        typeof(IHttpResponseTrailersFeature), typeof(IHttpConnectionFeature), typeof(IHttpRequestLifetimeFeature), typeof(IHttpRequestIdentifierFeature),
        typeof(IHttpUpgradeFeature), typeof(IPersistentStateFeature), typeof(IConnectionItemsFeature), typeof(IConnectionIdFeature),
        typeof(IConnectionEndPointFeature), typeof(IEndpointFeature), typeof(IRouteValuesFeature),
    ];

    [Theory]
    [MemberData(nameof(Present))]
    public async Task A_feature_is_there_listed_and_replaceable(Type type)
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var features = context.Features;
            var feature = features[type];
            Assert.NotNull(feature);
            Assert.IsAssignableFrom(type, feature);
            Assert.Contains(features, item => item.Key == type && ReferenceEquals(item.Value, feature));
            var revision = features.Revision;
            features[type] = null;
            Assert.Null(features[type]);
            Assert.DoesNotContain(features, item => item.Key == type);
            Assert.NotEqual(revision, features.Revision);
            features[type] = feature;
            Assert.Same(feature, features[type]);
            if (type != typeof(IHttpResponseBodyFeature) && type != typeof(IHttpResponseFeature) && type != typeof(IHttpRequestFeature))
            {
                features[type] = null; // it is there again in the next request; without the others the host itself fails
            }

            return Task.CompletedTask;
        });
        using var first = await host.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var second = await host.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
    }

    [Theory]
    [InlineData(typeof(ITlsConnectionFeature))]
    [InlineData(typeof(ITlsHandshakeFeature))]
    [InlineData(typeof(IHttpResetFeature))]
    [InlineData(typeof(IHttpExtendedConnectFeature))]
    [InlineData(typeof(IItemsFeature))]
    [InlineData(typeof(IDisposable))]
    public async Task A_feature_that_does_not_apply_is_not_there(Type type)
    {
        object? found = type;
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            found = context.Features[type];
            return Task.CompletedTask;
        });
        await host.GetAsync("/");
        Assert.Null(found);
    }

    [Fact]
    public async Task A_feature_of_ones_own_lasts_as_long_as_the_request()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var had = context.Features.Get<Version>();
            context.Features.Set(new Version(1, 2));
            Assert.Contains(context.Features, static item => item.Key == typeof(Version));
            return context.Response.WriteAsync($"{had} {context.Features.Get<Version>()} {context.Features.IsReadOnly}");
        });
        Assert.Equal(" 1.2 False", await host.GetAsync("/"));
        Assert.Equal(" 1.2 False", await host.GetAsync("/"));
    }

    [Fact]
    public async Task What_an_application_sets_of_a_request_is_forgotten_with_it()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            var request = context.Features.Get<IHttpRequestFeature>()!;
            await context.Response.WriteAsync(
                $"{request.Method} {request.PathBase}{request.Path}{request.QueryString} {request.Scheme} {request.Protocol} {context.Items.Count}");
            (request.Method, request.PathBase, request.Path, request.QueryString) = ("PUT", "/base", "/other", "?q");
            (request.Scheme, request.Protocol, request.RawTarget) = ("gopher", "HTTP/9", "/raw");
            (request.Body, context.TraceIdentifier, context.RequestAborted) = (Stream.Null, "trace", new CancellationToken(true));
            context.Items["left"] = 1;
            Assert.Equal("PUT /base/other?q gopher HTTP/9 trace",
                $"{context.Request.Method} {context.Request.PathBase}{context.Request.Path}{context.Request.QueryString} {context.Request.Scheme} "
                + $"{context.Request.Protocol} {context.TraceIdentifier}");
            Assert.True(context.RequestAborted.IsCancellationRequested);
            Assert.Same(Stream.Null, context.Request.Body);
        });
        Assert.Equal("GET /a http HTTP/1.1 0", await host.GetAsync("/a"));
        Assert.Equal("GET /a http HTTP/1.1 0", await host.GetAsync("/a"));
    }

    [Fact]
    public async Task The_body_of_a_response_can_be_replaced()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            var original = context.Response.Body;
            var copy = new MemoryStream();
            context.Response.Body = copy;
            await context.Response.WriteAsync("small");
            context.Response.Body = original;
            await context.Response.WriteAsync(System.Text.Encoding.ASCII.GetString(copy.ToArray()).ToUpperInvariant());
        });
        Assert.Equal("SMALL", await host.GetAsync("/"));
    }

    [Fact]
    public async Task The_least_rates_can_be_changed()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var body = context.Features.Get<IHttpMinRequestBodyDataRateFeature>()!;
            var response = context.Features.Get<IHttpMinResponseDataRateFeature>()!;
            Assert.Equal(240, body.MinDataRate!.BytesPerSecond);
            Assert.Equal(240, response.MinDataRate!.BytesPerSecond);
            (body.MinDataRate, response.MinDataRate) = (null, new MinDataRate(100.5, TimeSpan.FromSeconds(10)));
            return context.Response.WriteAsync($"{body.MinDataRate is null} {response.MinDataRate.BytesPerSecond}");
        });
        Assert.Equal("True 101", await host.GetAsync("/"));
    }

    [Fact]
    public async Task What_comes_behind_the_end_of_a_request_does_not_reach_the_next_one()
    {
        IFeatureCollection? left = null;
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            left ??= context.Features;
            Assert.False(context.Request.Headers.ContainsKey("X-Stale"));
            var fails = context.Request.Path == "/fail"; // so that the response has never started
            return fails ? throw new InvalidOperationException("deliberate") : context.Response.WriteAsync($"{context.Request.PathBase}|{context.Connection.RemotePort == 7}");
        });
        using var failed = await host.Client.GetAsync("/fail");
        var (request, response) = (left!.Get<IHttpRequestFeature>()!, left!.Get<IHttpResponseFeature>()!);
        await Eventually.TrueAsync(() => Record.Exception(() => request.Method) is ObjectDisposedException, "the request has ended");
        request.Headers["X-Stale"] = "1";
        request.PathBase = "/stale";
        response.Headers["X-Stale"] = "1";
        response.OnStarting(static _ => throw new InvalidOperationException("stale"), 0);
        Assert.Throws<ObjectDisposedException>(() => left.Get<IHttpResponseBodyFeature>()!.Writer.GetMemory());
        Assert.Throws<ObjectDisposedException>(() => response.OnCompleted(static _ => Task.CompletedTask, 0));
        ((IHttpRequestLifetimeFeature)request).Abort(); // nobody's
        using var next = await host.Client.GetAsync("/");
        Assert.Equal("|False", await next.Content.ReadAsStringAsync());
        Assert.False(next.Headers.Contains("X-Stale"));
    }
}
