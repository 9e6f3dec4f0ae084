using Microsoft.AspNetCore.SignalR;

namespace DrainApplication;

/// <summary>Work by SignalR.</summary>
internal sealed class WorkHub(WorkLedger ledger) : Hub
{
    public Task<long> Do(long id, int milliseconds) => ledger.DoAsync(id, milliseconds);
}
