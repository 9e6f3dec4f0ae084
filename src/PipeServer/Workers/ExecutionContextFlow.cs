namespace PipeServer.Workers;

/// <summary>
/// For the safe <c>OnCompleted</c> of our awaiters: the compiler's async methods use <c>UnsafeOnCompleted</c> and carry
/// their own context, other callers expect theirs to flow.
/// </summary>
internal static class ExecutionContextFlow
{
    public static Action Capture(Action continuation)
    {
        var context = ExecutionContext.Capture();
        return context is null
            ? continuation
            : () => ExecutionContext.Run(context, static state => ((Action)state!)(), continuation);
    }
}
