using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using PipeServer.StaticFiles;
using PipeServer.Transport.Sockets;

namespace PipeServer.Cli;

/// <summary>
/// The command line: its options, their ranges, their help, and the way from them to <see cref="ServeSettings"/>.
/// </summary>
internal sealed class CommandLine
{
    private const string NoOption = "There is no option";

    private const string Ending = """
        Every option is also a variable (PIPESERVER_PORT=8080; lists by lines) and a name in the file of --config. The command
        line goes before the environment, that before the file. A switch is taken back by =false.

        Examples:
          pipeserver serve                                the folder wwwroot, or this one, on http://127.0.0.1:7878
          pipeserver serve dist --spa --cache 3600        a single-page application
          pipeserver serve /srv/files -a 0.0.0.0 -p 80 --browse --compress
          pipeserver check --config pipeserver.json       what would be in force, and from where

        SIGINT, SIGTERM or SIGQUIT drains and stops, a second one stops at once; SIGHUP is ignored. Exit codes: 0 drained,
        1 could not start, 2 forced, 3 grace period over. Under systemd: Type=notify, WatchdogSec, socket activation.
        """;

    // No @files: a folder may be called that.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private static readonly HttpServerOptions Defaults = new();
    private static readonly StaticFileOptions FileDefaults = new();

    private readonly Argument<string> _root = new("ROOT")
    {
        Description = "The folder to serve.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => Directory.Exists("wwwroot") ? "wwwroot" : ".",
    };

    private readonly Option<ListenAddress> _address = new("--address", "-a")
    {
        Description = "The address to listen on; 0.0.0.0 or :: for all; unix:PATH for a unix socket.",
        HelpName = "IP",
        CustomParser = ParseAddress,
        DefaultValueFactory = _ => new ListenAddress(Defaults.Address, UnixSocketPath: null),
    };

    private readonly Option<int> _port =
        Number("--port", "The port to listen on; 0 takes a free one.", Defaults.Port, 0, 65535, "-p");
    private readonly Option<string> _transport = new Option<string>("--transport")
    {
        Description = "epoll (Linux; elsewhere the same as sockets) or sockets.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "epoll",
    };

    private readonly Option<int> _loops =
        Number("--loops", "Event loops of the epoll transport.", Defaults.Loops, 1, HttpServerOptions.MaxLoops);
    private readonly Option<int> _workers =
        Number("--workers", "Worker threads.", Defaults.Workers, 1, HttpServerOptions.MaxWorkers, "-w");
    private readonly Option<int> _queue =
        Number("--queue", "Requests that may wait for a worker; beyond that see --overload.",
            Defaults.QueueCapacity, 1, int.MaxValue);
    private readonly Option<double> _queueTimeout =
        Seconds("--queue-timeout", "How long a request may wait for a worker; then 503. 0: no end.", Defaults.QueueTimeout, mayBeZero: true);
    private readonly Option<string> _overload = new Option<string>("--overload")
    {
        Description = "What happens at --queue and --max-connections: reject (503 at once) or wait.",
        HelpName = "CHOICE",
        DefaultValueFactory = _ => "reject",
    };

    private readonly Option<bool> _health = new("--health")
    {
        Description = "Add /healthz/live and /healthz/ready, answered even while all workers are blocked.",
    };

    private readonly Option<bool> _reusePort = new("--reuse-port")
    {
        Description = "Let another process listen on the same port, to take over without a gap (Linux).",
    };

    private readonly Option<bool> _demo = new("--demo")
    {
        Description = "Add /plaintext, /worker/plaintext, /json, /sleep[?ms=N], /events and /echo (POST).",
    };

    private readonly Option<string[]> _index = Several("--index", "NAME", "The file that stands for its folder; may be repeated.", "index.html");

    private readonly Option<bool> _browse = new("--browse")
    {
        Description = "List folders that have no index file; as JSON to who accepts that.",
    };

