using System.CommandLine;
using System.Globalization;
using PipeServer.Load;
using PipeServer.Perf;

// dotnet run --project perf/load -c Release            measures everything, side by side
// dotnet run --project perf/load -c Release -- compare A.json B.json
var rounds = new Option<int>("--rounds") { Description = "Rounds; each measures every server once, and the median counts.", DefaultValueFactory = _ => 3 };
var seconds = new Option<int>("--seconds") { Description = "Seconds of load per measurement.", DefaultValueFactory = _ => 3 };
var workloads = new Option<string[]>("--workloads") { Description = "Only these, by name.", AllowMultipleArgumentsPerToken = true };
var servers = new Option<string[]>("--servers") { Description = "Only these, by name.", AllowMultipleArgumentsPerToken = true };
var output = new Option<string>("--output") { Description = "Where the results go.", DefaultValueFactory = _ => "perf/results" };
rounds.Validators.Add(result => InRange(result, 1, 99));
seconds.Validators.Add(result => InRange(result, 1, 600));
var root = new RootCommand("Measures PipeServer and its peers with wrk, in turn, in one run.") { rounds, seconds, workloads, servers, output };
root.SetAction((result, cancellation) => RunAsync(
    new RunSettings(
        result.GetValue(rounds), TimeSpan.FromSeconds(result.GetValue(seconds)),
        result.GetValue(workloads) ?? [], result.GetValue(servers) ?? [], result.GetValue(output)!),
    cancellation));

var before = new Argument<FileInfo>("BEFORE") { Description = "The results to compare with." };
var after = new Argument<FileInfo>("AFTER") { Description = "The results to compare." };
var compare = new Command("compare", "Compares two saved runs of one machine.") { before.AcceptExistingOnly(), after.AcceptExistingOnly() };
compare.SetAction(result => Comparison.Print(result.GetValue(before)!.FullName, result.GetValue(after)!.FullName));
root.Subcommands.Add(compare);
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });

static void InRange(System.CommandLine.Parsing.OptionResult result, int lowest, int highest)
{
    if (result.Tokens is [var token]
        && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < lowest || value > highest))
    {
        result.AddError($"{result.Option.Name} must be from {lowest} to {highest}; '{token.Value}' is not.");
    }
}

static async Task<int> RunAsync(RunSettings settings, CancellationToken cancellation)
{
    try
    {
        await new LoadRun(settings).RunAsync(cancellation);
        return 0;
    }
    catch (MeasurementException exception)
    {
        await Console.Error.WriteLineAsync($"load: {exception.Message}");
        return 1;
    }
    catch (OperationCanceledException)
    {
        await Console.Error.WriteLineAsync("load: stopped; nothing was saved.");
        return 1;
    }
}
