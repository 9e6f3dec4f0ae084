namespace PipeServer.Workers;

/// <summary>Work was handed to a <see cref="WorkerPool"/> that takes no more: it was completed, stopped or disposed.</summary>
public sealed class WorkerPoolStoppedException : InvalidOperationException
{
    /// <summary>Creates the exception with its standard message.</summary>
    public WorkerPoolStoppedException()
        : base("The worker pool is stopping and takes no more jobs: it was completed, stopped or disposed. "
            + "Use TryExecute where that can happen.")
    {
    }

    /// <summary>Creates the exception with another message.</summary>
    public WorkerPoolStoppedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with another message and a cause.</summary>
    public WorkerPoolStoppedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
