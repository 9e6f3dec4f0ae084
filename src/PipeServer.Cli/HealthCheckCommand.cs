using System.CommandLine;
using System.CommandLine.Help;

namespace PipeServer.Cli;

/// <summary>The command <c>healthcheck</c>: its words on the command line, its help and its mistakes; <see cref="HealthCheck"/> does it.</summary>
internal static class HealthCheckCommand
{
    private const string Description = "Ask a URL once, and tell by the exit code whether it answers; for the HEALTHCHECK of a container.";
    private const string TimeoutName = "--timeout";

    private const string Ending = """
        Healthy is an answer from 200 to 399: it prints nothing, and exits with 0. Otherwise it exits with 1, and one line on
        standard error says why.

        Examples:
          pipeserver healthcheck http://127.0.0.1:7878/healthz/live          of a server with --health
          pipeserver healthcheck unix:/run/pipeserver.sock:/healthz/ready    on a unix socket; unix:@NAME for an abstract name
          pipeserver healthcheck https://127.0.0.1:8443/healthz/live         over TLS; of this machine any certificate will do
        """;

    /// <summary>Creates the command.</summary>
    public static Command Create(StandardStreams streams)
    {
        var url = new Argument<string>("URL") { Description = "What to ask." };
        var timeout = OptionKinds.Seconds(TimeoutName, "How long all of it may take.", TimeSpan.FromSeconds(3));
        url.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !HealthCheckTarget.TryParse(token.Value, out _, out var problem))
            {
                result.AddError(problem); // of an option that does not exist, Explain says more
            }
        });
        var options = new OptionGroup("options", [OptionRow.Of(timeout, static (_, _) => { })]);
        var command = new Command("healthcheck", Description)
        {
            url,
            timeout,
            new HelpOption { Action = new HelpText($"pipeserver healthcheck URL [options]\n\n{Description}", [options], Ending) },
        };
        command.SetAction((result, _) =>
            RunAsync(result.GetValue(url)!, TimeSpan.FromSeconds(result.GetValue(timeout)), streams));
        return command;
    }

    /// <summary>What is wrong with a command line that was parsed as one of this command's.</summary>
    public static string Explain(ParseResult result)
    {
        if (result.Tokens.Select(static token => token.Value).TakeWhile(static token => token != "--").FirstOrDefault(IsUnknownOption) is { } option)
        {
            var name = option.Split('=')[0];
            return $"There is no option '{name}' for a health check.{Suggestion.For(name, [TimeoutName])}";
        }

        return result.UnmatchedTokens is [var more, ..] ? $"One URL is asked, and '{more}' is too much."
            : result.CommandResult.Children.Any(static child => child is System.CommandLine.Parsing.ArgumentResult { Tokens.Count: > 0 })
                ? result.Errors[0].Message
                : "A URL is missing, like http://127.0.0.1:7878/healthz/live";

        bool IsUnknownOption(string token) => token is ['-', not (>= '0' and <= '9'), ..]
            && !result.CommandResult.Command.Options.Any(option => option.Name == token || option.Aliases.Contains(token));
    }

    private static async Task<int> RunAsync(string url, TimeSpan timeout, StandardStreams streams)
    {
        _ = HealthCheckTarget.TryParse(url, out var target, out _);
        var problem = await new HealthCheck(target!, timeout).RunAsync().ConfigureAwait(false);
        if (problem is null)
        {
            return ExitCode.Healthy;
        }

        streams.WriteError($"{url}: {problem.TrimEnd('.')}.");
        return ExitCode.Unhealthy;
    }
}
