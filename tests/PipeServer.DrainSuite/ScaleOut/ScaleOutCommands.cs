using System.CommandLine;
using System.Net;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>The commands about more than one machine.</summary>
internal static class ScaleOutCommands
{
    /// <summary>The run itself, and what it starts on its hosts.</summary>
    public static IEnumerable<Command> All => [ScaleOut(), Clients(), RelayCommand()];

    private static Command ScaleOut()
    {
        var program = new Option<string>("--program") { Description = "The file of pipeserver.", Required = true };
        var deploy = new Option<string>("--deploy") { Description = "The folder of haproxy.cfg and nginx.conf.", Required = true };
        var frontEnds = new Option<string[]>("--front-end") { Description = $"{string.Join(", ", FrontEnds.ByName.Keys)}; all if not named.", DefaultValueFactory = _ => [.. FrontEnds.ByName.Keys] };
        var only = new Option<string[]>("--scenario") { Description = "Only these.", DefaultValueFactory = _ => [] };
        var clients = new Option<int>("--clients") { Description = "How many.", DefaultValueFactory = _ => 500 };
        var quiet = new Option<double>("--quiet") { Description = "Seconds in which nothing happens, before, between and behind.", DefaultValueFactory = _ => 5 };
        var command = new Command("scale-out", "Three servers behind a front end, each on a host of its own (network namespaces: as root), under clients that go on.") { program, deploy, frontEnds, only, clients, quiet };
        command.SetAction(async parsed =>
        {
            var broken = 0;
            foreach (var frontEnd in parsed.GetValue(frontEnds)!)
            {
                foreach (var (name, run) in ScaleOutScenarios.All.Where(scenario => parsed.GetValue(only) is not { Length: > 0 } names || names.Contains(scenario.Name, StringComparer.Ordinal)))
                {
                    var result = await run(new ScaleOutOptions(
                        Path.GetFullPath(parsed.GetValue(program)!), Path.GetFullPath(parsed.GetValue(deploy)!), FrontEnds.ByName[frontEnd], parsed.GetValue(clients), QuietSeconds: parsed.GetValue(quiet)));
                    Console.WriteLine($"{frontEnd} {name}: {result.Figures}. {(result.Faults.Count == 0 ? "holds" : string.Join("; ", result.Faults))}");
                    broken += result.Faults.Count == 0 ? 0 : 1;
                }
            }

            Console.WriteLine(broken == 0 ? "clean" : $"{broken} do not hold");
            return broken == 0 ? 0 : 1;
        });
        return command;
    }

    private static Command Clients()
    {
        var at = new Option<string>("--at") { Description = "ADDRESS:PORT of the front end.", Required = true };
        var count = new Option<int>("--count") { Description = "How many.", Required = true };
        var pause = new Option<int>("--pause") { Description = "Milliseconds between an answer and the next request.", Required = true };
        var path = new Option<string>("--path") { Description = "What they ask for.", Required = true };
        var post = new Option<bool>("--post") { Description = "They send a body, and expect it back." };
        var command = new Command("clients", "Keep-alive clients until the input ends; each line of it ends a phase, which is reported as JSON.") { at, count, pause, path, post };
        command.SetAction(async parsed =>
        {
            await new Fleet(IPEndPoint.Parse(parsed.GetValue(at)!), new FleetOptions(parsed.GetValue(count), parsed.GetValue(pause), parsed.GetValue(path)!, parsed.GetValue(post)))
                .RunAsync(Console.In, Console.Out);
            return 0;
        });
        return command;
    }

    private static Command RelayCommand()
    {
        var at = new Option<string>("--at") { Description = "Where it listens, ADDRESS:PORT.", Required = true };
        var to = new Option<string>("--to") { Description = "Where to, ADDRESS:PORT.", Required = true };
        var delay = new Option<int>("--delay") { Description = "Milliseconds, each way.", Required = true };
        var command = new Command("relay", "Passes connections on, later.") { at, to, delay };
        command.SetAction(async parsed =>
        {
            await new Relay(IPEndPoint.Parse(parsed.GetValue(at)!), IPEndPoint.Parse(parsed.GetValue(to)!), TimeSpan.FromMilliseconds(parsed.GetValue(delay))).RunAsync();
            return 0;
        });
        return command;
    }
}
