using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace PipeServer.Cli;

/// <summary>
/// Puts the sources of the configuration together: the command line goes before the environment (<c>PIPESERVER_PORT</c> for
/// <c>--port</c>), that before the file of <c>--config</c>, that before the defaults.
/// </summary>
internal sealed class EffectiveConfiguration
{
    private const string Prefix = "PIPESERVER_";
    private const string RootKey = "root";

    private const string CommandLineSource = "command line";
    private const string DefaultSource = "default";
    private const string None = "none";

    private readonly RootCommand _command;
    private readonly ParserConfiguration _parsing;
    private readonly Command _subcommand;
    private readonly OptionTable _table;
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    /// <summary>Gathers all sources.</summary>
    /// <param name="command">The whole command line.</param>
    /// <param name="given">The command line as it was parsed, without errors.</param>
    /// <param name="args">The same, as it was written; the subcommand first.</param>
    /// <param name="table">The options.</param>
    /// <param name="root">The folder.</param>
    /// <exception cref="ConfigurationException">A source cannot be read, or has a value that its option does not take.</exception>
    public EffectiveConfiguration(
        RootCommand command,
        ParseResult given,
        IReadOnlyList<string> args,
        OptionTable table,
        Argument<string> root)
    {
        _command = command;
        _parsing = given.Configuration;
        _subcommand = given.CommandResult.Command;
        _table = table;
        var file = OpenFile(given);
        ConfigPath = file?.Path;
        Root = FindRoot(given, root, file);
        Result = Gather(given, args, file);
    }

    /// <summary>The parsed sum of all sources, but for the folder.</summary>
    public ParseResult Result { get; }

    /// <summary>The folder to serve.</summary>
    public string Root { get; }

    /// <summary>True when one option was set by the same source as another one, or by a source that goes before it.</summary>
    public bool GoesBefore(string option, string other) => Rank(option) >= Rank(other);

    /// <summary>Whether an option was set by any source.</summary>
    public bool IsSet(string option) => Rank(option) > 0;

    /// <summary>The file of options, or null.</summary>
    public string? ConfigPath { get; }

    /// <summary>A line for each option: its name, its value, and where the value comes from.</summary>
    /// <param name="hidesSecrets">Says of a value that may hold a secret only that there is one.</param>
    /// <param name="separator">What is between the parts of a list.</param>
    public IEnumerable<OptionValue> Describe(bool hidesSecrets = false, string separator = ", ")
    {
        yield return new OptionValue("ROOT", Path.GetFullPath(Root), SourceOf(RootKey));
        foreach (var row in _table.Rows)
        {
            var value = Value(row, separator);
            yield return new OptionValue(row.Option.Name, hidesSecrets && row.IsSecret && value != None ? "(hidden)" : value, SourceOf(Key(row.Option)));
        }
    }

