using Microsoft.Coyote.Runtime;

namespace PipeServer.Workers;

/// <summary>Stands in for the runtime's lock: to enter it is a step, and who finds it held is paused.</summary>
internal sealed class Lock
{
    private bool _isHeld;

    public void Enter()
    {
        SchedulingPoint.Interleave();
        if (_isHeld)
        {
            Operation.PauseUntil(() => !_isHeld);
        }

        _isHeld = true;
    }

    public void Exit() => _isHeld = false;
}
