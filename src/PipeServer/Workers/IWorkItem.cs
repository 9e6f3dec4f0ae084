namespace PipeServer.Workers;

/// <summary>
/// A job that is an object of its owner's: handing it in needs neither a delegate nor a state machine. <see cref="object.ToString"/> of its
/// description is what reports on stuck workers call it.
/// </summary>
internal interface IWorkItem
{
    /// <summary>What reports call the job, by its <see cref="object.ToString"/>; read from any thread while it waits or runs.</summary>
    object Description { get; }

    /// <summary>The job. On a worker; what it throws is logged as the fault of a job.</summary>
    /// <param name="started">When it begins: a time stamp of the pool's clock, which need not be read again.</param>
    /// <param name="context">The worker's own execution context, in which it is called. It may leave another one behind.</param>
    void Run(long started, ExecutionContext? context);
}