    /// <summary>
    /// A line for each variable of our prefix that names no option, and so has no effect. Its value, which may be a secret, is not told.
    /// </summary>
    public IEnumerable<string> Warnings()
    {
        var byName = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        HashSet<string> known = new(_table.Options.Select(static option => Variable(Key(option))).Append(Variable(RootKey)), byName);
        foreach (var name in Environment.GetEnvironmentVariables().Keys.OfType<string>().Order(StringComparer.Ordinal))
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !known.Contains(name) && !IsOfSomebodyElse(name))
            {
                var nearest = Suggestion.Nearest(name[Prefix.Length..], known.Select(static item => item[Prefix.Length..]));
                var shown = new string([.. name.Select(static c => char.IsControl(c) ? '?' : c)]);
                yield return $"{shown} is ignored: there is no such option.{(nearest is null ? "" : $" Did you mean {Prefix}{nearest}?")}";
            }
        }
    }

    // The one that is no option, so that no file has its value; those of the repository's own tests, and those that Kubernetes sets in every pod beside a
    // service whose name starts with pipeserver.
    private static bool IsOfSomebodyElse(string name) =>
        name is Tls.TlsMaterial.PasswordVariable or Prefix + "STRESS" or Prefix + "CLI" or Prefix + "EMBEDDING" || ServiceVariables.IsOne(name)
        || IsServicePlace(Environment.GetEnvironmentVariable(name));

    // Kubernetes sets PIPESERVER_PORT=tcp://10.0.0.1:80 in every pod beside a service of the name pipeserver.
    private static bool IsServicePlace(string? value) => value is not null
        && (value.StartsWith("tcp://", StringComparison.Ordinal)
            || value.StartsWith("udp://", StringComparison.Ordinal)
            || value.StartsWith("sctp://", StringComparison.Ordinal));

    private static string Key(Option option) => option.Name.TrimStart('-');

    private static string Variable(string key) => Prefix + key.ToUpperInvariant().Replace('-', '_');

    private static bool TakesSeveral(Option option) => option.Arity.MaximumNumberOfValues > 1;

    private ConfigurationFile? OpenFile(ParseResult given)
    {
        HashSet<string> known = new(_table.Rows.Select(static row => Key(row.Option)).Append(RootKey), StringComparer.OrdinalIgnoreCase);
        if (IsGiven(given, OptionTable.Config))
        {
            return new ConfigurationFile(given.GetValue(OptionTable.Config)!, "--config", known);
        }

        var variable = Variable(Key(OptionTable.Config));
        return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path
            ? new ConfigurationFile(path, variable, known)
            : null;
    }

    // Not by the parser, which would not take -h or @name as a folder.
    private string FindRoot(ParseResult given, Argument<string> root, ConfigurationFile? file)
    {
        if (given.GetResult(root) is { Tokens.Count: > 0 })
        {
            _sources[RootKey] = CommandLineSource;
        }
        else if (Find(RootKey, isList: false, file) is ({ } values, var source))
        {
            _sources[RootKey] = source;
            return source == file?.Path ? Path.GetFullPath(values[0], file.Folder) : values[0];
        }

        return given.GetValue(root)!;
    }

    private ParseResult Gather(ParseResult given, IReadOnlyList<string> args, ConfigurationFile? file)
    {
        var more = new List<string>();
        foreach (var row in _table.Rows)
        {
            var option = row.Option;
            if (IsGiven(given, option))
            {
                _sources[Key(option)] = CommandLineSource;
                continue;
            }

            var (values, source) = Find(Key(option), TakesSeveral(option), file);
            if (values is not null)
            {
                if (source == file?.Path)
                {
                    values = [.. values.Select(value => OptionKinds.Resolve(option, value, file.Folder))];
                }

                var tokens = values.Select(value => $"{option.Name}={Normalize(row, value, source)}").ToList();
                var result = _command.Parse([_subcommand.Name, .. tokens], _parsing);
                if (result.Errors.Count > 0)
                {
                    throw new ConfigurationException($"{source}: {result.Errors[0].Message}");
                }

                more.AddRange(tokens);
                _sources[Key(option)] = source;
            }
        }

        // They go before the command line's own words: an option without a value at the end of those must not take them as its value.
        var all = _command.Parse([args[0], .. more, .. args.Skip(1)], _parsing);
        return all.Errors.Count == 0 ? all : throw new ConfigurationException(all.Errors[0].Message);
    }

    // A switch in all the ways in which people write it; the parser would take a word that it does not know as the folder.
    private static string Normalize(OptionRow row, string value, string source)
    {
        var option = row.Option;
        if (Switch.TryParse(value, out var isOn))
        {
            return option.ValueType == typeof(bool) ? (isOn ? "true" : "false")
                : row.Implied is { } implied ? (isOn ? implied : "false")
                : value;
        }

        return option.ValueType != typeof(bool)
            ? value
            : throw new ConfigurationException($"{source}: {option.Name} must be true or false; '{value}' is not.");
    }

    private static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static (IReadOnlyList<string>? Values, string Source) Find(string key, bool isList, ConfigurationFile? file)
    {
        var variable = Variable(key);
        var value = Environment.GetEnvironmentVariable(variable);
        if (!string.IsNullOrEmpty(value) && !IsServicePlace(value))
        {
            return (isList ? value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [value], variable);
        }

        if (file?.Find(key) is not { } values)
        {
            return (null, DefaultSource);
        }

        return values.Count == 1 || (isList && values.Count > 0)
            ? (values, file.Path)
            : throw new ConfigurationException($"{file.Path}: \"{key}\" must be {(isList ? "a list that is not empty" : "one value")}.");
    }

    private int Rank(string name) => SourceOf(name.TrimStart('-')) switch
    {
        CommandLineSource => 3,
        DefaultSource => 0,
        var source => source.StartsWith(Prefix, StringComparison.Ordinal) ? 2 : 1,
    };

    private string SourceOf(string key) => _sources.GetValueOrDefault(key, DefaultSource);

    private string Value(OptionRow row, string separator)
    {
        var option = row.Option;
        var tokens = Result.GetResult(option) is { Implicit: false } given ? given.Tokens : null;
        var value = tokens switch
        {
            { Count: > 0 } => string.Join(separator, tokens.Select(token => OptionKinds.Resolve(option, token.Value, Environment.CurrentDirectory))),
            { Count: 0 } => row.Implied ?? "true",
            _ => option.HasDefaultValue ? option.GetDefaultValue() : null,
        };
        return value switch
        {
            null or "" => None,
            string text when row.Implied is not null && Switch.TryParse(text, out var isOn) && !isOn => None,
            LogLevel level => level.ToString().ToLowerInvariant(),
            bool flag => flag ? "true" : "false",
            IEnumerable<string> items => string.Join(separator, items) is { Length: > 0 } list ? list : None,
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }
}
