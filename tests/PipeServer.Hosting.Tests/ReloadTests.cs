using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace PipeServer.Hosting.Tests;

/// <summary>A configuration that changes while the server runs.</summary>
public sealed class ReloadTests
{
    private const string Limit = "PipeServer:MaxRequestBodyBytes";

    [Fact]
    public async Task New_limits_are_in_force_for_new_connections()
    {
        await using var reloading = await Reloading.StartAsync();
        Assert.Equal(200, await reloading.PostAsync(20));
        reloading.Change(Limit, "10");
        Assert.Equal(413, await reloading.PostAsync(20));
        reloading.Change(Limit, "30");
        Assert.Equal(200, await reloading.PostAsync(20));
        Assert.Equal(2, reloading.Told(LogLevel.Information, "PipeServer has its options anew"));
    }

    [Fact]
    public async Task What_cannot_change_is_named_and_the_rest_is_taken()
    {
        await using var reloading = await Reloading.StartAsync();
        reloading.Change((Limit, "10"), ("PipeServer:Workers", "3"));
        Assert.Equal(413, await reloading.PostAsync(20));
        Assert.Equal(
            1, reloading.Told(LogLevel.Warning, "PipeServer has its options anew, but for those that cannot change before it is started again: Workers"));
    }

    [Theory]
    [InlineData(Limit, "many", "PipeServer:MaxRequestBodyBytes: 'many' is not a whole number.")]
    [InlineData(Limit, "-1", "PipeServer: MaxRequestBodyBytes must be from 0 to")]
    [InlineData("PipeServer:Limit", "1", "PipeServer:Limit: HttpServerOptions has no option of that name.")]
    public async Task What_is_wrong_is_told_and_the_server_goes_on(string key, string value, string expected)
    {
        await using var reloading = await Reloading.StartAsync();
        reloading.Change(key, value); // throws nothing at whoever changes it
        Assert.Equal(200, await reloading.PostAsync(20));
        Assert.Equal(1, reloading.Told(LogLevel.Warning, $"PipeServer keeps the options that it has, because it cannot take the new ones: {expected}"));
    }

    [Fact]
    public async Task A_change_elsewhere_or_behind_the_stop_is_none()
    {
        await using var reloading = await Reloading.StartAsync();
        reloading.Change("Logging:LogLevel:Default", "Debug");
        await reloading.Host.StopAsync();
        reloading.Change(Limit, "10");
        Assert.DoesNotContain(reloading.Host.Log.Lines, static line => line.Message.Contains("options"));
    }

    private sealed class Reloading(TestHost host, ConfigurationManager configuration) : IAsyncDisposable
    {
        public TestHost Host => host;

        public static async Task<Reloading> StartAsync()
        {
            var builder = TestHost.Builder();
            builder.Services.AddPipeServer().MapPost("/", static async (request, _) => await request.Body.CopyToAsync(Stream.Null));
            return new Reloading(await TestHost.StartAsync(builder), builder.Configuration);
        }

        public void Change(string key, string value) => Change((key, value));

        public void Change(params ReadOnlySpan<(string Key, string Value)> settings)
        {
            foreach (var (key, value) in settings)
            {
                configuration[key] = value;
            }

            ((IConfigurationRoot)configuration).Reload(); // as a file that is watched
        }

        /// <summary>Posts a body on a connection of its own; the status.</summary>
        public async Task<int> PostAsync(int length)
        {
            using var client = new HttpClient { BaseAddress = host.Client.BaseAddress, Timeout = TestHost.Patience };
            using var response = await client.PostAsync("/", new ByteArrayContent(new byte[length]));
            return (int)response.StatusCode;
        }

        public int Told(LogLevel level, string beginning) =>
            host.Log.Lines.Count(line => line.Level == level && line.Message.StartsWith(beginning, StringComparison.Ordinal));

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
