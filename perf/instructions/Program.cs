using System.CommandLine;
using PipeServer.Instructions;
using PipeServer.Perf;

// dotnet run --project perf/instructions -c Release                                       counts every workload
// dotnet run --project perf/instructions -c Release -- --against perf/results/instructions.json
var workloads = new Option<string[]>("--workloads") { Description = "Only these, by name.", AllowMultipleArgumentsPerToken = true };
var source = new Option<string?>("--source") { Description = "Another checkout to measure instead of this one.", HelpName = "FOLDER" };
var withoutNginx = new Option<bool>("--without-nginx") { Description = "Do not measure nginx beside it." };
var save = new Option<string?>("--save") { Description = "Save the run.", HelpName = "FILE" };
var against = new Option<string?>("--against") { Description = "Compare with a saved run; exit code 1 when a workload has grown.", HelpName = "FILE" };
var root = new RootCommand("Counts the user-space instructions of a request, by callgrind, in the native file.") { workloads, source, withoutNginx, save, against };
root.SetAction(async (result, cancellation) =>
{
    var settings = new RunSettings(
        result.GetValue(workloads) ?? [], result.GetValue(source), !result.GetValue(withoutNginx), result.GetValue(save), result.GetValue(against));
    try
    {
        return await new CountRun(settings).RunAsync(cancellation) ? 0 : 1;
    }
    catch (MeasurementException exception)
    {
        await Console.Error.WriteLineAsync($"instructions: {exception.Message}");
        return 2;
    }
    catch (OperationCanceledException)
    {
        await Console.Error.WriteLineAsync("instructions: stopped; nothing was saved.");
        return 2;
    }
});
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
