using System.IO.Pipelines;

namespace PipeServer.Transport.Epoll;

/// <summary>The read of an <see cref="EpollInput"/> as its parking sees it.</summary>
internal readonly struct ParkedRead(EpollInput input, EpollConnection connection) : IParkedOperation<ReadResult>
{
    public bool IsAborted => connection.IsAborted;

    public bool TryComplete() => input.TryComplete();

    public ReadResult TakeResult() => input.TakeResult();

    public void OnSignal() => input.ExpectMore();

    public bool TryGoOn(ReceiveBlock? loop) => input.TryOffer(loop);

    public void OnCanceled()
    {
        // A read that is given up has taken nothing.
    }

    public void OnParking()
    {
        connection.Watch();
        input.ReturnIfEmpty();
    }

    public bool EndTurn() => input.EndTurn();

    public void Yield() => connection.Wake();
}
