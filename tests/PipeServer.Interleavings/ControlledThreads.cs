using Microsoft.Coyote.Runtime;

namespace PipeServer.Interleavings;

/// <summary>Threads of which Coyote lets one run at a time, and chooses at each step which.</summary>
internal sealed class ControlledThreads
{
    private readonly List<ulong> _operations = [];
    private readonly List<Exception> _faults = [];

    public void Start(Action body)
    {
        var operation = Operation.CreateNext()!.Value;
        _operations.Add(operation);
        var thread = new Thread(() =>
        {
            try
            {
                Operation.OnStarted(operation);
                RunContained(body);
                Operation.OnCompleted();
                Operation.ScheduleNext();
            }
            catch (ThreadInterruptedException)
            {
                // Coyote ends what is left of a run in this way.
            }
        })
        { IsBackground = true };
        thread.Start();
        Operation.Start(operation);
    }

    /// <summary>Waits for all, also for those that others start meanwhile; throws what one of them threw.</summary>
    public void Join()
    {
        for (var i = 0; i < _operations.Count; i++)
        {
            Operation.PauseUntilCompleted(_operations[i]);
        }

        if (_faults.Count > 0)
        {
            throw new AggregateException(_faults);
        }
    }

    // Whatever it is fails the run, on the thread that joins.
    private void RunContained(Action body)
    {
        try
        {
            body();
        }
#pragma warning disable CA1031 // See above.
        catch (Exception exception) when (exception is not ThreadInterruptedException)
#pragma warning restore CA1031
        {
            _faults.Add(exception);
        }
    }
}