    private readonly Option<string?> _spa = new("--spa")
    {
        Description = "What answers paths at which there is nothing; index.html if not named.",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _ext = new("--ext")
    {
        Description = "An extension that paths may leave out: with html, /about is /about.html.",
        HelpName = "EXT",
    };

    private readonly Option<string[]> _mime = Several("--mime", "EXT=TYPE", "A content type by extension; may be repeated.");

    private readonly Option<bool> _compress = new("--compress")
    {
        Description = "Compress text on the fly (br, gzip), once; .br, .zst and .gz files are used anyway.",
    };

    private readonly Option<string?> _cache = new("--cache")
    {
        Description = "Cache-Control: seconds, or its value; names with a fingerprint are immutable then.",
        HelpName = "VALUE",
    };

    private readonly Option<string[]> _header = Several("--header", "LINE", "A header for all files, \"Name: value\"; may be repeated.");

    private readonly Option<string?> _cors = new("--cors")
    {
        Description = "Let pages of an origin read the files; of any origin if none is named.",
        HelpName = "ORIGIN",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string[]> _attachment = Several("--attachment", "EXT", "Files to save, not to show; may be repeated. ?download does it for any.");

    private readonly Option<string?> _authFile = new("--auth-file")
    {
        Description = "Users that may read: user:hash lines (htpasswd -B, openssl passwd -6).",
        HelpName = "PATH",
    };

    private readonly Option<bool> _hidden = new("--hidden")
    {
        Description = "Serve names that start with a dot.",
    };

    private readonly Option<bool> _followSymlinks = new("--follow-symlinks")
    {
        Description = "Follow symbolic links that leave ROOT.",
    };

    private readonly Option<long> _cacheBytes =
        Number("--file-cache", "Bytes of memory for small files; 0: none.", FileDefaults.CacheBytes, 0L, 1L << 40);
    private readonly Option<int> _cacheFileBytes =
        Number("--file-cache-max", "Bytes of the largest file that is kept there.", FileDefaults.MaxCachedFileBytes, 0, 16 * 1024 * 1024);
    private readonly Option<int> _cacheFiles =
        Number("--file-cache-count", "Files kept there.", FileDefaults.MaxCachedFiles, 0, int.MaxValue);

    private readonly Option<string?> _config = new("--config")
    {
        Description = "A JSON file of options: { \"port\": 8080, \"browse\": true }.",
        HelpName = "PATH",
    };

    private readonly Option<int?> _exitAfter = new("--exit-after")
    {
        Description = "Accept N connections, then stop gracefully.",
        HelpName = "N",
    };

    private readonly Option<double> _grace =
        Seconds("--grace", "How long a stop waits for requests in flight.",
            Defaults.ShutdownGracePeriod, mayBeZero: true);
    private readonly Option<double> _drainDelay =
        Seconds("--drain-delay", "Before a stop: be not ready, close after each response, still accept.",
            Defaults.DrainDelay, mayBeZero: true);
    private readonly Option<double> _drainIdle =
        Seconds("--drain-idle", "In a stop: how long an idle connection may still send a request.",
            Defaults.DrainIdleTimeout, mayBeZero: true);

    private readonly Option<string?> _report = new("--report")
    {
        Description = "On exit, write a report as one JSON object.",
        HelpName = "PATH",
    };

    private readonly Option<int> _maxConnections =
        Number("--max-connections", "Connections served at once; beyond that see --overload.",
            Defaults.MaxConnections, 1, int.MaxValue);
    private readonly Option<int> _maxConnectionsPerIp =
        Number("--max-connections-per-ip", "Connections from one address; beyond that 503. 0: no limit.", 0, 0, int.MaxValue);
    private readonly Option<int> _backlog =
        Number("--backlog", "Handshakes that the system may queue.", Defaults.Backlog, 1, int.MaxValue);
    private readonly Option<int> _maxRequestLine =
        Number("--max-request-line", "Bytes of a request line; beyond that 414.",
            Defaults.MaxRequestLineBytes, 16, 1 << 20);
    private readonly Option<int> _maxRequestHead =
        Number("--max-request-head", "Bytes of request line and headers; beyond that 431.",
            Defaults.MaxRequestHeadBytes, 16, 1 << 24);
    private readonly Option<int> _maxRequestHeaders =
        Number("--max-request-headers", "Header lines of a request; beyond that 431.",
            Defaults.MaxRequestHeaderCount, 1, 1 << 16);
    private readonly Option<long> _maxRequestBody =
        Number("--max-request-body", "Bytes of a request's body; beyond that 413.",
            Defaults.MaxRequestBodyBytes, 0, long.MaxValue);
    private readonly Option<double> _keepAliveTimeout =
        Seconds("--keep-alive-timeout", "How long a connection may be idle between requests.",
            Defaults.KeepAliveTimeout);
    private readonly Option<double> _headTimeout =
        Seconds("--head-timeout", "How long a request's head may take to arrive.", Defaults.RequestHeadTimeout);
    private readonly Option<double> _bodyTimeout =
        Seconds("--body-timeout", "How long the next bytes of a body may take.", Defaults.RequestBodyTimeout);
    private readonly Option<double> _writeTimeout =
        Seconds("--write-timeout", "How long a client may take to read its response.", Defaults.ResponseWriteTimeout);

    private readonly Option<int> _minRate =
        Number("--min-rate", "Bytes a second that a waited-for client must send or take. 0: any.", Defaults.MinDataRate, 0, int.MaxValue);

    private readonly Option<LogLevel> _logLevel = new("--log-level")
    {
        Description = "trace, debug, information, warning, error, critical or none.",
        HelpName = "LEVEL",
        CustomParser = ParseLogLevel,
        DefaultValueFactory = _ => LogLevel.Information,
    };

    private readonly Option<bool> _quiet = new("--quiet", "-q")
    {
        Description = "Log warnings and errors only.",
    };

    private readonly IReadOnlyList<OptionGroup> _groups;
    private readonly Dictionary<Option, string> _implied; // what an option means that may go without a value, and does
    private readonly RootCommand _command;
    private EffectiveConfiguration? _effective;

    /// <summary>Creates the command line.</summary>
    /// <param name="serve">What <c>pipeserver serve</c> does; gives the exit code.</param>
    public CommandLine(Func<ServeSettings, Task<int>> serve)
    {
        _exitAfter.Validators.Add(static result =>
        {
            if (result.Tokens is [var token]
                && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1))
            {
                result.AddError($"--exit-after must be a whole number from 1 on; '{token.Value}' is not.");
            }
        });
        MustBeOneOf(_transport, "epoll", "sockets");
        MustBeOneOf(_overload, "reject", "wait");
        _logLevel.CompletionSources.Add("trace", "debug", "information", "warning", "error", "critical", "none");
        foreach (var option in new Option[] { _index, _spa, _ext, _mime, _cache, _header, _cors, _attachment, _authFile, _config, _report })
        {
            MustNotBeEmpty(option);
        }

        _cache.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: { Length: > 0 } value }]
                && (!value.All(static c => c is >= ' ' and <= '~')
                    || (value.All(char.IsAsciiDigit) && !int.TryParse(value, CultureInfo.InvariantCulture, out _))))
            {
                result.AddError($"--cache must be seconds up to {int.MaxValue}, or a value like no-cache; '{value}' is not.");
            }
        });
        MustHave(_mime, '=', ".foo=text/foo");
        MustHave(_header, ':', "\"X-Name: value\"");
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
        _implied = new Dictionary<Option, string> { [_spa] = "index.html", [_cors] = "*" };
        _groups =
        [
            new("Listening", [_address, _port, _reusePort, _transport, _loops]),
            new("Files", [
                _index, _browse, _spa, _ext, _mime, _compress, _cache, _header, _cors, _attachment, _authFile, _hidden, _followSymlinks,
            ]),
            new("Workers and overload", [_workers, _queue, _queueTimeout, _overload, _health, _demo]),
            new("Stopping", [_exitAfter, _grace, _drainDelay, _drainIdle, _report]),
            new("Log and configuration", [_logLevel, _quiet, _config]),
            new("Limits", [
                _maxConnections, _maxConnectionsPerIp, _backlog, _maxRequestLine, _maxRequestHead, _maxRequestHeaders, _maxRequestBody,
                _minRate, _cacheBytes, _cacheFileBytes, _cacheFiles,
            ], IsDense: true),
            new("Time-outs", [_keepAliveTimeout, _headTimeout, _bodyTimeout, _writeTimeout], IsDense: true),
        ];
        _command = new RootCommand("PipeServer: a multithreaded HTTP/1.1 server with a bounded worker pool and graceful stop.")
        {
            Create("serve", "Serve a folder over HTTP/1.1 until a signal, then finish what is in flight.", serve),
            Create("check", "Check a configuration as serve would, and print it with the source of each value.", CheckAsync),
        };
    }

    private IEnumerable<Option> Options => _groups.SelectMany(static group => group.Options);

    private Command Create(string name, string description, Func<ServeSettings, Task<int>> run)
    {
        var command = new Command(name, description);
        command.Arguments.Add(_root);
        foreach (var option in Options)
        {
            command.Options.Add(option);
        }

        command.Options.Add(new HelpOption
        {
            Action = new HelpText($"pipeserver {name} [ROOT] [options]\n\n{description} ROOT: wwwroot, or else this folder.", _groups, Ending),
        });
        command.SetAction((_, _) => run(Read(_effective!.Result)));
        return command;
    }

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code; <see cref="ExitCode.CouldNotStart"/> for a bad command line, with one line on standard error.</returns>
    public async Task<int> InvokeAsync(IReadOnlyList<string> args)
    {
        var result = _command.Parse(args, Parsing);
        if (CheckEqualSigns(args) is { } problem)
        {
            return await FailAsync(problem).ConfigureAwait(false);
        }

        if (result.Errors.Count > 0)
        {
            return await FailAsync(Explain(result)).ConfigureAwait(false);
        }

        if (_command.Subcommands.Contains(result.CommandResult.Command) && result.Action is not (HelpText or null))
        {
            try
            {
                _effective = new EffectiveConfiguration(_command, result, args, [.. Options.Where(option => option != _config)], _implied, _root, _config);
            }
            catch (ConfigurationException exception)
            {
                return await FailAsync(exception.Message).ConfigureAwait(false);
            }

            foreach (var warning in _effective.Warnings())
            {
                await ErrorLine.WriteAsync(warning).ConfigureAwait(false);
            }

            result = _effective.Result;
            if (result.GetValue(_maxRequestHead) < result.GetValue(_maxRequestLine))
            {
                return await FailAsync("--max-request-head must not be below --max-request-line, which is a part of it.").ConfigureAwait(false);
            }
        }

        // Our own signal handlers drain; the library's would end the process.
        return await result.InvokeAsync(new InvocationConfiguration
        {
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        }).ConfigureAwait(false);
    }

    // The parser takes an empty value for none, and what is no switch's value for the folder.
    private string? CheckEqualSigns(IReadOnlyList<string> args)
    {
        foreach (var arg in args.TakeWhile(static arg => arg != "--"))
        {
            var parts = arg.Split('=', 2);
            if (parts.Length == 2 && Options.FirstOrDefault(option => option.Name == parts[0] || option.Aliases.Contains(parts[0])) is { } option)
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
        var suggestion = Suggestion.For(name, _command.Subcommands[0].Options.SelectMany(static option => option.Aliases.Append(option.Name)));
        return $"{NoOption} '{name}'.{suggestion}{(suggestion.Length == 0 ? $" A folder of that name would be './{name}'." : "")}";
    }

    // One mistake makes several errors: the one that knows the way out first.
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

        if (result.UnmatchedTokens.FirstOrDefault(static token => token.StartsWith('-')) is { } option)
        {
            return NoOptionLike(option);
        }

        var messages = result.Errors.Select(static error => error.Message).ToList();
        return messages.Find(static message => message.StartsWith(NoOption, StringComparison.Ordinal)) ?? messages[0];
    }

    private async Task<int> CheckAsync(ServeSettings settings)
    {
        if (settings.TryOpen(out var files) is { } problem)
        {
            return await FailAsync(problem).ConfigureAwait(false);
        }

        files!.Dispose();

        var lines = _effective!.Describe().ToList();
        var (name, value) = (lines.Max(static line => line.Name.Length), Math.Min(40, lines.Max(static line => line.Value.Length)));
        foreach (var line in lines)
        {
            var shown = new string([.. line.Value.Select(static c => char.IsControl(c) ? '?' : c)]);
            await Console.Out.WriteLineAsync($"{line.Name.PadRight(name)}  {shown.PadRight(value)}  {line.Source}").ConfigureAwait(false);
        }

        await Console.Out.WriteLineAsync("The configuration is valid.").ConfigureAwait(false);
        return ExitCode.Drained;
    }

    private static async Task<int> FailAsync(string message)
    {
        var end = message.EndsWith('?') ? "" : ".";
        await ErrorLine.WriteAsync($"{message.TrimEnd('.')}{end} See 'pipeserver serve --help'.").ConfigureAwait(false);
        return ExitCode.CouldNotStart;
    }

    private ServeSettings Read(ParseResult result) => new(
        _effective!.Root,
        new HttpServerOptions
        {
            Address = result.GetValue(_address)!.Address,
            UnixSocketPath = result.GetValue(_address)!.UnixSocketPath,
            Port = result.GetValue(_port),
            Backlog = result.GetValue(_backlog),
            ReusePort = result.GetValue(_reusePort),
            Transport = result.GetValue(_transport) == "sockets"
                ? new SocketTransport { ReusePort = result.GetValue(_reusePort) }
                : null,
            Loops = result.GetValue(_loops),
            Workers = result.GetValue(_workers),
            QueueCapacity = result.GetValue(_queue),
            QueueTimeout = result.GetValue(_queueTimeout) is > 0 and var queueTimeout
                ? TimeSpan.FromSeconds(queueTimeout)
                : Timeout.InfiniteTimeSpan,
            Overload = result.GetValue(_overload) == "wait" ? OverloadPolicy.Wait : OverloadPolicy.Reject,
            HealthChecks = result.GetValue(_health),
            MaxConnections = result.GetValue(_maxConnections),
            MaxConnectionsPerAddress = result.GetValue(_maxConnectionsPerIp) is > 0 and var perIp ? perIp : null,
            MinDataRate = result.GetValue(_minRate),
            MaxRequestLineBytes = result.GetValue(_maxRequestLine),
            MaxRequestHeadBytes = result.GetValue(_maxRequestHead),
            MaxRequestHeaderCount = result.GetValue(_maxRequestHeaders),
            MaxRequestBodyBytes = result.GetValue(_maxRequestBody),
            KeepAliveTimeout = TimeSpan.FromSeconds(result.GetValue(_keepAliveTimeout)),
            RequestHeadTimeout = TimeSpan.FromSeconds(result.GetValue(_headTimeout)),
            RequestBodyTimeout = TimeSpan.FromSeconds(result.GetValue(_bodyTimeout)),
            ResponseWriteTimeout = TimeSpan.FromSeconds(result.GetValue(_writeTimeout)),
            ShutdownGracePeriod = TimeSpan.FromSeconds(result.GetValue(_grace)),
            DrainDelay = TimeSpan.FromSeconds(result.GetValue(_drainDelay)),
            DrainIdleTimeout = TimeSpan.FromSeconds(result.GetValue(_drainIdle)),
            AcceptLimit = result.GetValue(_exitAfter),
        },
        new StaticFileOptions
        {
            IndexFiles = result.GetValue(_index)!,
            Browse = result.GetValue(_browse),
            SpaFile = Optional(result, _spa),
            DefaultExtension = result.GetValue(_ext),
            ContentTypes = result.GetValue(_mime)!.Select(static item => item.Split('=', 2))
                .GroupBy(static pair => pair[0].TrimStart('.'), static pair => pair[1], StringComparer.OrdinalIgnoreCase)
                .ToDictionary(static types => types.Key, static types => types.Last(), StringComparer.OrdinalIgnoreCase),
            Compress = result.GetValue(_compress),
            CacheControl = result.GetValue(_cache) is { } cache && cache.All(char.IsAsciiDigit) ? $"max-age={cache}" : result.GetValue(_cache),
            Headers = [.. result.GetValue(_header)!.Select(static line => line.Split(':', 2))
                .Select(static pair => new KeyValuePair<string, string>(pair[0].Trim(), pair[1].Trim()))],
            CorsOrigin = Optional(result, _cors),
            AttachmentExtensions = result.GetValue(_attachment)!,
            AuthFile = result.GetValue(_authFile),
            ShowHidden = result.GetValue(_hidden),
            FollowSymlinks = result.GetValue(_followSymlinks),
            CacheBytes = result.GetValue(_cacheBytes),
            MaxCachedFileBytes = result.GetValue(_cacheFileBytes),
            MaxCachedFiles = result.GetValue(_cacheFiles),
        },
        result.GetValue(_demo),
        result.GetValue(_report),
        result.GetValue(_quiet) && _effective!.GoesBefore(_quiet, _logLevel) ? LogLevel.Warning : result.GetValue(_logLevel));

    // A value, what an option without one means, or nothing; false takes back what a lower source says.
    private string? Optional(ParseResult result, Option<string?> option) =>
        !IsGiven(result, option) || result.GetValue(option) == "false" ? null : result.GetValue(option) ?? _implied[option];

    private static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    private static Option<string[]> Several(string name, string what, string description, params string[] standard) => new(name)
    {
        Description = description,
        HelpName = what,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = _ => standard,
    };

    private static void MustBeOneOf(Option<string> option, params string[] choices)
    {
        option.CompletionSources.Add(choices);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !choices.Contains(token.Value, StringComparer.Ordinal))
            {
                result.AddError($"{option.Name} must be {string.Join(" or ", choices)}; '{token.Value}' is not.{Suggestion.For(token.Value, choices)}");
            }
        });
    }

    private static void MustNotBeEmpty(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(static token => token.Value.Length == 0))
        {
            result.AddError($"{option.Name} must not be empty.");
        }
    });

    // A line that is no name and value, a pair that is none.
    private static void MustHave(Option<string[]> option, char separator, string example) => option.Validators.Add(result =>
    {
        if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf(separator, StringComparison.Ordinal) <= 0) is { } token)
        {
            result.AddError($"{option.Name} must be like {example}; '{token.Value}' is not.");
        }
    });

    private static ListenAddress? ParseAddress(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (text.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return new ListenAddress(IPAddress.Loopback, UnixSocketPath: null);
        }

        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            var path = text["unix:".Length..];
            if (path.Length == 0 || Encoding.UTF8.GetByteCount(path) > HttpServerOptions.MaxUnixSocketPathBytes)
            {
                result.AddError($"--address unix:PATH must have a path of 1 to {HttpServerOptions.MaxUnixSocketPathBytes} bytes.");
            }

            return new ListenAddress(Defaults.Address, path);
        }

        // Not 8080, which would be 0.0.31.144.
        if (!IPAddress.TryParse(text, out var address)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != text))
        {
            result.AddError($"--address must be an IPv4 or IPv6 address, localhost, or unix:PATH; '{text}' is none of them.");
            return null;
        }

        return new ListenAddress(address, UnixSocketPath: null);
    }

    private static LogLevel ParseLogLevel(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (!text.All(char.IsAsciiLetter) || !Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level))
        {
            result.AddError($"--log-level must be trace, debug, information, warning, error, critical or none; '{text}' is not.");
            return LogLevel.Information;
        }

        return level;
    }

    private static Option<T> Number<T>(string name, string description, T standard, T lowest, T highest, params string[] aliases)
        where T : struct, IComparable<T>, IParsable<T>
    {
        var option = new Option<T>(name, aliases)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => standard,
        };
        var kind = typeof(T) == typeof(double) ? "" : "a whole number ";
        option.Validators.Add(result =>
        {
            // Not GetValue: in a validator it throws for a text that is no number.
            if (result.Tokens is [var token]
                && (token.Value.Contains(',', StringComparison.Ordinal) // a decimal comma would be taken for a thousands separator
                    || !T.TryParse(token.Value, CultureInfo.InvariantCulture, out var value)
                    || value.CompareTo(lowest) < 0
                    || value.CompareTo(highest) > 0))
            {
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture, $"{name} must be {kind}from {lowest} to {highest}; '{token.Value}' is not."));
            }
        });
        return option;
    }

    private static Option<double> Seconds(string name, string description, TimeSpan standard, bool mayBeZero = false)
    {
        // A million seconds is eleven days: more is a mistake.
        var option = Number(name, description, standard.TotalSeconds, mayBeZero ? 0 : 0.001, 1e6);
        option.HelpName = "SECONDS";
        return option;
    }
}
