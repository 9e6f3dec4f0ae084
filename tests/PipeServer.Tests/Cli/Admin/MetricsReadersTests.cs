using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>The programs that read <c>/metrics</c>: promtool, prometheus and python3-prometheus-client of Debian, where they are installed.</summary>
public sealed class MetricsReadersTests : IDisposable
{
    // Debian's own: another one in the path does not know Debian's packages.
    private const string Python = "/usr/bin/python3";
    private const string OpenMetrics = "Accept: application/openmetrics-text; version=1.0.0";

    // Strict, as the OpenMetrics project's own tests are; then each family with its type, unit and number of samples.
    private const string Parser = """
        import sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        for family in text_string_to_metric_families(sys.stdin.read()):
            print(family.name, family.type, family.unit or '-', len(family.samples))
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-metrics-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Promtool_finds_nothing_to_complain_of()
    {
        await SkipWithoutAsync("promtool", "prometheus", "--version");
        await using var cli = await ServeAsync();
        var metrics = (await AdminClient.AskAsync(await cli.AdminAsync(), "GET /metrics")).Text;
        var (code, output) = await RunAsync("promtool", metrics, "check", "metrics");
        Assert.True(code == 0 && output.Length == 0, output);
    }

    [Fact]
    public async Task The_parser_of_openmetrics_reads_each_family()
    {
        var isThere = await RunIfThereAsync(Python, "", "-c", "import prometheus_client");
        Assert.SkipUnless(isThere is { Code: 0 }, "python3-prometheus-client is not installed.");
        await using var cli = await ServeAsync();
        var metrics = (await AdminClient.AskAsync(await cli.AdminAsync(), "GET /metrics", OpenMetrics)).Text;
        var (code, output) = await RunAsync(Python, metrics, "-c", Parser);
        Assert.True(code == 0, output);
        Assert.Contains("process_cpu_seconds counter seconds 1\n", output);
        Assert.Contains("process_resident_memory_bytes gauge bytes 1\n", output);
        Assert.Equal(metrics.Split('\n').Count(static line => line.StartsWith("# TYPE ")), output.Split('\n').Length - 1);
    }

    [Fact]
    public async Task A_real_prometheus_scrapes_it()
    {
        await SkipWithoutAsync("prometheus", "prometheus", "--version");
        await using var cli = await ServeAsync();
        var admin = await cli.AdminAsync();
        var configuration = Path.Combine(_folder, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $"""
            global:
              scrape_interval: 1s
            scrape_configs:
              - job_name: pipeserver
                static_configs:
                  - targets: ["{admin}"]
            """, TestContext.Current.CancellationToken);
        var port = FreePort();
        using var prometheus = Process.Start(new ProcessStartInfo("prometheus",
        [
            $"--config.file={configuration}", $"--web.listen-address=127.0.0.1:{port}", $"--storage.tsdb.path={Path.Combine(_folder, "data")}", "--log.level=error",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            var api = $"http://127.0.0.1:{port}/api/v1/query?query=";
            await Eventually.TrueAsync(async () => await QueryAsync(client, api + "up%7Bjob%3D%22pipeserver%22%7D") == "1", "it has been scraped");
            Assert.Equal("1", await QueryAsync(client, api + "pipeserver_build_info"));
            Assert.Equal("4", await QueryAsync(client, api + "sum(http_server_request_duration_seconds_count)"));
            Assert.Equal("4", await QueryAsync(client, api + "pipeserver_request_completed_total"));
            Assert.Equal("1", await QueryAsync(client, api + "process_resident_memory_bytes%3Ebool%201000000"));
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TestClient.Patience, TestContext.Current.CancellationToken);
        }
    }

    // Those of the admin side itself were among them.
    [Fact]
    public async Task What_was_asked_of_the_public_side_is_counted_and_nothing_else()
    {
        await using var cli = await ServeAsync();
        var admin = await cli.AdminAsync();
        for (var i = 0; i < 3; i++)
        {
            var lines = (await AdminClient.AskAsync(admin, "GET /metrics")).Text.Split('\n');
            Assert.Equal(4, Sum(lines, "http_server_request_duration_seconds_count"));
            Assert.Equal(1, Sum(lines, "http_server_request_duration_seconds_count", "http_response_status_code=\"404\""));
            Assert.Equal(4, Sum(lines, "pipeserver_request_received_total"));
            Assert.Equal(1, Sum(lines, "pipeserver_connection_accepted_total"));
            Assert.Equal(3, Sum(lines, "pipeserver_queue_wait_seconds_count"));
            Assert.True(Sum(lines, "pipeserver_workers") >= 4);
            Assert.Equal(1, lines.Count(static line => line.StartsWith("http_server_request_duration_seconds_bucket{") && line.Contains("/plaintext\"") && line.Contains("le=\"0.005\"") && line.Contains("worker")));
        }
    }

    private static double Sum(string[] lines, string name, string label = "") => lines
        .Where(line => (line.StartsWith(name + "{") || line.StartsWith(name + " ")) && line.Contains(label))
        .Sum(static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));

    private static async Task<CliProcess> ServeAsync()
    {
        var cli = await CliProcess.ServeAsync("--demo", "--admin", "0");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        foreach (var path in new[] { "/plaintext", "/worker/plaintext", "/nothing", "/index.html" })
        {
            await client.RequestAsync(TestClient.Get(path));
        }

        return cli;
    }

    private static async Task<string?> QueryAsync(HttpClient client, string url)
    {
        try
        {
            using var json = JsonDocument.Parse(await client.GetStringAsync(url));
            var result = json.RootElement.GetProperty("data").GetProperty("result");
            return result.GetArrayLength() == 0 ? null : result[0].GetProperty("value")[1].GetString();
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return null; // it is not there yet
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task SkipWithoutAsync(string program, string package, string argument) =>
        Assert.SkipWhen(await RunIfThereAsync(program, "", argument) is null, $"The package {package} is not installed.");

    private static async Task<(int Code, string Output)?> RunIfThereAsync(string program, string input, params string[] arguments)
    {
        try
        {
            return await RunAsync(program, input, arguments);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TestClient.Patience);
        return (process.ExitCode, await output + await errors);
    }
}
