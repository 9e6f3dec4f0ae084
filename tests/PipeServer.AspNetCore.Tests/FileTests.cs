using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.FileProviders;

namespace PipeServer.AspNetCore.Tests;

/// <summary>The sending of files.</summary>
public sealed class FileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-aspnet-").FullName;
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(3_000_000);

    public FileTests() => File.WriteAllBytes(Path, _content);

    private string Path => System.IO.Path.Combine(_folder, "file.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, null, true)]
    [InlineData(0, null, false)]
    [InlineData(1000, 5000, false)]
    [InlineData(1000, 5000, true)]
    [InlineData(3_000_000, null, false)]
    public async Task A_part_of_a_file_is_sent(int offset, int? count, bool hasLength)
    {
        var expected = _content[offset..(offset + (count ?? _content.Length - offset))];
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.ContentLength = hasLength ? expected.Length : null;
            return context.Response.SendFileAsync(Path, offset, count);
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(expected, await response.Content.ReadAsByteArrayAsync());
        Assert.True(!hasLength || response.Content.Headers.ContentLength == expected.Length);
    }

    [Fact]
    public async Task A_file_may_come_behind_other_bytes()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Response.ContentLength = 4;
            context.Response.BodyWriter.GetSpan(1)[0] = 1;
            context.Response.BodyWriter.Advance(1);
            await context.Response.SendFileAsync(Path, 0, 2);
            await context.Response.Body.WriteAsync(new byte[] { 2 });
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal([1, _content[0], _content[1], 2], await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_cannot_be_sent_is_an_exception()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await Assert.ThrowsAsync<FileNotFoundException>(() => context.Response.SendFileAsync(Path + "x"));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => context.Response.SendFileAsync(Path, _content.Length + 1, null));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => context.Response.SendFileAsync(Path, 1, _content.Length));
            context.Response.ContentLength = 1;
            await Assert.ThrowsAsync<InvalidOperationException>(() => context.Response.SendFileAsync(Path, 0, 2));
            context.Response.BodyWriter.GetSpan(1)[0] = (byte)'x';
            context.Response.BodyWriter.Advance(1);
        });
        Assert.Equal("x", await host.GetAsync("/"));
    }

    [Fact]
    public async Task Static_files_are_served_with_ranges_and_validators()
    {
        await using var host = await ApplicationHost.StartAsync(application => application.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(_folder),
        }));
        using var whole = await host.Client.GetAsync("/file.bin");
        Assert.Equal(_content, await whole.Content.ReadAsByteArrayAsync());
        using var range = new HttpRequestMessage(HttpMethod.Get, "/file.bin") { Headers = { Range = new RangeHeaderValue(10, 19) } };
        using var part = await host.Client.SendAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(_content[10..20], await part.Content.ReadAsByteArrayAsync());
        using var conditional = new HttpRequestMessage(HttpMethod.Get, "/file.bin") { Headers = { IfNoneMatch = { whole.Headers.ETag! } } };
        using var unchanged = await host.Client.SendAsync(conditional);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        using var head = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/file.bin"));
        Assert.Equal(_content.Length, head.Content.Headers.ContentLength);
    }
}
