namespace PipeServer.SampleTests;

public sealed class BookServerTests
{
    [Fact]
    public async Task Two_requests_are_answered_at_once_and_then_each_worker_is_waited_for()
    {
        await using var server = await Sample.ServeAsync("BookServer");
        using var sleeping = await RawClient.ConnectAsync(server.EndPoint);
        await sleeping.SendAsync("GET /sleep HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await Waiting.UntilAsync(() => server.Output.Any(static line => line.EndsWith(" got a job; executing.")), "a worker has it");
        using var quick = await RawClient.ConnectAsync(server.EndPoint);
        await quick.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

        var answer = await quick.ToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\nContent-Length: ", answer);
        Assert.Contains("<h1>Hello!</h1>", answer);
        Assert.Contains("<h1>Hello!</h1>", await sleeping.ToEndAsync()); // five seconds, in which the other one was answered
        await Sample.EndAsync(server);

        var output = server.Output.ToList();
        var stop = output.IndexOf("Shutting down.");
        Assert.InRange(stop, 0, output.Count);
        Assert.Equal(
            ["Shutting down worker 0", "Shutting down worker 1", "Shutting down worker 2", "Shutting down worker 3"],
            output.Skip(stop).Where(static line => line.StartsWith("Shutting down worker")));
        Assert.Equal(4, output.Count(static line => line.EndsWith(" disconnected; shutting down.")));
        Assert.Equal(2, output.Count(static line => line.EndsWith(" got a job; executing.")));
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_a_client_that_goes_costs_no_worker()
    {
        await using var server = await Sample.ServeAsync("BookServer");
        using (var gone = await RawClient.ConnectAsync(server.EndPoint))
        {
            gone.Reset();
        }

        using var client = await RawClient.ConnectAsync(server.EndPoint);
        await client.SendAsync("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 NOT FOUND\r\n", await client.ToEndAsync());
        await Sample.EndAsync(server);
        Assert.Equal(4, server.Output.Count(static line => line.EndsWith(" disconnected; shutting down.")));
    }

    [Fact]
    public async Task A_signal_stops_it_in_the_same_order()
    {
        await using var server = await Sample.ServeAsync("BookServer");
        await Sample.StopAsync(server);
        Assert.Contains("Shutting down.", server.Output);
        Assert.Equal(4, server.Output.Count(static line => line.StartsWith("Shutting down worker ")));
    }

    [Fact]
    public async Task On_PipeServer_the_same_requests_have_the_same_pages()
    {
        await using var server = await Sample.ServeAsync("BookServer", "--on-pipeserver");
        using var http = Sample.ClientOf(server);
        Assert.Contains("<h1>Hello!</h1>", await http.GetStringAsync("/"));
        using var missing = await http.GetAsync("/nowhere");
        Assert.Equal(404, (int)missing.StatusCode);
        Assert.Contains("<h1>Not found</h1>", await missing.Content.ReadAsStringAsync());
        using var sleeping = await RawClient.ConnectAsync(server.EndPoint); // the second connection
        await sleeping.SendAsync("GET /sleep HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Contains("<h1>Hello!</h1>", await sleeping.ToEndAsync());
        await Sample.EndAsync(server);
        Assert.Contains("Drained with 3 requests answered.", server.Output);
    }

    [Fact]
    public async Task What_its_page_shows_is_what_happens()
    {
        ClientProgram.SkipWithout("curl");
        await using var server = await Sample.ServeAsync("BookServer");
        Assert.Equal(2, await ConsoleBlock.RunAsync(ReadmeTests.Readme("BookServer"), Path.GetTempPath(), ("127.0.0.1:8080", $"{server.EndPoint}")));
        await Sample.EndAsync(server);
    }

    [Fact]
    public void Its_page_shows_the_code_as_it_is()
    {
        var readme = ReadmeTests.Readme("BookServer").Split('\n').Select(static line => line.Trim()).ToHashSet();
        foreach (var file in new[] { "ThreadPool.cs", "Worker.cs", "OnPipeServer.cs" })
        {
            var lines = File.ReadAllLines(Repository.Path("samples", "BookServer", file))
                .SkipWhile(static line => !line.StartsWith('{'))
                .Select(static line => line.Trim()).Where(static line => line.Length > 3 && !line.StartsWith("///"));
            Assert.All(lines, line => Assert.True(readme.Contains(line), $"{file}: {line}"));
        }
    }
}
