namespace PipeServer.Workers;

/// <summary>
/// What a <see cref="BoundedThreadPool"/> runs: an object of its owner's, that is handed in again and again, once at a time.
/// </summary>
internal abstract class BoundedWork : IThreadPoolWorkItem
{
    private Action? _continuation; // the rest of an async method, to be run instead
    private int _isQueued; // 1 while the thread pool is to run it

    /// <summary>It holds one of the pool's permits.</summary>
    public bool HasPermit { get; private set; }

    /// <summary>The one that waits behind it; the pool's.</summary>
    public BoundedWork? Next { get; set; }

    /// <summary>Where it is run.</summary>
    public abstract BoundedThreadPool ThreadPool { get; }

    /// <summary>
    /// <c>if (await work.TryContinueOnThreadPool())</c> continues on the thread pool with a permit; where none is to be had, with <c>false</c>, it
    /// continues where it was, or where that has turned out. Allocates nothing.
    /// </summary>
    public ThreadPoolHop TryContinueOnThreadPool() => new(this);

    /// <summary>Gives its permit back, if it has one.</summary>
    public void ReturnPermit()
    {
        if (HasPermit)
        {
            HasPermit = false;
            ThreadPool.Return();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (TryTake())
        {
            Go();
        }
    }

    /// <summary>The rest of an async method is what is run next.</summary>
    public void SetContinuation(Action? continuation) => _continuation = continuation;

    /// <summary>It has a permit, and the thread pool is to run it.</summary>
    public void Grant()
    {
        HasPermit = true;
        Volatile.Write(ref _isQueued, 1);
    }

    /// <summary>It has neither any more; false when the thread pool has come to it meanwhile.</summary>
    public bool TryTakeBack()
    {
        if (!TryTake())
        {
            return false;
        }

        HasPermit = false;
        return true;
    }

    /// <summary>It gets no permit any more: it is run here, to tell so.</summary>
    public void Refuse() => Go();

    /// <summary>The work, on the thread pool; or wherever it is refused, which is what <see cref="HasPermit"/> tells. Never throws.</summary>
    protected abstract void Run();

    private bool TryTake() => Interlocked.Exchange(ref _isQueued, 0) != 0;

    private void Go()
    {
        if (_continuation is { } continuation)
        {
            _continuation = null;
            continuation();
        }
        else
        {
            Run();
        }
    }
}
