namespace PipeServer.Workers;

/// <summary>
/// One entry of the job channel: a callback with up to two objects, so that no caller needs a closure.
/// </summary>
internal readonly struct Job
{
    private static readonly Action<object, object?> InvokeAction =
        static (target, _) => ((Action)target)();

    private static readonly Action<object, object?> RunItem =
        static (target, _) => ((IWorkItem)target).Run();

    // Calls Action<object?>; a typed callback goes through TypedJob<TState>.Invoke instead.
    private readonly Action<object, object?> _invoke;
    private readonly object _target;
    private readonly object? _state;
    private readonly object? _description;

    private Job(Action<object, object?> invoke, object target, object? state, object? description)
    {
        _invoke = invoke;
        _target = target;
        _state = state;
        _description = description;
    }

    public static Job From(Action action, object? description = null) =>
        new(InvokeAction, action, state: null, description);

    public static Job From<TState>(Action<TState> callback, TState state)
        where TState : class =>
        new(TypedJob<TState>.Invoke, callback, state, state);

    public static Job From(IWorkItem item) =>
        new(RunItem, item, state: null, item.Description);

    public void Run() => _invoke(_target, _state);

    /// <summary>What a report calls this job: the description that came with it, else the callback's method.</summary>
    public string Describe()
    {
        if (_target is null)
        {
            return "nothing";
        }

        if (_target is not Delegate callback)
        {
            return _description?.ToString() ?? _target.GetType().Name;
        }

        var method = callback.Method;
        var name = $"{method.DeclaringType?.Name}.{method.Name}";
        return _description is null ? name : _description.ToString() ?? name;
    }

    public bool IsDescribedBy(object description) => ReferenceEquals(_description, description);

    private static class TypedJob<TState>
        where TState : class
    {
        // One delegate per state type for the life of the process: this is what makes the typed hand-in allocation-free.
        public static readonly Action<object, object?> Invoke =
            static (target, state) => ((Action<TState>)target)((TState)state!);
    }
}
