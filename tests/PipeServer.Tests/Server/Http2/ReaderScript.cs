using System.Buffers;
using System.IO.Pipelines;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Random steps on a body and on the framework's pipe, which must have the same results.</summary>
internal sealed class ReaderScript(BodyHost host, Pipe pipe, Random random)
{
    private readonly byte[] _data = new byte[20_000];
    private ValueTask<ReadResult>? _pending; // and no task, which would take its result at a time of its own
    private ValueTask<ReadResult>? _pendingOfPipe;
    private long _examined; // of what is not consumed
    private bool _hasEnded;
    private byte _next;

    public async Task RunAsync()
    {
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(10))
            {
                case < 4 when !_hasEnded:
                    Write();
                    break;
                case 4 when !_hasEnded && step > 30:
                    _hasEnded = true;
                    host.Receive([], 0, endsStream: true);
                    await pipe.Writer.CompleteAsync();
                    break;
                case 5 when random.Next(4) == 0:
                    host.Body.CancelPendingRead();
                    pipe.Reader.CancelPendingRead();
                    break;
                default:
                    await ReadAsync();
                    break;
            }
        }
    }

    private void Write()
    {
        var length = random.Next(3) switch { 0 => random.Next(1, 4), 1 => random.Next(1, 5000), _ => random.Next(1, _data.Length) };
        for (var i = 0; i < length; i++)
        {
            _data[i] = _next++;
        }

        if (host.Receive(_data[..length], length) == DataVerdict.Taken)
        {
            pipe.Writer.Write(_data.AsSpan(0, length));
#pragma warning disable CA2012 // Without a pause threshold a flush of this pipe never waits.
            Assert.True(pipe.Writer.FlushAsync().IsCompleted);
#pragma warning restore CA2012
        }

        host.Body.TakeWindowUpdate();
        host.Window.TakeUpdate();
    }

    private async Task ReadAsync()
    {
        if (_pending is null)
        {
#pragma warning disable CA2012 // Each is awaited once, when both are complete.
            _pending = host.Body.ReadAsync();
            _pendingOfPipe = pipe.Reader.ReadAsync();
#pragma warning restore CA2012
        }

        Assert.Equal(_pendingOfPipe!.Value.IsCompleted, _pending.Value.IsCompleted);
        Assert.NotEqual(_pending.Value.IsCompleted, host.Body.IsWaiting);
        if (host.Body.IsWaiting)
        {
            return;
        }

        var (read, other) = (await _pending.Value, await _pendingOfPipe.Value);
        (_pending, _pendingOfPipe) = (null, null);
        Assert.Equal((other.IsCanceled, other.IsCompleted, other.Buffer.Length), (read.IsCanceled, read.IsCompleted, read.Buffer.Length));
        Assert.True(read.Buffer.ToArray().AsSpan().SequenceEqual(other.Buffer.ToArray()));
        var consumed = random.Next(4) == 0 ? read.Buffer.Length : random.NextInt64(read.Buffer.Length + 1);
        var least = Math.Max(consumed, _examined); // the pipe wants that
        var examined = random.Next(3) switch { 0 => read.Buffer.Length, 1 => least, _ => random.NextInt64(least, read.Buffer.Length + 1) };
        _examined = examined - consumed;
        host.Body.AdvanceTo(read.Buffer.GetPosition(consumed), read.Buffer.GetPosition(examined));
        pipe.Reader.AdvanceTo(other.Buffer.GetPosition(consumed), other.Buffer.GetPosition(examined));
    }
}
