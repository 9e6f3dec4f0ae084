using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Http;
using PipeServer.Server;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What a body is told by its stream, without one: a clock that goes when told to, and a count of the signals.</summary>
internal sealed class BodyHost : IBodyHost
{
    private int _signals;

    public BodyHost()
    {
        Heartbeat = new Heartbeat(Clock, Clock, new ConnectionManager(), NullLogger.Instance, ServerFields.Default);
        Window.Start(FlowControl.ConnectionWindow);
        Window.TakeUpdate();
        Body = new Http2RequestBody(this);
        Body.Start(hasBody: true, contentLength: -1, expectsContinue: false);
    }

    public ManualTimeProvider Clock { get; } = new();

    public Http2RequestBody Body { get; }

    public long MaxBodyBytes { get; set; } = long.MaxValue;

    public int MinBodyDataRate { get; set; }

    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    public Heartbeat Heartbeat { get; }

    public ConnectionWindow Window { get; } = new();

    public int Signals => Volatile.Read(ref _signals);

    /// <summary>What the connection's window lacks: what is unread.</summary>
    public int Unread => FlowControl.ConnectionWindow - Window.Left - Window.Released;

    public void Signal() => Interlocked.Increment(ref _signals);

    /// <summary>A DATA frame without padding.</summary>
    public DataVerdict Receive(string text, bool endsStream = false)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        return Receive(bytes, bytes.Length, endsStream);
    }

    public DataVerdict Receive(byte[] data, int flowBytes, bool endsStream = false)
    {
        Assert.True(Window.TryTake(flowBytes), "the connection's window");
        return Body.Receive(data, flowBytes, endsStream);
    }
}
