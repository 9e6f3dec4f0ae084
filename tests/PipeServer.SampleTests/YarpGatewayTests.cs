using System.Net;

namespace PipeServer.SampleTests;

public sealed class YarpGatewayTests
{
    [Fact]
    public async Task Both_destinations_answer_and_one_that_stops_is_left_out()
    {
        await using var one = await Sample.ServeAsync("Hello");
        await using var two = await Sample.ServeAsync("Hello");
        await using var gateway = await Sample.ServeAsync("YarpGateway", Destination("one", one.EndPoint), Destination("two", two.EndPoint));
        using var http = Sample.ClientOf(gateway);
        var seen = new HashSet<string>();
        await Waiting.UntilAsync(
            async () =>
            {
                seen.Add(await AskAsync(http));
                return seen.Count == 2;
            },
            "both answer");

        await Sample.StopAsync(two);
        await Waiting.UntilAsync(async () => await AskAsync(http, count: 20) == "one", "all are answered by the one that is left");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/gateway/ready"));

        await Sample.StopAsync(one);
        await Waiting.UntilAsync(async () => await StatusAsync(http, "/gateway/ready") == HttpStatusCode.ServiceUnavailable, "it is not ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(http, "/hello/Ann"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, "/gateway/live"));
        await Sample.StopAsync(gateway);
    }

    [Fact]
    public async Task A_request_that_is_at_a_destination_is_answered_before_the_gateway_ends()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var destination = new HttpServer(new HttpServerOptions { Port = 0, Workers = 2, HealthChecks = true });
        destination.MapGet("/slow", async (_, response) =>
        {
            asked.SetResult();
            await mayAnswer.Task;
            response.WriteText("slow\n");
        });
        await destination.StartAsync();
        await using var gateway = await Sample.ServeAsync(
            "YarpGateway", Destination("one", (IPEndPoint)destination.EndPoints[0]), Destination("two", (IPEndPoint)destination.EndPoints[0]));
        using var http = Sample.ClientOf(gateway);
        var answer = http.GetStringAsync("/slow");
        await asked.Task.WaitAsync(Waiting.Patience);
        gateway.Signal(CliProcess.SigTerm);
        await Waiting.UntilAsync(async () => await StatusAsync(http, "/gateway/ready") != HttpStatusCode.OK, "it is not ready any more");
        mayAnswer.SetResult();
        Assert.Equal("slow\n", await answer);
        await Sample.EndAsync(gateway);
        Assert.Contains(gateway.Output, static line => line.StartsWith("Drained in "));
    }

    [Fact]
    public async Task What_its_page_shows_is_what_happens()
    {
        ClientProgram.SkipWithout("curl");
        await using var one = await Sample.ServeAsync("Hello");
        await using var two = await Sample.ServeAsync("Hello");
        await using var gateway = await Sample.ServeAsync("YarpGateway", Destination("one", one.EndPoint), Destination("two", two.EndPoint));
        var count = await ConsoleBlock.RunAsync(
            ReadmeTests.Readme("YarpGateway"), Path.GetTempPath(), ("127.0.0.1:8080", $"{gateway.EndPoint}"), ("127.0.0.1:8081", $"{one.EndPoint}"));
        Assert.InRange(count, 2, 10);
        await Sample.StopAsync(gateway);
    }

    private static string Destination(string name, IPEndPoint endPoint) => $"--ReverseProxy:Clusters:hello:Destinations:{name}:Address=http://{endPoint}";

    /// <summary>Who has answered: a name, or several where they are not the same.</summary>
    private static async Task<string> AskAsync(HttpClient http, int count = 1)
    {
        var names = new HashSet<string>();
        for (var i = 0; i < count; i++)
        {
            using var response = await http.GetAsync("/hello/Ann");
            var isAnswered = response.StatusCode == HttpStatusCode.OK && await response.Content.ReadAsStringAsync() == "Hello, Ann!\n";
            names.Add(isAnswered ? response.Headers.GetValues("X-Destination").Single() : $"{response.StatusCode}");
        }

        return string.Join(", ", names.Order());
    }

    private static async Task<HttpStatusCode?> StatusAsync(HttpClient http, string path)
    {
        try
        {
            using var response = await http.GetAsync(path);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null; // nobody listens any more
        }
    }
}
