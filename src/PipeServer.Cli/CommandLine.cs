using System.CommandLine;
using System.CommandLine.Help;
using Microsoft.Extensions.Logging;
using PipeServer.Cli.Sites;
using PipeServer.Cli.Upgrade;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>The command line: its commands, its mistakes in words, and the way from it to <see cref="ServeSettings"/>.</summary>
internal sealed class CommandLine
{
    private const string NoOption = "There is no option";

    private const string Ending = """
        Every option is also a variable (PIPESERVER_PORT=8080; lists by lines) and a name in the file of --config; paths there
        are relative to it. The command line goes before the environment, that before the file. =false takes a switch back.

        Examples:
          pipeserver serve                                the folder wwwroot, or this one: http://127.0.0.1:7878
          pipeserver serve dist --spa --cache 3600        a single-page application
          pipeserver serve --admin 9090                   to watch it at work: http://127.0.0.1:9090
          pipeserver check --config pipeserver.json       what would be in force, and from where

        SIGINT, SIGTERM or SIGQUIT drains and stops, a second one at once; SIGHUP reloads, and opens logs anew; SIGUSR2 upgrades
        (upgrade --help). Exit codes: 0 drained, 1 no start, 2 forced, 3 grace period over. systemd: notify, watchdog, sockets.
        """;

    // No response files: the name of a folder may start with @.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private readonly StandardStreams _streams;
    private readonly OptionTable _table = new();
    private readonly Argument<string> _root = new("ROOT")
    {
        Description = "The folder to serve.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => Directory.Exists("wwwroot") ? "wwwroot" : ".",
    };

    private readonly Command _healthCheck;
    private readonly Command _upgrade;
    private readonly RootCommand _command;
    private IReadOnlyList<string> _args = [];
    private EffectiveConfiguration? _effective;
    private ServeSettings? _settings;

