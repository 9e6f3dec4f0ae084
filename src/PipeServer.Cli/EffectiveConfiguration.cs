using System.CommandLine;
using System.Globalization;

namespace PipeServer.Cli;

/// <summary>
/// Puts the sources of the configuration together: the command line goes before the environment (<c>PIPESERVER_PORT</c> for
/// <c>--port</c>), that before the file of <c>--config</c>, that before the defaults.
/// </summary>
internal sealed class EffectiveConfiguration
{
    private const string Prefix = "PIPESERVER_";

    private readonly RootCommand _command;
    private readonly Command _subcommand;
    private readonly IReadOnlyList<Option> _options;
    private readonly Argument<string> _root;
    private readonly Option<string?> _config;
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    /// <summary>Gathers all sources.</summary>
    /// <param name="command">The whole command line.</param>
    /// <param name="given">The command line as it was parsed, without errors.</param>
    /// <param name="args">The same, as it was written; the subcommand first.</param>
    /// <param name="options">The options that have a value anywhere.</param>
    /// <param name="root">The folder.</param>
    /// <param name="config">The option that names the file.</param>
    /// <exception cref="ConfigurationException">A source cannot be read, or has a value that its option does not take.</exception>
    public EffectiveConfiguration(
        RootCommand command, ParseResult given, IReadOnlyList<string> args, IReadOnlyList<Option> options, Argument<string> root, Option<string?> config)
    {
        _command = command;
        _subcommand = given.CommandResult.Command;
        (_options, _root, _config) = (options, root, config);
        Result = Gather(given, args);
    }

    /// <summary>The parsed sum of all sources.</summary>
    public ParseResult Result { get; }

    /// <summary>A line for each option: its name, its value, and where the value comes from.</summary>
    public IEnumerable<(string Name, string Value, string Source)> Describe(string root)
    {
        yield return ("ROOT", root, SourceOf("root"));
        foreach (var option in _options)
        {
            yield return (option.Name, Value(option), SourceOf(Key(option)));
        }
    }

    /// <summary>Names that look like a mistyped variable of ours; others may belong to somebody else.</summary>
    public IEnumerable<string> Warnings()
    {
        var known = _options.Append(_config).Select(static option => Variable(Key(option))).Append(Prefix + "ROOT").ToList();
        foreach (var name in Environment.GetEnvironmentVariables().Keys.OfType<string>().Order(StringComparer.Ordinal))
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && !known.Contains(name)
                && Suggestion.Nearest(name[Prefix.Length..], known.Select(static item => item[Prefix.Length..])) is { } nearest)
            {
                yield return $"the variable {name} is none of PipeServer's. Did you mean {Prefix}{nearest}?";
            }
        }
    }

    private static string Key(Option option) => option.Name.TrimStart('-');

    private static string Variable(string key) => Prefix + key.ToUpperInvariant().Replace('-', '_');

    private static bool TakesSeveral(Option option) => option.Arity.MaximumNumberOfValues > 1;

    private ParseResult Gather(ParseResult given, IReadOnlyList<string> args)
    {
        var path = IsGiven(given, _config) ? given.GetValue(_config) : Environment.GetEnvironmentVariable(Variable(Key(_config)));
        var file = string.IsNullOrEmpty(path) ? null : new ConfigurationFile(path, [.. _options.Select(Key), "root"]);
        var more = new List<string>();
        foreach (var option in _options)
        {
            if (IsGiven(given, option))
            {
                _sources[Key(option)] = "command line";
                continue;
            }

            var (values, source) = Find(Key(option), TakesSeveral(option), file);
            if (values is not null)
            {
                var tokens = values.Select(value => $"{option.Name}={value}").ToList();
                Check(tokens, source);
                more.AddRange(tokens);
                _sources[Key(option)] = source;
            }
        }

        var rootArguments = new List<string>();
        if (given.GetResult(_root) is { Tokens.Count: > 0 })
        {
            _sources["root"] = "command line";
        }
        else if (Find("root", isList: false, file) is ({ } values, var source))
        {
            Check([values[0]], source);
            rootArguments.Add(values[0]);
            _sources["root"] = source;
        }

        // In front of what was written: an option that may go without a value must not take the next source's.
        var result = _command.Parse([args[0], .. rootArguments, .. more, .. args.Skip(1)]);
        return result.Errors.Count == 0 ? result : throw new ConfigurationException(result.Errors[0].Message);
    }

    private static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static (IReadOnlyList<string>? Values, string Source) Find(string key, bool isList, ConfigurationFile? file)
    {
        var variable = Variable(key);
        var value = Environment.GetEnvironmentVariable(variable);

        // Kubernetes sets PIPESERVER_PORT=tcp://10.0.0.1:80 in every pod beside a service of the name pipeserver.
        if (!string.IsNullOrEmpty(value) && !value.StartsWith("tcp://", StringComparison.Ordinal))
        {
            return (isList ? value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [value], variable);
        }

        return file?.Find(key) is { } values ? (values, file.Path) : (null, "default");
    }

    // Each for itself, so that the message can tell where the value stands.
    private void Check(IReadOnlyList<string> tokens, string source)
    {
        var result = _command.Parse([_subcommand.Name, .. tokens]);
        if (result.Errors.Count > 0)
        {
            throw new ConfigurationException($"{source}: {result.Errors[0].Message}");
        }
    }

    private string SourceOf(string key) => _sources.GetValueOrDefault(key, "default");

    private string Value(Option option)
    {
        var tokens = Result.GetResult(option) is { Implicit: false } given ? given.Tokens : null;
        var value = tokens switch
        {
            { Count: > 0 } => string.Join(", ", tokens.Select(static token => token.Value)),
            { Count: 0 } => option.ValueType == typeof(bool) ? "true" : Result.GetResult(option)!.GetValueOrDefault<object?>(),
            _ => option.HasDefaultValue ? option.GetDefaultValue() : null,
        };
        return value switch
        {
            null or "" => "none",
            bool flag => flag ? "true" : "false",
            IEnumerable<string> items => string.Join(", ", items) is { Length: > 0 } list ? list : "none",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }
}
