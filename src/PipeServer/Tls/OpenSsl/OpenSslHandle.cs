using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// One connection's state in OpenSSL, and the memory through which it gets and gives records. Freed once, by <see cref="Free"/> or, should somebody
/// forget it, by the garbage collector.
/// </summary>
/// <remarks>
/// One call at a time: callers hold the lock of this object, whatever the thread. Nothing waits under it. After <see cref="Free"/>, and after a
/// failure, every call fails.
/// </remarks>
internal sealed unsafe class OpenSslHandle : SafeHandleZeroOrMinusOneIsInvalid // SAFETY: both pointers are this object's own, used under its lock only.
{
    // The longest record, and so the most that one call works on: RFC 8446 §5.2, RFC 5246 §6.2.3.
    private const int MaxPieceBytes = RecordHeader.Length + RecordHeader.MaxContentBytes;

    // What may be added to a record of plaintext by the suites of these times; others find the overflow.
    private const int RecordOverhead = 96;

    // The answers to those.
    private const int MaxControlBytes = 4096;

    // IANA's names by OpenSSL's objects, which are constants: a name is made once.
    private static readonly ConcurrentDictionary<nint, string> SuiteNames = new();

    private static long _live;

    private readonly OpenSslIo* _io;
    private int _controlRecords; // since the last byte of data
    private bool _hasFailed;

    /// <summary>A server's end of a connection, before its handshake.</summary>
    /// <exception cref="IOException">OpenSSL has no memory for it.</exception>
    public OpenSslHandle(OpenSslContext context)
        : base(ownsHandle: true)
    {
        SetHandle(context.NewConnection());
        if (IsInvalid)
        {
            throw new IOException("OpenSSL has no memory for a connection.");
        }

        Interlocked.Increment(ref _live);
        _io = (OpenSslIo*)NativeMemory.AllocZeroed((nuint)sizeof(OpenSslIo));
        _io->OverflowLimit = int.MaxValue;
        var bio = OpenSslBio.Create(_io);
        Ssl.SSL_set_bio(handle, bio, bio);
        Ssl.SSL_set_accept_state(handle);
    }

    /// <summary>How many there are in the process.</summary>
    public static long Live => Volatile.Read(ref _live);

    /// <summary>True when nothing more can be read or written.</summary>
    public bool IsUseless => IsClosed || _hasFailed;

    /// <summary>There is output of which only OpenSSL knows why: <see cref="WriteControl"/> passes it on.</summary>
    public bool HasControl => !IsClosed && _io->OverflowLength > 0;

    /// <summary>The same, for callers that do not hold the lock.</summary>
    public bool LookForControl()
    {
        lock (this)
        {
            return HasControl;
        }
    }

    /// <summary>After the handshake: the version is 1.3.</summary>
    public bool IsTls13 => Ssl.SSL_version(handle) == Ssl.Tls13;

    /// <summary>After the handshake: the session is one of an earlier connection.</summary>
    public bool IsResumed => Ssl.SSL_session_reused(handle) == 1;

    /// <summary>After the handshake: its suite, for <see cref="NameOf"/>.</summary>
    public nint CipherSuite => Ssl.SSL_get_current_cipher(handle);

    /// <summary>
    /// The next step of the handshake takes its time. Not so the last one of TLS 1.3, where the client shows no certificate: it has a checksum.
    /// </summary>
    public bool IsNextStepCostly => Ssl.SSL_get_state(handle) != Ssl.StateEarlyData || Ssl.SSL_get_verify_mode(handle) != 0;

    /// <summary>IANA's name of a suite.</summary>
    public static string NameOf(nint suite) =>
        SuiteNames.GetOrAdd(suite, static key => Marshal.PtrToStringUTF8((nint)Ssl.SSL_CIPHER_standard_name(key)) ?? "");

    /// <summary>After the handshake: the client's certificate, in DER; null where it has shown none.</summary>
    public byte[]? ExportClientCertificate()
    {
        var certificate = Ssl.SSL_get1_peer_certificate(handle);
        if (certificate == 0)
        {
            return null;
        }

        var der = new byte[Math.Max(0, Ssl.i2d_X509(certificate, null))];
        fixed (byte* bytes = der)
        {
            var at = bytes;
            _ = der.Length > 0 ? Ssl.i2d_X509(certificate, &at) : 0;
        }

        Ssl.X509_free(certificate);
        return der;
    }

    /// <summary>Goes on with the handshake.</summary>
    /// <param name="records">What has come from the client.</param>
    /// <param name="output">Takes what is to be sent, which is not flushed.</param>
    /// <param name="consumed">How much of the records is used up: what is behind the handshake is not.</param>
    public OpenSslStatus Handshake(ReadOnlySpan<byte> records, PipeWriter output, out int consumed)
    {
        OpenSslStatus status;
        var room = output.GetSpan(4096);
        int written;
        fixed (byte* from = records, to = room)
        {
            _io->In = from;
            _io->InEnd = from + records.Length;
            _io->Out = to;
            _io->OutEnd = to + room.Length;
            byte* before;
            do
            {
                before = _io->In;
                Ssl.ClearErrors();
                var result = Ssl.SSL_do_handshake(handle);
                status = result == 1 ? OpenSslStatus.IsDone : Judge(result);
            }
            while (status == OpenSslStatus.NeedsMore && _io->In > before && _io->In < _io->InEnd
                && ++_controlRecords <= TlsTransportConnection.MaxControlRecords);

            // Behind a client's close_notify OpenSSL reads one more record, and from then on none: it asks for more whatever there is.
            if (status == OpenSslStatus.NeedsMore && (_io->In < _io->InEnd || (Ssl.SSL_get_shutdown(handle) & Ssl.ReceivedShutdown) != 0))
            {
                _hasFailed = true;
                status = OpenSslStatus.HasFailed;
            }

            consumed = (int)(_io->In - from);
            written = (int)(_io->Out - to);
            _io->In = _io->InEnd = _io->Out = _io->OutEnd = null;
        }

        output.Advance(written);
        WriteControl(output);
        if (status == OpenSslStatus.IsDone)
        {
            _io->OverflowLimit = MaxControlBytes;
        }

        return status;
    }

