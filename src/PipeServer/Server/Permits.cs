namespace PipeServer.Server;

/// <summary>So many may be out at once, and how many can change meanwhile. Thread-safe.</summary>
/// <param name="count">How many there are.</param>
#pragma warning disable CA1001 // The semaphore holds nothing to dispose of: its WaitHandle is never asked for.
internal sealed class Permits(int count)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _free = new(count);
    private readonly Lock _changing = new();
    private int _count = count;
    private int _surplus; // how many of those that are out do not come back: there are fewer now

    /// <summary>Takes one if there is one.</summary>
    public bool TryTake() => _free.Wait(0, CancellationToken.None);

    /// <summary>Takes one as soon as there is one.</summary>
    /// <exception cref="OperationCanceledException">None was taken.</exception>
    public Task TakeAsync(CancellationToken cancellationToken) => _free.WaitAsync(cancellationToken);

    /// <summary>Gives one back.</summary>
    public void Return()
    {
        if (Volatile.Read(ref _surplus) == 0 || TakeOff(1) == 0)
        {
            _free.Release();
        }
    }

    /// <summary>Changes how many there are. Where more are out than that, none is given out until fewer are.</summary>
    public void Resize(int count)
    {
        lock (_changing)
        {
            var more = count - _count;
            _count = count;
            if (more > 0)
            {
                more -= TakeOff(more);
                if (more > 0)
                {
                    _free.Release(more);
                }

                return;
            }

            Interlocked.Add(ref _surplus, -more);
            while (Volatile.Read(ref _surplus) > 0 && TryTake())
            {
                Return();
            }
        }
    }

    // Makes the surplus smaller, by so much at most; tells by how much.
    private int TakeOff(int most)
    {
        while (true)
        {
            var surplus = Volatile.Read(ref _surplus);
            var part = Math.Min(surplus, most);
            if (part == 0 || Interlocked.CompareExchange(ref _surplus, surplus - part, surplus) == surplus)
            {
                return part;
            }
        }
    }
}
