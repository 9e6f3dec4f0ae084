using System.CommandLine;
using PipeServer.Capacity;
using PipeServer.Load;
using PipeServer.Perf;

// dotnet run --project perf/capacity -c Release                       measures all parts, and saves their tables
// dotnet run --project perf/capacity -c Release -- --only rates threads
// dotnet run --project perf/capacity -c Release -- page               puts the saved tables into docs/capacity.md
const int MostConnections = 1_000_000;
const string Results = "perf/results/capacity.md";
const string Page = "docs/capacity.md";
var connections = new Option<int>("--connections") { Description = "Connections of each kind, while they are idle.", DefaultValueFactory = _ => 10_000 };
var seconds = new Option<int>("--seconds") { Description = "Seconds of each load, and of the watch over idle connections.", DefaultValueFactory = _ => 10 };
var rounds = new Option<int>("--rounds") { Description = "How often each is measured; medians count.", DefaultValueFactory = _ => 3 };
var only = new Option<string[]>("--only") { Description = "Only these parts.", AllowMultipleArgumentsPerToken = true };
var output = new Option<string>("--output") { Description = "The file of the tables; those of other parts stay.", DefaultValueFactory = _ => Results };
only.AcceptOnlyFromAmong([.. CapacityRun.Parts.Select(static part => part.Name)]);
connections.Validators.Add(result => MeasurementCommands.InRange(result, 100, MostConnections));
seconds.Validators.Add(result => MeasurementCommands.InRange(result, 1, 600));
rounds.Validators.Add(result => MeasurementCommands.InRange(result, 1, 99));
var root = new RootCommand("Measures what a server of PipeServer's takes: what a connection costs, what a core does, where it ends and which settings pay.")
{
    connections, seconds, rounds, only, output,
};
root.SetAction((result, cancellation) => RunAsync(
    new CapacityRun(new CapacitySettings(
        result.GetValue(connections), TimeSpan.FromSeconds(result.GetValue(seconds)), result.GetValue(rounds), result.GetValue(only) ?? [],
        result.GetValue(output)!, string.Join(' ', ["dotnet run --project perf/capacity -c Release --", .. args]))).RunAsync,
    cancellation));
var page = new Command("page", "Puts the saved tables into docs/capacity.md.");
page.SetAction((_, cancellation) => RunAsync(FillPageAsync, cancellation));
root.Subcommands.Add(page);
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });

static async Task<int> FillPageAsync(CancellationToken cancellation)
{
    var path = Path.Combine(Checkout.Find(), Page);
    var saved = await File.ReadAllTextAsync(Path.Combine(Checkout.Find(), Results), cancellation);
    await File.WriteAllTextAsync(path, CapacityReport.Fill(await File.ReadAllTextAsync(path, cancellation), saved), cancellation);
    return 0;
}

static Task<int> RunAsync(Func<CancellationToken, Task<int>> action, CancellationToken cancellation) =>
    MeasurementCommands.RunAsync("capacity", "what was saved before stays", action, cancellation);
