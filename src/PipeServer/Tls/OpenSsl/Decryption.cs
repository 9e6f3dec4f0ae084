using System.Runtime.CompilerServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// What has come from a client, as far as it is decrypted, and how it has ended. A mutable struct: it must be a field. Of the thread that reads.
/// </summary>
internal struct Decryption(OpenSslHandle handle, OpenSslOutput output)
{
    /// <summary>The data that is not consumed.</summary>
    public PlaintextBuffer Data;

    private IOException? _error;

    /// <summary>Some of the data has not been shown to anybody.</summary>
    public bool HasUnexamined { get; set; }

    /// <summary>OpenSSL has data that found no room.</summary>
    public bool MayHaveMore { get; private set; }

    /// <summary>The client has ended in order.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The client has ended TCP, and not TLS: what has come is all that there is, and may not be all that it has sent.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Nothing more will be decrypted.</summary>
    public readonly bool IsOver => HasEnded || IsBroken;

    /// <summary>The client has broken TLS, or ended without its notice.</summary>
    public readonly bool IsBroken => _error is not null;

    /// <summary>Decrypts records behind the data that is there, which may move.</summary>
    /// <returns>How much of them is used up: all, unless there is more than fits into a buffer. None when it is over.</returns>
    public int Add(ReadOnlySpan<byte> records)
    {
        if (IsOver)
        {
            return 0;
        }

        var room = Data.MakeRoom();
        int count, consumed;
        OpenSslStatus status;
        bool hasControl;
        lock (handle)
        {
            count = handle.Read(records, room, out consumed, out status);
            hasControl = handle.HasControl;
        }

        Data.Advance(count);
        HasUnexamined |= count > 0;
        MayHaveMore = status == OpenSslStatus.IsFull;
        if (status is OpenSslStatus.HasEnded or OpenSslStatus.HasFailed)
        {
            End(status);
        }

        if (hasControl)
        {
            output.SendControl(isLast: status == OpenSslStatus.HasFailed);
        }

        return consumed;
    }

    /// <summary>The transport's input has ended, behind everything that was added.</summary>
    /// <param name="isExpected">So it may: the client has our own notice of the end, and nothing that it could say is wanted.</param>
    public void EndWithoutNotice(bool isExpected)
    {
        HasEnded = isExpected;
        IsTruncated = !isExpected;
        _error = isExpected
            ? null
            : new IOException("The client has ended the connection without TLS's notice of it (close_notify): something may be missing.");
    }

    /// <summary>Throws the error that it has ended with. Once the data before it is consumed.</summary>
    /// <exception cref="IOException">Always.</exception>
    public readonly bool ThrowError() => throw _error!;

    // Still on the thread of the call, which has the errors.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void End(OpenSslStatus status)
    {
        HasEnded = status == OpenSslStatus.HasEnded;
        if (!HasEnded)
        {
            var reason = OpenSslErrors.TakeReason();
            _error = new IOException(reason is null ? "The client breaks TLS, or the connection is closed." : $"The client breaks TLS: {reason}.");
        }
    }
}
