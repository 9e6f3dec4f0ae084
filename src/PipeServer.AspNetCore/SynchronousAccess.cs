using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>Synchronous reads and writes of body streams hold up a thread: only where the application has allowed them.</summary>
internal static class SynchronousAccess
{
    /// <exception cref="InvalidOperationException">They are not allowed.</exception>
    public static void Check(IHttpBodyControlFeature control, string operation)
    {
        if (!control.AllowSynchronousIO)
        {
            throw new InvalidOperationException($"Synchronous operations are disallowed. Call {operation}Async or set AllowSynchronousIO to true instead.");
        }
    }
}
