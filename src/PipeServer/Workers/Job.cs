namespace PipeServer.Workers;

/// <summary>
/// One entry of the queue: a work item, or a callback with up to two objects, so that no caller needs a closure. Not thread-safe: a place
/// that holds one has one owner at a time.
/// </summary>
internal struct Job
{
    private static readonly Action<object, object?> InvokeAction =
        static (target, _) => ((Action)target)();

    // Alone where there is one: a job moves through the queue at the cost of what it is made of, and to write a reference into the heap costs
    // the collector's barrier.
    private IWorkItem? _item;

    // Calls Action<object?>; a typed callback goes through TypedJob<TState>.Invoke instead.
    private Action<object, object?>? _invoke;
    private object? _target;
    private object? _state; // what the callback is given, if it takes anything; and the description

    private Job(Action<object, object?> invoke, object target, object? state)
    {
        _invoke = invoke;
        _target = target;
        _state = state;
    }

    private Job(IWorkItem item) => _item = item;

    public static Job From(Action action, object? description = null) => new(InvokeAction, action, description);

    public static Job From<TState>(Action<TState> callback, TState state)
        where TState : class =>
        new(TypedJob<TState>.Invoke, callback, state);

    public static Job From(IWorkItem item) => new(item);

    /// <summary>Runs the job.</summary>
    /// <param name="started">When it begins, by the pool's clock.</param>
    /// <param name="context">The worker's own execution context.</param>
    public readonly void Run(long started, ExecutionContext? context)
    {
        if (_item is not null)
        {
            _item.Run(started, context);
        }
        else
        {
            _invoke!(_target!, _state);
        }
    }

    /// <summary>Puts a job into this place, which is empty.</summary>
    public void Set(in Job job)
    {
        if (job._item is not null)
        {
            _item = job._item;
        }
        else
        {
            // One by one: a copy of the whole goes through the runtime's bulk copy, at twice the cost.
            _invoke = job._invoke;
            _target = job._target;
            _state = job._state;
        }
    }

    /// <summary>Moves the job from this place to another, which is empty; this one is empty then.</summary>
    public void MoveTo(ref Job place)
    {
        place.Set(in this);
        Clear();
    }

    /// <summary>Empties this place: what the job held may go.</summary>
    public void Clear()
    {
        // Releases, for readers that look at the place while it is in use: see Worker.
        Volatile.Write(ref _item, null);
        Volatile.Write(ref _invoke, null);
        Volatile.Write(ref _target, null);
        Volatile.Write(ref _state, null);
    }

    /// <summary>What came with this job to describe it, else its callback's method in words.</summary>
    public readonly object Description => _item?.Description ?? _state ?? MethodName();

    /// <summary>What a report calls this job.</summary>
    public readonly string Describe() => Description.ToString() ?? _item?.GetType().Name ?? MethodName();

    public readonly bool IsDescribedBy(object description) => ReferenceEquals(_item is null ? _state : _item.Description, description);

    private readonly string MethodName() => _target is Delegate { Method: var method } ? $"{method.DeclaringType?.Name}.{method.Name}" : "nothing";

    private static class TypedJob<TState>
        where TState : class
    {
        // One delegate per state type for the life of the process: this is what makes the typed hand-in allocation-free.
        public static readonly Action<object, object?> Invoke =
            static (target, state) => ((Action<TState>)target)((TState)state!);
    }
}
