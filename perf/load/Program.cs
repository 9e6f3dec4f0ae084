using System.CommandLine;
using PipeServer.Load;
using PipeServer.Perf;

// dotnet run --project perf/load -c Release            measures the usual workloads and servers, side by side
// dotnet run --project perf/load -c Release -- --tls
// dotnet run --project perf/load -c Release -- --websocket
// dotnet run --project perf/load -c Release -- --http2 --rounds 10 --seconds 1
// dotnet run --project perf/load -c Release -- --aspnet --rounds 10 --seconds 1
// dotnet run --project perf/load -c Release -- syscalls
// dotnet run --project perf/load -c Release -- compare A.json B.json
// dotnet run --project perf/load -c Release -- page perf/results/latest.json
var rounds = new Option<int>("--rounds") { Description = "Rounds; each measures every server once, and the median counts.", DefaultValueFactory = _ => 3 };
var seconds = new Option<int>("--seconds") { Description = "Seconds of load per measurement.", DefaultValueFactory = _ => 3 };
var workloads = new Option<string[]>("--workloads") { Description = "Only these, by name; there are more than the usual ones.", AllowMultipleArgumentsPerToken = true };
var servers = new Option<string[]>("--servers") { Description = "Only these, by name; there are more than the usual ones.", AllowMultipleArgumentsPerToken = true };
var with = new Option<string[]>("--with") { Description = "Servers beside the usual ones, like jit-inline.", AllowMultipleArgumentsPerToken = true };
var split = new Option<string[]>("--split")
{
    Description = "Measure these workloads, or all without a name, with one core for the server and another for the client as well.",
    AllowMultipleArgumentsPerToken = true,
    Arity = ArgumentArity.ZeroOrMore,
};
var tls = new Option<bool>("--tls") { Description = "The workloads over TLS instead of the usual ones; saved as tls.json." };
var webSocket = new Option<bool>("--websocket") { Description = "The workloads of WebSocket instead of the usual ones; saved as websocket.json." };
var http2 = new Option<bool>("--http2") { Description = "The workloads of HTTP/2 instead of the usual ones, by h2load; saved as http2.json." };
var aspNet = new Option<bool>("--aspnet") { Description = "One ASP.NET Core application, on Kestrel and on PipeServer, instead of the usual workloads; saved as aspnet.json." };
var output = new Option<string>("--output") { Description = "Where the results go.", DefaultValueFactory = _ => "perf/results" };
rounds.Validators.Add(result => MeasurementCommands.InRange(result, 1, 99));
seconds.Validators.Add(result => MeasurementCommands.InRange(result, 1, 600));
var root = new RootCommand("Measures PipeServer and its peers with wrk and h2load, in turn, in one run.")
{
    rounds, seconds, workloads, servers, with, split, tls, webSocket, http2, aspNet, output,
};
root.SetAction((result, cancellation) => RunAsync(
    new LoadRun(new RunSettings(
        result.GetValue(rounds), TimeSpan.FromSeconds(result.GetValue(seconds)),
        result.GetValue(workloads) ?? [], result.GetValue(servers) ?? [], result.GetValue(with) ?? [],
        result.GetResult(split) is null ? null : result.GetValue(split) ?? [], Kind(result), result.GetValue(output)!,
        string.Join(' ', ["dotnet run --project perf/load -c Release --", .. args]))).RunAsync,
    cancellation));

var before = new Argument<FileInfo>("BEFORE") { Description = "The results to compare with." };
var after = new Argument<FileInfo>("AFTER") { Description = "The results to compare." };
var compare = new Command("compare", "Compares two saved runs of one machine.") { before.AcceptExistingOnly(), after.AcceptExistingOnly() };
compare.SetAction((result, cancellation) => RunAsync(
    _ => Task.FromResult(Comparison.Print(result.GetValue(before)!.FullName, result.GetValue(after)!.FullName)), cancellation));
root.Subcommands.Add(compare);

var run = new Argument<FileInfo>("RUN") { Description = "A saved run." };
var page = new Command("page", "Writes the tables of a saved run into docs/benchmarks.md.") { run.AcceptExistingOnly() };
page.SetAction((result, cancellation) => RunAsync(
    async token =>
    {
        var path = Path.Combine(Checkout.Find(), "docs", "benchmarks.md");
        await File.WriteAllTextAsync(
            path, PageTables.Replace(await File.ReadAllTextAsync(path, token), ResultJson.Read(result.GetValue(run)!.FullName)), token);
        return 0;
    },
    cancellation));
root.Subcommands.Add(page);

var traced = new Option<string[]>("--servers") { Description = "Only these, by name; there are more than the usual ones.", AllowMultipleArgumentsPerToken = true };
var calls = new Command("syscalls", "Counts the system calls of connections with one request each, by strace.") { traced };
calls.SetAction((result, cancellation) => RunAsync(new SystemCallRun(result.GetValue(traced) ?? []).RunAsync, cancellation));
root.Subcommands.Add(calls);
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });

RunKind Kind(System.CommandLine.ParseResult result) =>
    result.GetValue(aspNet) ? RunKind.AspNet : result.GetValue(http2) ? RunKind.Http2 : result.GetValue(tls) ? RunKind.Tls : result.GetValue(webSocket) ? RunKind.WebSocket : RunKind.Http;

static Task<int> RunAsync(Func<CancellationToken, Task<int>> action, CancellationToken cancellation) =>
    MeasurementCommands.RunAsync("load", "nothing was saved", action, cancellation);
