using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>
/// What the streams over the server's pipes have in common: no position, and synchronous reads and writes, which hold up a thread, only where the application
/// has allowed them.
/// </summary>
internal abstract class BodyStream(IHttpBodyControlFeature control) : Stream
{
    public sealed override bool CanSeek => false;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    public sealed override int Read(byte[] buffer, int offset, int count)
    {
        ThrowUnless(CanRead);
        ThrowIfAsynchronousOnly("Read");
#pragma warning disable VSTHRD002 // The application has chosen to hold up its thread.
        return ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public sealed override void Write(byte[] buffer, int offset, int count)
    {
        ThrowUnless(CanWrite);
        ThrowIfAsynchronousOnly("Write");
#pragma warning disable VSTHRD002 // As above.
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Reads at least a byte, unless the pipe has ended or none is asked for.</summary>
    /// <exception cref="OperationCanceledException">The read was cancelled; nothing is taken from the pipe.</exception>
    protected static async ValueTask<int> ReadFromAsync(PipeReader reader, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled)
            {
                reader.AdvanceTo(result.Buffer.Start);
                throw new OperationCanceledException("The read was canceled");
            }

            var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
            var part = result.Buffer.Slice(0, count);
            part.CopyTo(buffer.Span);
            reader.AdvanceTo(part.End);
            if (count > 0 || result.IsCompleted || buffer.IsEmpty)
            {
                return count;
            }
        }
    }

    /// <exception cref="InvalidOperationException">The application has not allowed synchronous operations.</exception>
    protected void ThrowIfAsynchronousOnly(string operation)
    {
        if (!control.AllowSynchronousIO)
        {
            throw new InvalidOperationException($"Synchronous operations are disallowed. Call {operation}Async or set AllowSynchronousIO to true instead.");
        }
    }

    private static void ThrowUnless(bool isSupported)
    {
        if (!isSupported)
        {
            throw new NotSupportedException();
        }
    }
}
