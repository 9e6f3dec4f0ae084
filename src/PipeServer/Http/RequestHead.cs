using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipeServer.Http;

/// <summary>
/// One request head: what <see cref="RequestParser"/> fills in, as positions over the bytes it was parsed from, or <see cref="Hpack.HpackDecoder"/>, as
/// positions over bytes of its own. Belongs to one exchange and is reused for all of its requests. Not thread-safe.
/// </summary>
internal sealed class RequestHead
{
    // More than nearly every head has.
    private const int KeptBytes = 4096;

    // Heads are copied only when they have to be: because they arrived in several buffers or in memory that is no array, or because the
    // receive buffer is given back while the request is still being answered.
    private byte[] _owned = [];
    private int _ownedLength;
    private int _methodStart;
    private int _methodLength;
    private int _targetStart;
    private int _targetLength;
    private int _protocolStart;
    private int _protocolLength;

    public RequestError Error { get; internal set; }

    /// <summary>
    /// How many bytes the head takes, empty lines before it and the one that ends it included; of HTTP/2, how many its fields have been decoded into.
    /// </summary>
    public int ByteLength { get; internal set; }

    public RequestMethod Method { get; internal set; }

    public ReadOnlySpan<byte> MethodBytes => Fields.Bytes(_methodStart, _methodLength);

    public RequestTarget Target { get; } = new();

    public ReadOnlySpan<byte> TargetBytes => Fields.Bytes(_targetStart, _targetLength);

    public ReadOnlySpan<byte> Path => Target.Path(TargetBytes);

    public ReadOnlySpan<byte> Query => Target.HasQuery ? Target.Query(TargetBytes) : default;

    /// <summary>
    /// The request line without its end, for logs: of a head that is malformed there, what has come of it, and of HTTP/2, which has none, what it would be.
    /// Not for a head that is not complete yet.
    /// </summary>
    public ReadOnlySpan<byte> RequestLine
    {
        get
        {
            const int VersionBytes = 9; // " HTTP/1.1"
            if (IsHttp2)
            {
                return RequestLineOfHttp2();
            }

            if (_targetLength > 0)
            {
                return Fields.Bytes(_methodStart, _targetStart + _targetLength + VersionBytes - _methodStart);
            }

            var start = Math.Max(RequestLineStart, 0);
            var line = Fields.Bytes(start, Math.Max(ReadLength - start, 0));
            return line.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var end ? line[..end] : line;
        }
    }

    /// <summary>Host and port that are asked for: the target's own, else those of the Host field; empty without either.</summary>
    public ReadOnlySpan<byte> Host =>
        Target.HasAuthority ? TargetBytes.Slice(Target.AuthorityStart, Target.AuthorityLength)
        : Fields.IndexOf(KnownHeader.Host) is >= 0 and var index ? Fields.Value(index)
        : default;

    /// <summary>0 for HTTP/1.0; 1 for HTTP/1.1, and for 1.2 to 1.9, which are served as 1.1 (RFC 9110 §2.5).</summary>
    public int MinorVersion { get; internal set; }

    /// <summary>The version is 2.0, whose minor version is 0 too.</summary>
    public bool IsHttp2 { get; private set; }

    /// <summary>The version is 1.0.</summary>
    public bool IsHttp10 => MinorVersion == 0 && !IsHttp2;

    /// <summary>The other protocol that a CONNECT of HTTP/2 asks for on its stream (RFC 8441 §4): <c>websocket</c>. Empty for every other request.</summary>
    public ReadOnlySpan<byte> ConnectProtocol => Fields.Bytes(_protocolStart, _protocolLength);

    /// <summary>True for such a request: routes take it for a GET, as RFC 6455 has it, and its target is a path.</summary>
    public bool IsExtendedConnect => _protocolLength > 0;

    public HeaderFields Fields { get; } = new();

    public BodyFraming Framing { get; internal set; }

    /// <summary>The client wants the connection to stay open, as far as the head tells.</summary>
    public bool KeepAlive { get; internal set; }

    /// <summary>The client waits for <c>100 Continue</c> before it sends the body.</summary>
    public bool ExpectsContinue { get; internal set; }

    /// <summary>What is wrong with a request whose framing is right: it is refused, and the connection stays open.</summary>
    public RequestError NonFatalError { get; internal set; }

    /// <summary>How many bytes the parser of all heads has had before it; not set for an ordinary head.</summary>
    internal int ReadLength { get; set; }

    // The parser's progress through a head that is not complete yet. Positions count from the head's first byte, so they
    // hold wherever the bytes are at the next attempt.
    internal int LineStart { get; set; }

    internal int Scanned { get; set; }

    internal int EmptyLines { get; set; }

    /// <summary>Where the request line starts, or -1 before it is there.</summary>
    internal int RequestLineStart { get; set; } = -1;

    internal bool HasRequestLine { get; set; }

    /// <summary>Forgets the request, keeps the buffers.</summary>
    public void Reset()
    {
        Error = NonFatalError = RequestError.None;
        ByteLength = ReadLength = 0;
        Method = RequestMethod.Other;
        MinorVersion = 0;
        IsHttp2 = false;
        Framing = default;
        KeepAlive = ExpectsContinue = false;
        LineStart = Scanned = EmptyLines = 0;
        RequestLineStart = -1;
        HasRequestLine = false;
        Fields.Clear();
        _ownedLength = 0;
        _methodStart = _methodLength = _targetStart = _targetLength = 0;
        _protocolStart = _protocolLength = 0;
    }

