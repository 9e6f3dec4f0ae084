using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// The part of an upgrade in the life of <see cref="ServeCommand"/>: taking the place of the process before this one, where there is one, and leaving it to
/// another. Used by the command alone, but for the signal.
/// </summary>
internal sealed class Succession : IDisposable
{
    private readonly Predecessor? _predecessor;
    private readonly Func<IReadOnlyList<HttpServer>> _servers;
    private readonly ServeSettings _settings;
    private readonly ILogger _logger;
    private readonly PidFile? _pidFile;
    private readonly PosixSignalRegistration? _signal;
    private readonly Lock _gate = new();
    private bool _hasEnded;

    /// <summary>To be made before the server listens: a signal in between must not end the process.</summary>
    /// <param name="predecessor">The process before this one, or null.</param>
    /// <param name="start">How this process was started; null where that is not known.</param>
    /// <param name="servers">The servers, the public one first. Asked once they run.</param>
    /// <param name="settings">The settings of the start.</param>
    /// <param name="current">Those in force.</param>
    /// <param name="systemd">Is told who is the main process.</param>
    /// <param name="logger">Gets the lines.</param>
    public Succession(
        Predecessor? predecessor,
        ProgramStart? start,
        Func<IReadOnlyList<HttpServer>> servers,
        ServeSettings settings,
        Func<ServeSettings> current,
        Systemd systemd,
        ILogger logger)
    {
        (_predecessor, _servers, _settings, _logger) = (predecessor, servers, settings, logger);
        _pidFile = settings.PidFilePath is { } path ? new PidFile(path) : null;
        Upgrader = new Upgrader(start, servers, predecessor?.Sockets ?? Systemd.PassedSockets(), systemd, _pidFile, current, logger);
        _signal = OperatingSystem.IsLinux()
            ? PosixSignalRegistration.Create((PosixSignal)SignalRelay.SIGUSR2, context =>
            {
                context.Cancel = true;
                Begin();
            })
            : null;
    }

    /// <summary>Starts another process in this one's place.</summary>
    public Upgrader Upgrader { get; }

    /// <summary>Another process serves; this one only finishes what it has.</summary>
    public bool IsHandedOver => Upgrader.HandedOver.IsCompleted;

    /// <summary>What SIGUSR2 does. Neither waits nor throws.</summary>
    public void Begin()
    {
        try
        {
            _ = Upgrader.UpgradeAsync();
        }
        catch (OutOfMemoryException)
        {
            // This may be the runtime's signal thread, where it would end the process, which serves as well as before.
        }
    }

    /// <summary>
    /// The servers accept: waits until this process is the one that serves. Once it is alone it can be upgraded itself, and the PID file says so.
    /// </summary>
    /// <returns>False where the process before this one has thought better of it: this one is to stop.</returns>
    public async Task<bool> TakeOverAsync()
    {
        if (_predecessor is not null)
        {
            var endpoints = _settings.Options.Endpoints.Concat(_settings.Admin.Address is { Endpoint: var admin } ? [admin] : []);
            if (!await _predecessor.ReadyAsync(endpoints.SelectMany(static endpoint => endpoint.HandedOver), EndSharing).ConfigureAwait(false))
            {
                return false;
            }

            CliLog.TookOver(_logger, _predecessor.Id);
            return true;
        }

        BeAlone();
        return true;
    }

    /// <summary>The service manager knows it: so is the process before this one to.</summary>
    public void TellServing() => _predecessor?.TellServing();

    /// <inheritdoc/>
    public void Dispose()
    {
        // The signal is not given back: one that comes now must not end the process in another way than the others.
        GC.KeepAlive(_signal);
        lock (_gate)
        {
            _hasEnded = true;
            _pidFile?.Remove();
        }
    }

    private void EndSharing()
    {
        foreach (var server in _servers())
        {
            server.SharesListeningSockets = false;
        }

        BeAlone();
    }

    private void BeAlone()
    {
        Upgrader.Open();
        lock (_gate)
        {
            if (!_hasEnded && _pidFile?.Write() is { } problem)
            {
                CliLog.PidFileNotWritten(_logger, _pidFile.Path, problem);
            }
        }
    }
}
