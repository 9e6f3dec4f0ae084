using PipeServer.Cli.Reload;
using PipeServer.Cli.Upgrade;

namespace PipeServer.Cli.Admin;

/// <summary>What the admin side is told of the program, and what it can have it do. Members may be used from any thread.</summary>
/// <param name="describe">
/// Gives each option with its value and its source, secrets hidden. Asked at each request, so that a reload can change the answer.
/// </param>
/// <param name="drain">Begins the graceful stop. Called at most once; must not wait.</param>
/// <param name="reload">Reads the configuration again. Called once at a time; must not wait.</param>
/// <param name="upgrade">Starts the program anew in this one's place. Must not wait.</param>
internal sealed class AdminControls(
    Func<IEnumerable<OptionValue>> describe, Action drain, Func<Task<ReloadOutcome>> reload, Func<Task<UpgradeOutcome>> upgrade)
{
    private readonly Lock _gate = new();
    private ServingPhase _phase;
    private bool _isReloading;

    /// <summary>How far the public side is.</summary>
    public ServingPhase Phase
    {
        get
        {
            lock (_gate)
            {
                return _phase;
            }
        }
    }

    /// <summary>Tells how far the public side is now. It never goes back.</summary>
    public void Advance(ServingPhase phase)
    {
        lock (_gate)
        {
            _phase = phase > _phase ? phase : _phase;
        }
    }

    /// <summary>Each option with its value and its source.</summary>
    public IEnumerable<OptionValue> Describe() => describe();

    /// <summary>Starts the program anew in this one's place.</summary>
    /// <returns>What came of it, once that is known.</returns>
    public Task<UpgradeOutcome> UpgradeAsync() => upgrade();

    /// <summary>Begins the stop.</summary>
    /// <returns>False where one had begun before; nothing is done then.</returns>
    public bool TryDrain()
    {
        lock (_gate)
        {
            if (_phase == ServingPhase.Draining)
            {
                return false;
            }

            _phase = ServingPhase.Draining;
        }

        drain();
        return true;
    }

    /// <summary>Reads the configuration again.</summary>
    /// <returns>What came of it; null where it cannot be done now, because another one is under way or the server stops.</returns>
    public async Task<ReloadOutcome?> TryReloadAsync()
    {
        lock (_gate)
        {
            if (_isReloading || _phase == ServingPhase.Draining)
            {
                return null;
            }

            _isReloading = true;
        }

        try
        {
            return await reload().ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _isReloading = false;
            }
        }
    }
}
