using System.Diagnostics.Metrics;
using System.Net;
using System.Reflection;
using PipeServer.StaticFiles;

namespace PipeServer.Tests;

/// <summary>A new option that nobody thought of would be ignored by a reload without a word.</summary>
public sealed class ReloadableOptionsTests
{
    public static TheoryData<string> ServerOptions =>
        [.. typeof(HttpServerOptions).GetProperties().Where(static property => property.CanWrite).Select(static property => property.Name)];

    public static TheoryData<string> FileOptions =>
        [.. typeof(StaticFileOptions).GetProperties().Where(static property => property.CanWrite).Select(static property => property.Name)];

    [Theory]
    [MemberData(nameof(ServerOptions))]
    public void Each_option_of_a_server_changes_or_is_named(string name)
    {
        var (before, other) = (new HttpServerOptions(), new HttpServerOptions());
        var property = typeof(HttpServerOptions).GetProperty(name)!;
        Change(property, other);
        var merged = HttpServerOptionsReload.Merge(before, other);
        var isChanged = Equals(property.GetValue(merged), property.GetValue(other));
        Assert.Equal(isChanged ? [] : [name], HttpServerOptionsReload.FixedThatDiffer(before, other));
        Assert.Empty(HttpServerOptionsReload.FixedThatDiffer(before, new HttpServerOptions()));
    }

    [Theory]
    [MemberData(nameof(FileOptions))]
    public void Each_option_of_files_is_noticed(string name)
    {
        var (before, other) = (new StaticFileOptions(), new StaticFileOptions());
        Change(typeof(StaticFileOptions).GetProperty(name)!, other);
        Assert.Equal(name is nameof(StaticFileOptions.AuthFile) or nameof(StaticFileOptions.Metrics) or nameof(StaticFileOptions.MeterFactory), before.AnswersAs(other) && before.LogsAs(other));
        Assert.True(before.AnswersAs(new StaticFileOptions()) && before.LogsAs(new StaticFileOptions()));
    }

    private static void Change(PropertyInfo property, object options) => property.SetValue(options, property.GetValue(options) switch
    {
        bool flag => !flag,
        int number => number + 1,
        long number => number + 1,
        TimeSpan time => time + TimeSpan.FromSeconds(1),
        string text => text + "x",
        OverloadPolicy => OverloadPolicy.Wait,
        ForwardedHeader => ForwardedHeader.None,
        EntityTagSource => EntityTagSource.Content,
        BindAddress => (BindAddress)IPAddress.Any,
        ReadOnlyMemory<byte> => new ReadOnlyMemory<byte>([1]),
        TimeProvider => new ManualTimeProvider(),
        Microsoft.Extensions.Logging.ILoggerFactory => new TestLog(),
        IList<HttpEndpoint> => new[] { HttpEndpoint.Parse("127.0.0.1:1") },
        IList<TrustedProxy> => new[] { TrustedProxy.Parse("127.0.0.1") },
        IReadOnlyList<string> => new[] { "x" },
        IReadOnlyList<StaticHeader> => new[] { new StaticHeader("x", "y") },
        IReadOnlyDictionary<string, string> => new Dictionary<string, string>(StringComparer.Ordinal) { [".x"] = "text/x" },
        null when property.PropertyType == typeof(string) => "x",
        null when property.PropertyType == typeof(int?) => 1,
        null when property.PropertyType == typeof(TlsOptions) => new TlsOptions { Certificates = TestCertificates.Source() },
        null when property.PropertyType == typeof(RateLimit) => RateLimit.Parse("1/s"),
        null when property.PropertyType == typeof(StrictTransportSecurity) => StrictTransportSecurity.Parse("1"),
        null when property.PropertyType == typeof(Func<MeterOptions, Meter>) => (Func<MeterOptions, Meter>)(static options => new Meter(options)),
        null when property.PropertyType == typeof(SocketFileMode) => (SocketFileMode?)UnixFileMode.UserRead,
        null when property.PropertyType == typeof(Func<ReadOnlyMemory<byte>>) => (Func<ReadOnlyMemory<byte>>)(static () => default),
        null when property.PropertyType == typeof(Func<HttpRequest, ReadOnlyMemory<byte>>) => (Func<HttpRequest, ReadOnlyMemory<byte>>)(static _ => default),
        null when property.PropertyType == typeof(Func<HttpRequest, bool>) => (Func<HttpRequest, bool>)(static _ => true),
        null when property.PropertyType == typeof(RequestCompletedHandler) => (RequestCompletedHandler)(static (in _) => { }),
        null when property.PropertyType == typeof(PipeServer.Transport.ITransport) => new MemoryTransport(),
        var value => throw new NotSupportedException($"{property.Name}: {value}"),
    });
}
