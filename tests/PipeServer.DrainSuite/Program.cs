using System.CommandLine;
using System.Globalization;
using PipeServer.DrainSuite;
using PipeServer.DrainSuite.ScaleOut;

var command = new Option<string>("--command") { Description = "Starts the server in the foreground.", Required = true };
var port = new Option<int>("--port") { Description = "Where it listens, on 127.0.0.1. 0: the first address that it prints tells." };
var slow = new Option<string>("--route-slow") { Description = "GET: answers after about a second.", DefaultValueFactory = _ => "/sleep?ms=1000" };
var endless = new Option<string>("--route-endless") { Description = "GET: answers after longer than the grace period.", DefaultValueFactory = _ => "/sleep?ms=60000" };
var echo = new Option<string>("--route-echo") { Description = "POST: answers with the body.", DefaultValueFactory = _ => "/echo" };
var stream = new Option<string?>("--route-stream") { Description = "GET: sends until the server drains." };
var webSocket = new Option<string?>("--route-websocket") { Description = "A WebSocket that echoes, and that is closed with 1001 when the server drains." };
var signal = new Option<string>("--signal") { Description = "Asks for a graceful stop.", DefaultValueFactory = _ => "TERM" };
var stopPath = new Option<string?>("--stop-path") { Description = "POST: asks for the stop in the signal's place. Is answered itself, with 200 and no body." };
var oneSignal = new Option<bool>("--one-signal") { Description = "A second signal changes nothing, as it does with the .NET Generic Host." };
var grace = new Option<double>("--grace") { Description = "The grace period that the command sets, in seconds.", DefaultValueFactory = _ => 5 };
var report = new Option<string?>("--report") { Description = "Where the command writes PipeServer's report, to compare the ledger." };
var clients = new Option<int>("--clients") { Description = "Clients of the keep-alive scenario.", DefaultValueFactory = _ => 100 };
var tls = new Option<bool>("--tls") { Description = "The server speaks TLS there; its certificate is not looked at." };
var http2 = new Option<bool>("--http2") { Description = "The scenarios of HTTP/2, by raw frames: by prior knowledge, with --tls by ALPN." };
var runs = new Option<int>("--runs") { Description = "How often each scenario runs.", DefaultValueFactory = _ => 1 };
var only = new Option<string[]>("--scenario") { Description = "Only these.", DefaultValueFactory = _ => [] };
var seed = new Option<int>("--seed") { Description = "Where the random moments start.", DefaultValueFactory = _ => 1 };
var root = new RootCommand("Runs a server through everything that can be in the way of a graceful stop, and prints a scorecard.")
{
    command, port, slow, endless, echo, stream, webSocket, signal, stopPath, oneSignal, grace, report, clients, tls, http2, runs, only, seed,
};
root.SetAction(async parsed =>
{
    var failed = 0;
    Console.WriteLine($"{"scenario",-18} {"sent",7} {"answered",9} {"refused",8} {"lost",5} {"reset",6} {"retry",6} {"exit",5} {"seconds",8}");
    for (var run = 0; run < parsed.GetValue(runs); run++)
    {
        var scenarios = new Scenarios(new SuiteOptions(
            parsed.GetValue(command)!, parsed.GetValue(port), parsed.GetValue(slow)!, parsed.GetValue(endless)!, parsed.GetValue(echo)!,
            parsed.GetValue(stream), parsed.GetValue(signal)!, TimeSpan.FromSeconds(parsed.GetValue(grace)), parsed.GetValue(report),
            parsed.GetValue(clients), parsed.GetValue(tls), parsed.GetValue(webSocket), parsed.GetValue(seed) + run, parsed.GetValue(http2),
            parsed.GetValue(stopPath), parsed.GetValue(oneSignal)));
        foreach (var (name, scenario) in scenarios.All)
        {
            if (parsed.GetValue(only) is { Length: > 0 } names && !names.Contains(name, StringComparer.Ordinal))
            {
                continue;
            }

            var result = await scenario();
            var tally = result.Tally;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-18} {tally.Sent,7} {tally.Answered,9} {tally.RefusedBeforeSending,8} {tally.Lost,5} {tally.Reset,6} {tally.Retryable,6} {result.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "killed",5} {result.Seconds,8:F2}  {(result.Faults.Count == 0 ? "holds" : string.Join("; ", result.Faults))}"));
            failed += result.Faults.Count == 0 ? 0 : 1;
        }
    }

    Console.WriteLine(failed == 0 ? "clean" : $"{failed} do not hold");
    return failed == 0 ? 0 : 1;
});
var program = new Option<string>("--program") { Description = "The file of pipeserver.", Required = true };
var certificate = new Option<string>("--certificate") { Description = "A certificate and its key, PEM.", Required = true };
var upgrades = new Option<int>("--upgrades") { Description = "How many.", DefaultValueFactory = _ => 20 };
var upgrade = new Command("upgrade", "Upgrades pipeserver in place under its clients, with a program that crashes and one that hangs in between.") { program, certificate, upgrades, seed };
upgrade.SetAction(async parsed =>
{
    var (figures, faults) = await UpgradeRun.RunAsync(new UpgradeOptions(
        parsed.GetValue(program)!, parsed.GetValue(certificate)!, parsed.GetValue(upgrades), WithFaults: true, Seed: parsed.GetValue(seed)));
    Console.WriteLine(figures);
    Console.WriteLine(faults.Count == 0 ? "holds" : string.Join("; ", faults));
    return faults.Count == 0 ? 0 : 1;
});
root.Subcommands.Add(upgrade);
foreach (var further in ScaleOutCommands.All)
{
    root.Subcommands.Add(further);
}

return await root.Parse(args).InvokeAsync();