    /// <summary>Decrypts.</summary>
    /// <param name="records">What has come from the client.</param>
    /// <param name="room">Room for data: at least a byte.</param>
    /// <param name="consumed">How much of the records is used up. Less than all only with <see cref="OpenSslStatus.IsFull"/>, or at an end.</param>
    /// <param name="status">Why no more was decrypted.</param>
    /// <returns>How much data there is in the room.</returns>
    public int Read(ReadOnlySpan<byte> records, Span<byte> room, out int consumed, out OpenSslStatus status)
    {
        consumed = 0;
        status = OpenSslStatus.HasFailed;
        if (IsUseless)
        {
            return 0;
        }

        var data = 0;
        fixed (byte* from = records, to = room)
        {
            var end = from + records.Length;
            _io->In = from;
            do
            {
                _io->InEnd = _io->In + Math.Min(end - _io->In, MaxPieceBytes);
                Ssl.ClearErrors();
                var result = Ssl.SSL_read(handle, to + data, room.Length - data);
                if (result > 0)
                {
                    _controlRecords = 0;
                    data += result;
                    status = data == room.Length ? OpenSslStatus.IsFull : OpenSslStatus.NeedsMore;
                    continue;
                }

                status = Judge(result);
                if (status == OpenSslStatus.NeedsMore && _io->In < _io->InEnd && ++_controlRecords > TlsTransportConnection.MaxControlRecords)
                {
                    _hasFailed = true;
                    status = OpenSslStatus.HasFailed;
                }
            }
            while (status == OpenSslStatus.NeedsMore && _io->In < end);

            consumed = (int)(_io->In - from);
            _io->In = _io->InEnd = null;
        }

        return data;
    }

    /// <summary>Encrypts one record's worth of data, at most 16 KB, behind whatever OpenSSL has to say before it.</summary>
    /// <returns>How much of the data the record holds; 0 when nothing can be sent any more.</returns>
    public int Write(ReadOnlySpan<byte> data, PipeWriter output)
    {
        if (IsUseless)
        {
            return 0;
        }

        WriteControl(output);
        int taken, written;
        var room = output.GetSpan(data.Length + RecordOverhead);
        fixed (byte* from = data, to = room)
        {
            _io->Out = to;
            _io->OutEnd = to + room.Length;
            Ssl.ClearErrors();
            taken = Ssl.SSL_write(handle, from, data.Length);
            written = (int)(_io->Out - to);
            _io->Out = _io->OutEnd = null;
        }

        output.Advance(written);
        WriteControl(output);
        if (taken > 0 && !_io->HasFailed)
        {
            return taken;
        }

        _hasFailed = true;
        return 0;
    }

    /// <summary>Says that nothing more will be sent (close_notify).</summary>
    public void End(PipeWriter output)
    {
        if (IsUseless)
        {
            return;
        }

        Ssl.ClearErrors();
        _ = Ssl.SSL_shutdown(handle);
        WriteControl(output);
    }

    /// <summary>Passes on what OpenSSL has to say by itself: it comes before everything that is encrypted later.</summary>
    /// <returns>How much that is.</returns>
    public int WriteControl(PipeWriter output)
    {
        if (!HasControl)
        {
            return 0;
        }

        var rest = _io->Overflow;
        while (!rest.IsEmpty)
        {
            var room = output.GetSpan(rest.Length);
            var count = Math.Min(room.Length, rest.Length);
            rest[..count].CopyTo(room);
            output.Advance(count);
            rest = rest[count..];
        }

        var length = _io->OverflowLength;
        _io->DropOverflow();
        return length;
    }

    /// <summary>Gives everything back to OpenSSL, once the call that is in progress is done. May be called again.</summary>
    public void Free()
    {
        lock (this)
        {
            Dispose();
        }
    }

    protected override bool ReleaseHandle()
    {
        Ssl.SSL_free(handle);
        if (_io is not null)
        {
            _io->DropOverflow();
            NativeMemory.Free(_io);
        }

        Interlocked.Decrement(ref _live);
        return true;
    }

    // Right behind the call whose result it is.
    private OpenSslStatus Judge(int result)
    {
        var error = Ssl.SSL_get_error(handle, result);
        if (error == Ssl.ErrorWantRead && !_io->HasFailed)
        {
            return OpenSslStatus.NeedsMore;
        }

        if (error == Ssl.ErrorZeroReturn)
        {
            return OpenSslStatus.HasEnded;
        }

        _hasFailed = true;
        return OpenSslStatus.HasFailed;
    }
}
