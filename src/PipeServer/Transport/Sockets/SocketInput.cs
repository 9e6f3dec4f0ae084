using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Pipelines.Sockets.Unofficial;

namespace PipeServer.Transport.Sockets;

/// <summary>The package's input, with the errors that <see cref="TransportConnection.Input"/> promises. A read that waits allocates nothing.</summary>
internal sealed class SocketInput : PipeReader, IValueTaskSource<ReadResult>
{
    private readonly SocketConnection _connection;
    private readonly PipeReader _pipe;
    private readonly Action _onRead;
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _pending;
    private ManualResetValueTaskSourceCore<ReadResult> _read;

    public SocketInput(SocketConnection connection, PipeReader pipe)
    {
        _connection = connection;
        _pipe = pipe;
        _onRead = OnRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => _pipe.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _pipe.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => _pipe.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _pipe.Complete(exception);

    public override bool TryRead(out ReadResult result)
    {
        try
        {
            return _pipe.TryRead(out result);
        }
        catch (Exception exception) when (IsOfThePackage(exception))
        {
            throw _connection.Translate(exception);
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<ReadResult> read;
        try
        {
            read = _pipe.ReadAsync(cancellationToken);
        }
        catch (Exception exception) when (IsOfThePackage(exception))
        {
            // Not by the task: a pipe whose writer has failed already says so at once.
            return ValueTask.FromException<ReadResult>(_connection.Translate(exception));
        }

        if (read.IsCompletedSuccessfully)
        {
            return read;
        }

        _read.Reset();
        var token = _read.Version;
        _pending = read.ConfigureAwait(false).GetAwaiter();
        _pending.UnsafeOnCompleted(_onRead);
        return new ValueTask<ReadResult>(this, token);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private static bool IsOfThePackage(Exception exception) => exception is ConnectionAbortedException or SocketException;

    private void OnRead()
    {
        ReadResult result;
        try
        {
#pragma warning disable VSTHRD002 // It has completed.
            result = _pending.GetResult();
#pragma warning restore VSTHRD002
        }
#pragma warning disable CA1031 // Every error goes to the code that awaits the read.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _read.SetException(IsOfThePackage(exception) ? _connection.Translate(exception) : exception);
            return;
        }

        _read.SetResult(result);
    }
}
