using System.Net;
using PipeServer.Workers;

namespace PipeServer.Server;

/// <summary>What a worker is doing, as it is shown to people who watch the server.</summary>
/// <param name="Activity">Its figures.</param>
/// <param name="Request">What it runs: a request without its query, or another job in words; null while it is idle.</param>
/// <param name="Duration">For how long it has run that: since the request began, where the job has had others before.</param>
/// <param name="Client">Whose request it is, where that is known.</param>
internal readonly record struct WorkerStatus(WorkerActivity Activity, string? Request, TimeSpan Duration, EndPoint? Client)
{
    /// <summary>Puts what a worker does in words.</summary>
    public static WorkerStatus Of(WorkerActivity activity)
    {
        if (activity.Job is not { } job)
        {
            return new WorkerStatus(activity, null, TimeSpan.Zero, null);
        }

        if (job is not Exchange exchange)
        {
            return new WorkerStatus(activity, InWords(job), activity.Duration, null);
        }

        return exchange.Observe(activity.Name) is { } request
            ? new WorkerStatus(activity, request.Request, request.Duration < activity.Duration ? request.Duration : activity.Duration, request.Client)
            : new WorkerStatus(activity, null, TimeSpan.Zero, null); // a moment ago
    }

    private static string InWords(object job)
    {
        try
        {
            return RequestActivity.WithoutQuery(job.ToString() ?? job.GetType().Name);
        }
#pragma warning disable CA1031 // A user's description; who watches must see the others all the same.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"a job whose description failed ({exception.GetType().Name})";
        }
    }
}