    /// <summary>Creates the command line.</summary>
    /// <param name="streams">Where help, values and mistakes go.</param>
    /// <param name="serve">What <c>pipeserver serve</c> does; gives the exit code.</param>
    public CommandLine(StandardStreams streams, Func<ServeSettings, Task<int>> serve)
    {
        _streams = streams;
        _root.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError("ROOT must not be empty.");
            }
            else if (result.Tokens is [{ Value: ['-', ..] } token])
            {
                result.AddError(NoOptionLike(token.Value));
            }
        });
        _healthCheck = HealthCheckCommand.Create(streams);
        _upgrade = UpgradeCommand.Create(streams);
        _command = new RootCommand("PipeServer: a multithreaded server of HTTP/1.1 and HTTP/2 with a bounded worker pool and graceful stop.")
        {
            Create("serve", "Serve a folder over HTTP/1.1 and HTTP/2 until a signal, then finish what is in flight.", serve),
            Create("check", "Check a configuration as serve would, and print it with the source of each value.", settings => Task.FromResult(Check(settings))),
            _healthCheck,
            _upgrade,
        };
    }

    /// <summary>The commands, for what describes them: manual page and completions (packaging/generate).</summary>
    public IEnumerable<Command> Commands => _command.Subcommands;

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code; <see cref="ExitCode.CouldNotStart"/> for a bad command line, with one line on standard error.</returns>
    public async Task<int> InvokeAsync(IReadOnlyList<string> args)
    {
        _args = args;
        var result = _command.Parse(args, Parsing);
        var given = result.CommandResult.Command;
        if (CheckEqualSigns(args) is { } problem)
        {
            return Fail(problem, given);
        }

        var asksAnother = given == _healthCheck || given == _upgrade;
        var isHelpAlone = asksAnother && result.Action is HelpText; // without a URL or a server, which serve does not need either
        if (result.Errors.Count > 0 && !isHelpAlone)
        {
            return Fail(Explain(result), given);
        }

        if (given != _command && !asksAnother && result.Action is not (HelpText or null))
        {
            try
            {
                _effective = new EffectiveConfiguration(_command, result, args, _table, _root);
                _settings = Read(_effective);
            }
            catch (ConfigurationException exception)
            {
                return Fail(exception.Message, given);
            }

            foreach (var warning in _effective.Warnings())
            {
                _streams.WriteError(warning);
            }

            result = _effective.Result;
        }

        // Our own signal handlers drain; the library's would end the process.
        return await result.InvokeAsync(new InvocationConfiguration
        {
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
            Output = _streams.Plain,
        }).ConfigureAwait(false);
    }

    private Command Create(string name, string description, Func<ServeSettings, Task<int>> run)
    {
        var command = new Command(name, description);
        command.Arguments.Add(_root);
        foreach (var option in _table.Options)
        {
            command.Options.Add(option);
        }

        command.Options.Add(new HelpOption
        {
            Action = new HelpText($"pipeserver {name} [ROOT] [options]\n\n{description} ROOT: wwwroot, or else this folder.", _table.Groups, Ending),
        });
        command.SetAction((_, _) => run(_settings!));
        return command;
    }

    private ServeSettings Read(EffectiveConfiguration effective)
    {
        var settings = new ServeSettings(_table, effective.Root)
        {
            ConfigPath = effective.ConfigPath,
            Describe = () => effective.Describe(hidesSecrets: true).Concat(effective.DescribeSites()),
            Values = effective.Values,
            ReadAgain = () => Read(new EffectiveConfiguration(_command, _command.Parse(_args, Parsing), _args, _table, _root)),
        };
        _table.Apply(effective.Result, settings);
        settings.IsQuiet = settings.IsQuiet && effective.GoesBefore(OptionTable.QuietName, OptionTable.LogLevelName);
        if (settings.IsQuiet)
        {
            settings.LogLevel = LogLevel.Warning;
        }

        settings.IsAddressGiven = OptionTable.AddressNames.Any(effective.IsSet);
        settings.SetSites([.. effective.Sites.Select(site => ReadSite(site, settings))], effective.HasRootOfFirstSite);
        return settings;
    }

    // What it does not name itself is as it is for all.
    private SiteSettings ReadSite(SiteConfiguration site, ServeSettings settings)
    {
        var (place, hosts) = (site.Entry.Place, site.Entry.Hosts);
        var own = new ServeSettings(_table, site.Root) { Files = settings.Files.Copy() };
        foreach (var row in _table.RowsOfSites.Where(row => site.Entry.Values.ContainsKey(row.Option.Name.TrimStart('-'))))
        {
            row.Apply(site.Result, own);
        }

        return new SiteSettings(place, hosts, site.Root) { Files = own.Files, Certificate = SiteSettings.CertificateOf(own.Tls, place, hosts) };
    }

    // The parser itself would ignore an empty value, and would take a switch's wrong value as the folder.
    private string? CheckEqualSigns(IReadOnlyList<string> args)
    {
        foreach (var arg in args.TakeWhile(static arg => arg != "--"))
        {
            var parts = arg.Split('=', 2);
            if (parts.Length == 2 && _table.Options.FirstOrDefault(option => option.Name == parts[0] || option.Aliases.Contains(parts[0])) is { } option)
            {
                if (parts[1].Length == 0)
                {
                    return $"{option.Name} must not be empty.";
                }

                if (option.ValueType == typeof(bool) && !bool.TryParse(parts[1], out _))
                {
                    return $"{option.Name} must be true or false; '{parts[1]}' is not.";
                }
            }
        }

        return null;
    }

    private string NoOptionLike(string token)
    {
        var name = token.Split('=')[0];
        if (OptionTable.IsPassword(name))
        {
            return $"{NoOption} '{name}': {OptionTable.PasswordWayOut}";
        }

        var suggestion = Suggestion.For(name, _command.Subcommands[0].Options.SelectMany(static option => option.Aliases.Append(option.Name)));
        return $"{NoOption} '{name}'.{suggestion}{(suggestion.Length == 0 ? $" A folder of that name would be './{name}'." : "")}";
    }

    // One mistake can make several errors. The one that knows the way out is shown.
    private string Explain(ParseResult result)
    {
        if (result.CommandResult.Command == _command && result.UnmatchedTokens is [var name, ..])
        {
            return $"There is no command '{name}'.{Suggestion.For(name, _command.Subcommands.Select(static command => command.Name))}";
        }

        if (result.CommandResult.Command == _command)
        {
            return "A command is missing. To serve a folder: pipeserver serve FOLDER";
        }

        if (result.CommandResult.Command == _healthCheck)
        {
            return HealthCheckCommand.Explain(result);
        }

        if (result.CommandResult.Command == _upgrade)
        {
            return UpgradeCommand.Explain(result);
        }

        if (result.UnmatchedTokens.FirstOrDefault(static token => token.StartsWith('-')) is { } option)
        {
            return NoOptionLike(option);
        }

        var messages = result.Errors.Select(static error => error.Message).ToList();
        return messages.Find(static message => message.StartsWith(NoOption, StringComparison.Ordinal)) ?? messages[0];
    }

    private int Check(ServeSettings settings)
    {
        if (settings.TryOpen(passed: null, out var files) is { } problem)
        {
            return Fail(problem);
        }

        files!.Dispose();
        if (PreparedSites.TryOpen(settings, files, before: null, out var sites) is { } siteProblem)
        {
            return Fail(siteProblem);
        }

        sites!.Drop();
        foreach (var line in ConfigurationTable.Format(_effective!.Describe().Concat(_effective.DescribeSites())))
        {
            _streams.Plain.WriteLine(line);
        }

        _streams.Plain.WriteLine("The configuration is valid.");
        if (settings.Tls.Material is { } material)
        {
            using var warnings = new LineLoggerFactory(LogLevel.Warning, _streams.WriteError, new PlainLineFormat(namesCategories: false));
            material.Warn(warnings.CreateLogger("PipeServer.Cli"), TimeProvider.System);
        }

        return ExitCode.Drained;
    }

    private int Fail(string message, Command? command = null)
    {
        var end = message.EndsWith('?') ? "" : ".";
        var asked = command == _healthCheck || command == _upgrade ? command : _command.Subcommands[0];
        _streams.WriteError($"{message.TrimEnd('.')}{end} See 'pipeserver {asked.Name} --help'.");
        return ExitCode.CouldNotStart;
    }
}
