using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Admin;
using PipeServer.Cli.Tls;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.Reload;

/// <summary>
/// What the program serves by, and how another configuration takes its place: all of it is read, checked and opened first, and then
/// exchanged. Used by one thread at a time, but for <see cref="Current"/>.
/// </summary>
/// <param name="initial">The settings that the program was started with.</param>
/// <param name="files">The handler of the files.</param>
/// <param name="server">The server.</param>
/// <param name="accessLog">The access log, or null.</param>
/// <param name="streams">Where lines go.</param>
/// <param name="loggers">What makes the lines of the log.</param>
/// <param name="guard">Gives who stands in front of the admin side, or null while there is none.</param>
internal sealed class LiveConfiguration(
    ServeSettings initial,
    StaticFileHandler files,
    HttpServer server,
    CurrentAccessLog? accessLog,
    StandardStreams streams,
    LineLoggerFactory loggers,
    Func<AdminGuard?> guard)
{
    private const string ErrorPage = "50x.html";

    private readonly ServeSettings _start = initial;
    private volatile ServeSettings _current = initial;
    private IReadOnlyDictionary<string, string>? _values; // of the options in force; null before the first reload

    /// <summary>The settings in force; what cannot change is as it was at the start. From any thread.</summary>
    public ServeSettings Current => _current;

    /// <summary>Reads everything again that the settings come from, checks it as <c>pipeserver check</c> does, and opens what it names.</summary>
    /// <param name="next">The configuration, to be put in force or dropped before the next one is prepared; null where there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryPrepare(out PreparedConfiguration? next)
    {
        next = null;
        ServeSettings settings;
        try
        {
            if (FindUnreadable("--config", _start.ConfigPath) is { } unreadable)
            {
                return unreadable;
            }

            settings = _start.ReadAgain();
        }
        catch (ConfigurationException exception)
        {
            return exception.Message;
        }

        var before = _values ??= Values(_start);
        var values = Values(settings);
        var different = values.Keys.Where(name => before.GetValueOrDefault(name) != values[name]).ToList();
        var kept = different.FindAll(name => !ChangeableOptions.Contains(name, _start));
        different.RemoveAll(kept.Contains);
        if ((FindUnreadable("--auth-file", settings.Files.AuthFile) ?? FindUnreadable("--admin-auth-file", settings.Admin.AuthFile)) is { } unreadableUsers)
        {
            return unreadableUsers;
        }

        Keep(settings);
        if (settings.TryOpen(passed: null, out var opened, files, _current) is { } problem)
        {
            return problem;
        }

        settings.AccessLogPath = accessLog is null ? null : settings.AccessLogPath; // checked, but not begun
        AccessLogTarget? target = null;
        if (accessLog?.TryPrepare(settings, out target) is { } unwritable)
        {
            opened!.Dispose();
            return unwritable;
        }

        if (files.HasOtherUsers(opened!) && !different.Contains("--auth-file"))
        {
            different.Add("--auth-file");
        }

        if (guard() is { } admin && !BasicAuthentication.HaveSameUsers(admin.Users, settings.Admin.Users) && !different.Contains("--admin-auth-file"))
        {
            different.Add("--admin-auth-file");
        }

        if (!files.ServerErrorPage.Span.SequenceEqual(opened!.ServerErrorPage.Span))
        {
            different.Add(ErrorPage);
        }

        if (_current.Tls.Material is { } material)
        {
            different.AddRange(settings.Tls.Material!.ChangedOptions(material).Where(name => !different.Contains(name)).ToList());
        }

        foreach (var name in kept)
        {
            values[name] = before[name];
        }

        next = new PreparedConfiguration(settings, opened, target, values, new ReloadOutcome(null, different, kept));
        return null;
    }

    /// <summary>
    /// Puts a prepared configuration in force. Waits for nothing; the server must run. Where the server refuses it, because it does not go together
    /// with what cannot change, it is dropped.
    /// </summary>
    public ReloadOutcome Commit(PreparedConfiguration next)
    {
        var settings = next.Settings;
        try
        {
            server.Reload(settings.Options);
        }
        catch (Exception exception)
        {
            next.Drop();
            if (exception is ArgumentException)
            {
                return new ReloadOutcome(settings.Explain(exception), [], []);
            }

            throw;
        }

        if (settings.Tls is { Set: not null, Material: { } material })
        {
            settings.Tls.Commit(material);
        }

        files.TakeOver(next.Files);
        accessLog?.Change(settings, next.AccessLog);
        if (guard() is { } admin)
        {
            admin.Users = settings.Admin.Users;
        }

        loggers.Change(settings.LogLevel, settings.LogFormat);
        streams.UseFormat(settings.LogFormat, isForAll: settings.LogFormat is not TimedLineFormat);
        _values = next.Values;
        var describe = settings.Describe;
        settings.Describe = () => Joined(describe());
        _current = settings;
        return next.Outcome;
    }

    /// <summary>
    /// Reads the files of TLS again, and nothing else, and puts what is in them in force, for handshakes from then on. Not while a configuration is
    /// prepared.
    /// </summary>
    /// <param name="material">What is in force now; null where there is a problem.</param>
    /// <returns>What is wrong, with the way out, and nothing has changed; null when nothing is.</returns>
    public string? RefreshTls(out TlsMaterial? material)
    {
        var settings = _current;
        var tls = settings.Tls;
        if (tls.TryReadAgain(out material) is { } problem)
        {
            return problem;
        }

        if (!material!.TicketsAreSameAs(tls.Material!))
        {
            settings.Options.Tls = tls.ToOptions(material);
            server.Reload(settings.Options);
        }

        tls.Commit(material);
        return null;
    }

    private static Dictionary<string, string> Values(ServeSettings settings) =>
        settings.Values().ToDictionary(static item => item.Name, static item => item.Value, StringComparer.Ordinal);

    // What is a pipe or a terminal was read at the start, and another open would wait for a writer, perhaps for ever.
    private static string? FindUnreadable(string option, string? path) =>
        path is null || !FileCalls.AreSupported || FileCalls.TypeOf(path) is 0 or FileCalls.IFREG || Directory.Exists(path)
            ? null
            : $"{option} {path}: this is no file, and cannot be read twice. Name a file.";

    // What a reload cannot change and the rest depends on.
    private void Keep(ServeSettings settings)
    {
        settings.Options.LoggerFactory = settings.Files.LoggerFactory = loggers;
        settings.Files.TimeProvider = _start.Files.TimeProvider;
        settings.Admin.Place = _start.Admin.Place;
        if (!ChangeableOptions.Contains("--base-path", _start))
        {
            settings.Files.BasePath = _start.Files.BasePath;
        }
    }

    // In the order of the new one, with the lines of the start for what has kept its value.
    private IEnumerable<OptionValue> Joined(IEnumerable<OptionValue> lines)
    {
        var first = _start.Describe().ToDictionary(static line => line.Name, StringComparer.Ordinal);
        return lines.Select(line => ChangeableOptions.Contains(line.Name, _start) ? line : first[line.Name]);
    }
}