    /// <summary>Between two requests: gives back what a large head has needed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release()
    {
        if (_owned.Length > KeptBytes)
        {
            _owned = [];
        }

        Target.Release(KeptBytes);
        Fields.ReleaseUnusual();
    }

    /// <summary>Copies the head out of the receive buffer, so that the buffer can be given back.</summary>
    public void Detach()
    {
        if (_ownedLength == 0 && ByteLength > 0)
        {
            Reserve(ByteLength);
            Fields.Bytes(0, ByteLength).CopyTo(_owned);
            _ownedLength = ByteLength;
            Fields.SetBytes(_owned, 0);
        }
    }

    /// <summary>The same for a connection that keeps its head for hours: in arrays that are no longer than they must be.</summary>
    public void DetachForLong()
    {
        if (ByteLength > 0)
        {
            var owned = Fields.Bytes(0, ByteLength).ToArray();
            (_owned, _ownedLength) = (owned, owned.Length);
            Fields.SetBytes(owned, 0);
            Fields.Shrink();
        }
    }

    /// <summary>Gathers what has arrived in several buffers into one block, continuing where it left off.</summary>
    internal ReadOnlyMemory<byte> Assemble(in ReadOnlySequence<byte> buffer, int limit)
    {
        var length = (int)Math.Min(buffer.Length, limit);
        if (length > _ownedLength)
        {
            Reserve(length);
            buffer.Slice(_ownedLength, length - _ownedLength).CopyTo(_owned.AsSpan(_ownedLength));
            _ownedLength = length;
        }

        return _owned.AsMemory(0, _ownedLength);
    }

    /// <summary>Names the bytes that all positions count in. What a transport has not got in an array is copied.</summary>
    internal void SetBytes(ReadOnlyMemory<byte> bytes)
    {
        if (MemoryMarshal.TryGetArray(bytes, out var segment))
        {
            Fields.SetBytes(segment.Array!, segment.Offset);
            return;
        }

        Reserve(bytes.Length);
        bytes.CopyTo(_owned);
        _ownedLength = bytes.Length;
        Fields.SetBytes(_owned, 0);
    }

    /// <summary>Notes what <see cref="OrdinaryHead"/> has found; the fields have theirs already, and the bytes.</summary>
    /// <param name="byteLength">The head's length.</param>
    /// <param name="method">The method, whose name is the head's start.</param>
    /// <param name="targetStart">Where the target starts, one space behind the method.</param>
    /// <param name="pathLength">How much of the target is its path.</param>
    /// <param name="targetLength">The target's length.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void SetOrdinary(int byteLength, RequestMethod method, int targetStart, int pathLength, int targetLength)
    {
        ByteLength = byteLength;
        Method = method;
        MinorVersion = 1;
        RequestLineStart = 0;
        HasRequestLine = true;
        _methodLength = targetStart - 1;
        _targetStart = targetStart;
        _targetLength = targetLength;
        Target.SetPlain(pathLength, targetLength);
    }

    /// <summary>The head is one of HTTP/2, and its fields are about to be decoded into this array, or a larger one in its place.</summary>
    internal byte[] BeginBlock()
    {
        IsHttp2 = true;
        return _owned;
    }

    /// <summary>All fields are decoded.</summary>
    /// <param name="bytes">What they lie in, and what the head keeps.</param>
    /// <param name="length">How much of it is used.</param>
    internal void EndBlock(byte[] bytes, int length)
    {
        if (_owned != bytes)
        {
            _owned = bytes;
        }

        ByteLength = _ownedLength = length;
        Fields.SetBytes(bytes, 0);
    }

    /// <summary>Notes where the value of <c>:protocol</c> is.</summary>
    internal void SetConnectProtocol(int start, int length) => (_protocolStart, _protocolLength) = (start, length);

    internal void SetRequestLine(int methodStart, int methodLength, int targetStart, int targetLength)
    {
        (_methodStart, _methodLength) = (methodStart, methodLength);
        (_targetStart, _targetLength) = (targetStart, targetLength);
    }

    /// <summary>Puts the authority of an absolute target in the place of what the Host field says (RFC 9112 §3.2.2).</summary>
    internal void ReplaceHost(int index) =>
        Fields.ReplaceValue(index, _targetStart + Target.AuthorityStart, Target.AuthorityLength);

    // Made when somebody asks, behind the fields. Nobody does so while another thread looks at them: the request is over.
    private ReadOnlySpan<byte> RequestLineOfHttp2()
    {
        var version = " HTTP/2.0"u8;
        if (_methodLength == 0)
        {
            return default;
        }

        var start = ByteLength;
        var length = _methodLength + 1 + _targetLength + version.Length;
        Reserve(start + length);
        Fields.SetBytes(_owned, 0);
        var line = _owned.AsSpan(start, length);
        MethodBytes.CopyTo(line);
        line[_methodLength] = (byte)' ';
        TargetBytes.CopyTo(line[(_methodLength + 1)..]);
        version.CopyTo(line[^version.Length..]);
        return line;
    }

    private void Reserve(int length)
    {
        if (length > _owned.Length)
        {
            Array.Resize(ref _owned, Math.Max(1024, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length)));
        }
    }
}
