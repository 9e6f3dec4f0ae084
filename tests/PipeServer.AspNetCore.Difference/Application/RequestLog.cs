using System.Collections.Concurrent;

namespace Difference.Application;

/// <summary>What happened to a request after its answer, or without one; by the name that the request gave itself.</summary>
internal sealed class RequestLog
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _entries = new(StringComparer.Ordinal);

    /// <summary>Says what happened; the first word counts.</summary>
    public void Say(string name, string what) => Entry(name).TrySetResult(what);

    /// <summary>Waits until it has happened; "nothing heard" where that takes too long.</summary>
    public async Task<string> HearAsync(string name)
    {
        try
        {
            return await Entry(name).Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            return "nothing heard";
        }
    }

    private TaskCompletionSource<string> Entry(string name) =>
        _entries.GetOrAdd(name, static _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
}
