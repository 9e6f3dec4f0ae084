using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.StaticFiles;

/// <summary>
/// Keeps to the root's name: looks at short intervals where it leads, and puts another generation in place when that is another tree. As
/// long as it leads nowhere, the last tree goes on being served, and the log says so. Safe for any number of threads.
/// </summary>
internal sealed class ServedRoot : IDisposable
{
    // What is promised is a second from the switch to the first answer of the new tree. Opening it takes a part of that, and a busy machine
    // another. A look is one system call.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(400);

    // A disk that does not answer must not hold every worker.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly RootName _name;
    private readonly Func<RootGeneration> _open;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _looking = new(); // one thread looks; for everything below but reading Current
    private readonly Lock _swapping = new(); // never held over a look at the disk
    private volatile RootGeneration _current;
    private bool _isLost;
    private bool _isDisposed;

    /// <summary>Opens the tree that the name leads to.</summary>
    /// <param name="name">The root's name.</param>
    /// <param name="open">Opens what the name leads to at that time.</param>
    /// <param name="options">For the clock and the log.</param>
    public ServedRoot(RootName name, Func<RootGeneration> open, StaticFileOptions options)
    {
        (_name, _open) = (name, open);
        _logger = GuardedLogger.Around(options.LoggerFactory.CreateLogger("PipeServer.StaticFiles"));
        _current = open();
        _timer = options.TimeProvider.CreateTimer(static root => ((ServedRoot)root!).OnTimer(), this, LookEvery, LookEvery);
    }

    /// <summary>The generation for new requests. It may be retired at any time: enter it to open something.</summary>
    public RootGeneration Current => _current;

    /// <summary>Enters the generation for a new request.</summary>
    /// <param name="generation">The generation, to be left.</param>
    /// <returns>False when nothing is served any more.</returns>
    public bool TryEnter([NotNullWhen(true)] out RootGeneration? generation)
    {
        while (true)
        {
            generation = _current;
            if (generation.TryEnter())
            {
                return true;
            }

            if (generation == _current)
            {
                return false;
            }
        }
    }

    /// <summary>Looks where the name leads right now. May wait for a disk, and for another thread that looks.</summary>
    public void Look() => TryLook(Patience);

    public void Dispose()
    {
        _timer.Dispose();
        lock (_swapping)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _current.Retire();
    }

    private void OnTimer()
    {
        _current.Cached?.Tidy();
        TryLook(TimeSpan.Zero);
    }

    private void TryLook(TimeSpan patience)
    {
        if (!_looking.TryEnter(patience))
        {
            return; // another thread is at it
        }

        var identity = default(FolderIdentity);
        try
        {
            if (!_name.TryIdentify(out identity, out var problem))
            {
                Lose(problem);
            }
            else if (identity != _current.Identity)
            {
                Swap(_open());
            }
            else if (_isLost)
            {
                Find();
            }
        }
#pragma warning disable CA1031 // On a timer's thread a fault ends the process. What is served is as good as before, and the next look may do better.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // If it was switched on meanwhile, what could not be opened does not matter any more.
            if (!_name.TryIdentify(out var now, out _) || now == identity)
            {
                Lose($"leads to what cannot be opened ({exception.Message.TrimEnd('.')})");
            }
        }
        finally
        {
            _looking.Exit();
        }
    }

    private void Swap(RootGeneration next)
    {
        RootGeneration old;
        lock (_swapping)
        {
            old = _current;
            if (!_isDisposed)
            {
                _current = next;
            }
        }

        if (_current != next)
        {
            next.Retire();
            return;
        }

        // Said before the memory of the old one is given back, which takes a while.
        if (_isLost)
        {
            Find();
        }
        else
        {
            Log.RootSwitched(_logger, _name.Full, next.Path);
        }

        old.Retire();
    }

    private void Lose(string problem)
    {
        if (!_isLost)
        {
            _isLost = true;
            Log.RootLost(_logger, _name.Full, problem, _current.Path);
        }
    }

    private void Find()
    {
        _isLost = false;
        Log.RootFound(_logger, _name.Full, _current.Path);
    }
}
