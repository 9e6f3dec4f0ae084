using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server.Http1;

/// <summary>
/// An HTTP/1 connection as far as its exchange goes, which it holds from the first bytes of a request until all is answered and it waits for the
/// next one. <see cref="ExchangePool"/> has the others.
/// </summary>
internal abstract class ExchangeHolder : Connection
{
    private readonly ExchangePool _exchanges;
    private Http1Exchange? _exchange;

    protected ExchangeHolder(ServerContext server, ExchangePool exchanges)
        : base(server)
    {
        _exchanges = exchanges;
        Pipeline = server.Pipeline;
    }

    /// <summary>What the connection runs in, and so every handler; null where that is the default.</summary>
    public ExecutionContext? Context { get; private set; }

    /// <summary>True when what the last handler has left behind may still use the connection that has ended: it serves no other client.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The way of every request.</summary>
    protected RequestPipeline Pipeline { get; }

    /// <summary>What the last handler has begun with its request goes on, so that nobody else may get it.</summary>
    protected virtual bool IsExchangeInUse => _exchange is { RequestBody.IsReadLeft: true };

    /// <summary>The request in progress. For code that runs while there is one.</summary>
    protected Http1Exchange Exchange => _exchange!;

    /// <summary>Its head.</summary>
    protected RequestHead Head => _exchange!.Head;

    public override void Attach(TransportConnection transport, long id)
    {
        base.Attach(transport, id);
        Context = ExecutionContext.Capture();
    }

    public override void Detach()
    {
        Context = null;
        if (_exchange is not { } exchange)
        {
            return;
        }

        if (IsExchangeInUse)
        {
            // Its read may be about to end, and needs the connection for that. What is written from now on has nowhere to go.
            IsLost = true;
            exchange.ResponseBody.Complete();
            Abandon();
            return;
        }

        exchange.Head.Reset();
        exchange.Reset();
        exchange.Synchronous.Reset();
        GiveBack(exchange);
    }

    public override RequestMethod? MethodInProgress
    {
        get
        {
            if (State is not (ConnectionState.Handling or ConnectionState.Switched) || _exchange is not { Head: var head })
            {
                return null;
            }

            // In the other order than a head is reset: one that is empty by now has no method.
            var method = head.Method;
            return head.ByteLength > 0 ? method : null;
        }
    }

    public override void Abandon() => _exchange?.Lose();

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) =>
        descriptions.Add(State is ConnectionState.Handling or ConnectionState.Switched
            ? RequestDescription.Of(_exchange, Server, OldestRequestStarted)
            : RequestDescription.NotArrived);

    /// <summary>All is answered and flushed: the connection waits for its client, and has no exchange any more.</summary>
    public void BeginWaiting()
    {
        State = ConnectionState.Idle;
        Deadlines.SetRead(Server.Options.KeepAliveTimeout);
        GiveBack(_exchange!);
    }

    /// <summary>The same where only part of a request may be here, or nothing.</summary>
    protected void BeginRead()
    {
        if (State == ConnectionState.ReadingHead || _exchange is not { } exchange)
        {
            return;
        }

        exchange.Head.Reset(); // it may have seen empty lines, which are read again
        if (State == ConnectionState.Handling)
        {
            BeginWaiting();
        }
        else
        {
            GiveBack(exchange);
        }
    }

    /// <summary>A read has ended: there is an exchange from now on. See <see cref="SynchronousLoop.TakeOver"/>.</summary>
    protected NextStep? TakeOver() => (_exchange ?? Take(_exchanges.Rent())).Synchronous.TakeOver();

    /// <summary>The same while there is none, on a thread that offers bytes to consumers.</summary>
    protected Http1Exchange TakeOwn() => Take(_exchanges.RentOwn());

    private Http1Exchange Take(Http1Exchange exchange)
    {
        exchange.Attach((Http1Connection)this);
        return _exchange = exchange;
    }

    // The last thing that is done with it: from then on it may be another connection's.
    private void GiveBack(Http1Exchange exchange)
    {
        _exchange = null;
        exchange.Release();
        if (exchange.RequestBody.IsReadLeft)
        {
            exchange.Lose();
        }
        else
        {
            _exchanges.Return(exchange);
        }
    }
}
