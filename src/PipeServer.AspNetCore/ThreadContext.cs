namespace PipeServer.AspNetCore;

/// <summary>The context that this thread has used last, of whatever application; it is free.</summary>
internal static class ThreadContext
{
    [ThreadStatic]
    public static object? Last;
}
