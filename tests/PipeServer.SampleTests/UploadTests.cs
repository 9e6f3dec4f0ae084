using System.Net;
using System.Net.Http.Headers;

namespace PipeServer.SampleTests;

public sealed class UploadTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-upload-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_upload_whose_client_goes_leaves_nothing()
    {
        await using var server = await Sample.ServeAsync("Upload", _folder.FullName);
        using var client = await RawClient.ConnectAsync(server.EndPoint);
        await client.BeginAsync("PUT", "/files/half.bin", "application/octet-stream", 1000);
        await client.SendAsync("half");
        await Waiting.UntilAsync(() => _folder.GetFiles().Length == 1, "it is being written");
        Assert.StartsWith(".upload-", _folder.GetFiles()[0].Name);
        using var http = Sample.ClientOf(server);
        Assert.Equal("[]", await http.GetStringAsync("/files"));

        client.Reset();
        await Waiting.UntilAsync(() => _folder.GetFiles().Length == 0, "what was written is removed");
        await Sample.StopAsync(server);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task An_upload_goes_on_during_a_stop()
    {
        await using var server = await Sample.ServeAsync("Upload", _folder.FullName);
        using var client = await RawClient.ConnectAsync(server.EndPoint);
        await client.BeginAsync("PUT", "/files/whole.txt", "text/plain", 10);
        await client.SendAsync("first");
        server.Signal(CliProcess.SigTerm);
        await client.SendAsync(" then");
        Assert.Equal("HTTP/1.1 201 Created", await client.LineAsync());
        await Sample.EndAsync(server);
        Assert.Equal("first then", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "whole.txt")));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public async Task What_a_killed_process_has_left_is_removed_by_the_next_one()
    {
        await using (var killed = await Sample.ServeAsync("Upload", _folder.FullName))
        {
            using var client = await RawClient.ConnectAsync(killed.EndPoint);
            await client.BeginAsync("PUT", "/files/half.bin", "application/octet-stream", 1000);
            await client.SendAsync("half");
            await Waiting.UntilAsync(() => _folder.GetFiles().Length == 1, "it is being written");
        }

        Assert.Single(_folder.GetFiles());
        await using var next = await Sample.ServeAsync("Upload", _folder.FullName);
        Assert.Empty(_folder.GetFiles());
        await Sample.StopAsync(next);
    }

    [Fact]
    public async Task A_name_that_is_no_plain_name_is_refused()
    {
        await using var server = await Sample.ServeAsync("Upload", _folder.FullName);
        string[] names =
        [
            "..%2F..%2Fetc%2Fpasswd", "..", ".hidden", ".upload-1.partial", "a%2Fb", "a%5Cb", "%3Cscript%3E", "CON.txt", "dot.", "-rf", "name%3Astream", "a%00b",
            "blank%20", "line%0Aend", new string('a', 201),
        ];
        foreach (var name in names)
        {
            using var client = await RawClient.ConnectAsync(server.EndPoint);
            await client.SendAsync($"PUT /files/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
            var status = await client.LineAsync();
            Assert.True(status is "HTTP/1.1 400 Bad Request" || (name == ".." && status is "HTTP/1.1 405 Method Not Allowed"), $"{name}: {status}");
        }

        Assert.Empty(_folder.GetFiles());
        await Sample.StopAsync(server);
    }

    [Fact]
    public async Task More_than_a_gibibyte_is_refused_before_it_is_sent()
    {
        await using var server = await Sample.ServeAsync("Upload", _folder.FullName);
        using var client = await RawClient.ConnectAsync(server.EndPoint);
        await client.SendAsync($"PUT /files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {(1L << 30) + 1}\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 ", await client.LineAsync());
        await Sample.StopAsync(server);
    }

    [Fact]
    public async Task A_file_is_replaced_unless_the_client_says_otherwise_and_browsers_save_it()
    {
        await using var server = await Sample.ServeAsync("Upload", _folder.FullName);
        using var http = Sample.ClientOf(server);
        const string Path = "/files/a%20page%20%C3%BC.html";
        using var first = await http.PutAsync(Path, new StringContent("<script>alert(1)</script>"));
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        using var second = await http.PutAsync(Path, new StringContent("two"));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);

        using var onlyNew = new HttpRequestMessage(HttpMethod.Put, Path) { Content = new StringContent("three") };
        onlyNew.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        using var third = await http.SendAsync(onlyNew);
        Assert.Equal(HttpStatusCode.PreconditionFailed, third.StatusCode);

        using var found = await http.GetAsync(Path);
        Assert.Equal("two", await found.Content.ReadAsStringAsync());
        Assert.Equal("attachment", found.Content.Headers.ContentDisposition?.DispositionType);
        Assert.Equal("nosniff", found.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("\"name\":\"a page \\u00FC.html\",\"bytes\":3", await http.GetStringAsync("/files"));
        await Sample.StopAsync(server);
    }
}
