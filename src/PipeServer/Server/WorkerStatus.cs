using System.Net;
using PipeServer.Workers;

namespace PipeServer.Server;

/// <summary>What a worker is doing, as it is shown to people who watch the server.</summary>
/// <param name="activity">Its figures.</param>
/// <param name="request">What it runs: a request without its query, or another job in words; null while it is idle.</param>
/// <param name="duration">For how long it has run that: since the request began, where the job has had others before.</param>
/// <param name="client">Whose request it is, where that is known.</param>
internal sealed class WorkerStatus(WorkerActivity activity, string? request, TimeSpan duration, EndPoint? client)
{
    public WorkerActivity Activity => activity;

    public string? Request => request;

    public TimeSpan Duration => duration;

    public EndPoint? Client => client;

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
