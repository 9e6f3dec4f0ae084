using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using PipeServer.Transport.Sockets;

namespace PipeServer.Cli;

/// <summary>
/// The command line: its options, their ranges, their help, and the way from them to <see cref="ServeSettings"/>.
/// </summary>
internal sealed class CommandLine
{
    private static readonly HttpServerOptions Defaults = new();

    private readonly Argument<string> _root = new("ROOT")
    {
        Description = "The folder to serve.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "wwwroot",
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
    }.AcceptOnlyFromAmong("epoll", "sockets");

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
    }.AcceptOnlyFromAmong("reject", "wait");

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

    private readonly RootCommand _command;

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
        _root.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError("ROOT must not be empty.");
            }
            else if (result.Tokens is [{ Value: ['-', ..] } token])
            {
                result.AddError($"There is no option '{token.Value}'. A folder of that name would be './{token.Value}'.");
            }
        });
        _report.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError("--report must not be empty.");
            }
        });
        var command = new Command(
            "serve",
            "Serve a folder over HTTP/1.1 until SIGINT, SIGTERM or SIGQUIT, then finish what is in flight.\n\n"
            + "A second signal stops at once; SIGHUP is ignored. Exit codes: 0 drained, 1 could not start, 2 forced\n"
            + "by a second signal, 3 the grace period passed with work unfinished. Under systemd: Type=notify,\n"
            + "WatchdogSec and socket activation.");
        command.Arguments.Add(_root);
        foreach (var option in new Option[]
        {
            _address, _port, _reusePort, _transport, _loops, _workers, _queue, _queueTimeout, _overload, _health, _demo, _exitAfter,
            _grace, _drainDelay, _drainIdle, _report, _logLevel, _quiet, _maxConnections, _maxConnectionsPerIp, _backlog,
            _maxRequestLine, _maxRequestHead, _maxRequestHeaders, _maxRequestBody,
            _keepAliveTimeout, _headTimeout, _bodyTimeout, _writeTimeout, _minRate,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction((result, _) => result.GetValue(_maxRequestHead) < result.GetValue(_maxRequestLine)
            ? FailAsync("--max-request-head must not be below --max-request-line, which is a part of it.")
            : serve(Read(result)));
        _command = new RootCommand("PipeServer: a multithreaded HTTP/1.1 server with a bounded worker pool and graceful stop.")
        {
            command,
        };
    }

    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code; <see cref="ExitCode.CouldNotStart"/> for a bad command line, with one line on standard error.</returns>
    public async Task<int> InvokeAsync(IReadOnlyList<string> args)
    {
        var result = _command.Parse(args);
        if (result.Errors.Count > 0)
        {
            // Suggestions come on lines of their own.
            var lines = result.Errors[0].Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var message = lines.Length == 1 ? lines[0] : $"{lines[0]} {string.Join(", ", lines[1..])}";
            return await FailAsync(message).ConfigureAwait(false);
        }

        // Our own signal handlers drain; the library's would end the process.
        return await result.InvokeAsync(new InvocationConfiguration
        {
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        }).ConfigureAwait(false);
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(
            $"pipeserver: {message.TrimEnd('.')}. See 'pipeserver serve --help'.").ConfigureAwait(false);
        return ExitCode.CouldNotStart;
    }

    private ServeSettings Read(ParseResult result) => new(
        result.GetValue(_root)!,
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
        result.GetValue(_demo),
        result.GetValue(_report),
        result.GetValue(_quiet) ? LogLevel.Warning : result.GetValue(_logLevel));

    private static ListenAddress? ParseAddress(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (text == "localhost")
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

        if (!IPAddress.TryParse(text, out var address))
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
                    CultureInfo.InvariantCulture, $"{name} must be from {lowest} to {highest}; '{token.Value}' is not."));
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
