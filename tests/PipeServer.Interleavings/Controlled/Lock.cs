using Microsoft.Coyote.Runtime;

namespace PipeServer.Workers;

/// <summary>Stands in for the runtime's lock: to enter it is a step, and who finds it held is paused.</summary>
internal sealed class Lock
{
    private bool _isHeld;

    public Scope EnterScope()
    {
        SchedulingPoint.Interleave();
        if (_isHeld)
        {
            Operation.PauseUntil(() => !_isHeld);
        }

        _isHeld = true;
        return new Scope(this);
    }

    public readonly ref struct Scope(Lock held)
    {
        public void Dispose() => held._isHeld = false;
    }
}
