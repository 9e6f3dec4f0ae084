using System.CommandLine;
using System.CommandLine.Help;

namespace PipeServer.Cli.Upgrade;

/// <summary>The command <c>upgrade</c>: its words on the command line, its help and its mistakes; <see cref="UpgradeRequest"/> does it.</summary>
internal static class UpgradeCommand
{
    private const string Description = "Have a running server start its program's file anew in its place, without a lost client, and wait for it.";
    private const string PidFileName = "--pid-file";
    private const string AdminName = "--admin";
    private const string TimeoutName = "--timeout";

    private const string Ending = """
        Put the new file in the place of the old one (by a rename, as install(1) does it), then upgrade. The new process reads the
        configuration anew and gets every listening socket; the old one finishes what it has and ends. Where the new one does
        not start, is not ready within its --upgrade-timeout, or refuses the configuration, the old one serves on. Linux.

        Exit codes: 0 the new one serves, 1 it does not, and one line on standard error says why.

        Examples:
          pipeserver upgrade --pid-file /run/pipeserver.pid      of a server with the same --pid-file: by SIGUSR2
          pipeserver upgrade --admin unix:/run/pipeserver.sock   of a server with the same --admin: by POST /upgrade
        """;

    /// <summary>Creates the command.</summary>
    public static Command Create(StandardStreams streams)
    {
        var pidFile = OptionKinds.Text(PidFileName, "PATH", "The server's file with its number, which its --pid-file names.");
        var admin = OptionKinds.AdminPlace(AdminName, "The server's admin side, as its --admin says it: PORT, ADDRESS:PORT or unix:PATH.");
        var timeout = OptionKinds.Seconds(TimeoutName, "How long to wait until it is known.", TimeSpan.FromSeconds(90));
        Option[] all = [pidFile, admin, timeout];
        var options = new OptionGroup("options", [.. all.Select(static option => new OptionRow(option, static (_, _) => { }))]);
        var command = new Command("upgrade", Description)
        {
            pidFile,
            admin,
            timeout,
            new HelpOption { Action = new HelpText($"pipeserver upgrade --pid-file PATH | --admin PLACE [options]\n\n{Description}", [options], Ending) },
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(pidFile) is null == result.GetResult(admin) is null)
            {
                result.AddError($"Name the server, by {PidFileName} PATH or by {AdminName} PLACE");
            }
        });
        command.SetAction(async (result, _) =>
        {
            var request = new UpgradeRequest(TimeSpan.FromSeconds(result.GetValue(timeout)));
            var (problem, process) = result.GetValue(pidFile) is { } path
                ? await request.SignalAsync(path).ConfigureAwait(false)
                : request.Post(result.GetValue(admin)!);
            return Tell(streams, problem, process);
        });
        return command;
    }

    private static int Tell(StandardStreams streams, string? problem, int process)
    {
        if (problem is not null)
        {
            streams.WriteError($"not upgraded: {problem.TrimEnd('.')}.");
            return ExitCode.CouldNotStart;
        }

        streams.Plain.WriteLine($"Upgraded: process {process} serves.");
        return ExitCode.Drained;
    }

    /// <summary>What is wrong with a command line that was parsed as one of this command's.</summary>
    public static string Explain(ParseResult result) => result.UnmatchedTokens is [var more, ..]
        ? more.StartsWith('-')
            ? $"There is no option '{more.Split('=')[0]}' for an upgrade.{Suggestion.For(more.Split('=')[0], [PidFileName, AdminName, TimeoutName])}"
            : $"'{more}' is too much: name the server by {PidFileName} PATH or by {AdminName} PLACE"
        : result.Errors[0].Message;
}
