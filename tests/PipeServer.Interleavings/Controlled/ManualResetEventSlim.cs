using Microsoft.Coyote.Runtime;

namespace PipeServer.Workers;

/// <summary>Stands in for the runtime's event.</summary>
internal sealed class ManualResetEventSlim
{
    private bool _isSet;

    public ManualResetEventSlim(bool initialState = false, int spinCount = 0)
    {
        _isSet = initialState;
        _ = spinCount;
    }

    public void Set()
    {
        SchedulingPoint.Interleave();
        _isSet = true;
    }

    public void Reset()
    {
        SchedulingPoint.Interleave();
        _isSet = false;
    }

    public void Wait()
    {
        SchedulingPoint.Interleave();
        Operation.PauseUntil(() => _isSet);
    }
}
