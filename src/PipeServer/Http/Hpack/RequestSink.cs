using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http.Hpack;

/// <summary>Makes a request head of the fields of a block (RFC 9113 §8.3.1), held to the rules that need more than one field, and to the limits.</summary>
/// <param name="head">The head.</param>
/// <param name="limits">What it may have.</param>
internal ref struct RequestSink(RequestHead head, in RequestLimits limits) : IFieldSink
{
    // What there may be once; and that another field than a pseudo-header has come.
    private const int Method = 1 << (int)FieldKind.Method;
    private const int Scheme = 1 << (int)FieldKind.Scheme;
    private const int AuthorityField = 1 << (int)FieldKind.Authority;
    private const int Path = 1 << (int)FieldKind.Path;
    private const int Protocol = 1 << (int)FieldKind.Protocol;
    private const int Regular = 1 << (int)FieldKind.Regular;
    private const int Ordinary = Method | Scheme | Path;

    // The bytes of fields that nearly every request has: indexes of the static table.
    private const byte Get = 0x82;
    private const byte Root = 0x84;
    private const byte Http = 0x86;
    private const byte Https = 0x87;

    private readonly ref readonly RequestLimits _limits = ref limits;
    private int _seen;
    private int _size;
    private RequestError _malformed;
    private RequestError _tooLarge;
    private int _methodStart;
    private int _methodLength;
    private int _pathStart;
    private int _pathLength;
    private int _plainLength; // of the path in it, where it is an ordinary one
    private int _protocolStart;
    private int _protocolLength;
    private int _hostIndex = -1;
    private int _cookieIndex = -1;

    /// <inheritdoc/>
    public bool TryAddUsual(ref FieldArena arena, byte first)
    {
        const int MaxSize = 44; // of :scheme: https, with what each field counts beside its bytes
        if (_size > _limits.MaxRequestHeadBytes - MaxSize)
        {
            return false;
        }

        if (first is Http or Https && (_seen & (Scheme | Regular)) == 0)
        {
            _seen |= Scheme;
            _size += MaxSize - Https + first;
            return true;
        }

        if (first == Get && (_seen & (Method | Regular)) == 0)
        {
            _seen |= Method;
            _size += MaxSize - 2;
            head.Method = RequestMethod.Get;
            (_methodStart, _methodLength) = (arena.Used, 3);
            arena.Put(0, "GET"u8);
            arena.Used += 3;
            return true;
        }

        if (first == Root && (_seen & (Path | Regular)) == 0)
        {
            _seen |= Path;
            _size += MaxSize - 6;
            (_pathStart, _pathLength, _plainLength) = (arena.Used, 1, 1);
            arena.Put(0, "/"u8);
            arena.Used++;
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public bool Add(ref FieldArena arena, in HpackField field)
    {
        _size = FieldSize.Add(_size, field);
        if (field.Error != RequestError.None)
        {
            SetMalformed(field.Error);
        }
        else if (field.Kind >= FieldKind.Method)
        {
            AddPseudo(ref arena, field);
        }
        else
        {
            AddRegular(ref arena, field);
        }

        return !FieldSize.IsBomb(_size, _limits.MaxRequestHeadBytes);
    }

    /// <summary>Looks at the whole, and gives the head what it has of it.</summary>
    /// <param name="arena">What the fields lie in.</param>
    /// <param name="endsStream">No body follows.</param>
    public HeadStatus Finish(in FieldArena arena, bool endsStream)
    {
        if (_tooLarge == RequestError.None && _methodLength + _pathLength > _limits.MaxRequestLineBytes)
        {
            _tooLarge = RequestError.TargetTooLong;
            _pathLength = 0;
        }

        SetBytes(arena);
        if (IsOrdinary())
        {
            head.Target.SetPlain(_plainLength, _pathLength);
            head.Error = RequestRules.CheckBlock(head, endsStream);
            if (head.Error == RequestError.None)
            {
                return HeadStatus.Complete;
            }

            HideTarget();
            return HeadStatus.Malformed;
        }

        return FinishOther(endsStream);
    }

    // As nearly all are.
    private readonly bool IsOrdinary() =>
        _malformed == RequestError.None && _tooLarge == RequestError.None && _plainLength > 0 && _hostIndex >= 0
        && (_seen & (Ordinary | Protocol)) == Ordinary && head.Method != RequestMethod.Connect;

    private HeadStatus FinishOther(bool endsStream)
    {
        if (_malformed == RequestError.None)
        {
            SetMalformed(CheckPseudo());
        }

        if (_malformed == RequestError.None && _tooLarge == RequestError.None)
        {
            SetMalformed(head.Target.Parse(head.TargetBytes, head.IsExtendedConnect ? RequestMethod.Get : head.Method));
            if (_malformed == RequestError.None)
            {
                SetMalformed(RequestRules.CheckBlock(head, endsStream));
            }
        }

        if (_malformed == RequestError.None && _tooLarge == RequestError.None)
        {
            return HeadStatus.Complete;
        }

        HideTarget();
        head.Error = _malformed != RequestError.None ? _malformed : _tooLarge;
        return _malformed != RequestError.None ? HeadStatus.Malformed : HeadStatus.TooLarge;
    }

    /// <summary>The same for a block that cannot be decoded.</summary>
    public readonly HeadStatus Abandon(in FieldArena arena)
    {
        SetBytes(arena);
        HideTarget();
        return HeadStatus.CompressionError;
    }

    // Nobody is routed by it, and nothing is left of a request before this one. In a log it is shown, unless it has what would have to be hidden there.
    private readonly void HideTarget()
    {
        head.Target.SetPlain(0, 0);
        if (head.TargetBytes.ContainsAnyExcept(HttpCharacters.Target))
        {
            head.SetRequestLine(_methodStart, _methodLength, 0, 0);
        }
    }

    private readonly void SetBytes(in FieldArena arena)
    {
        head.EndBlock(arena.Bytes, arena.Used);
        head.SetRequestLine(_methodStart, _methodLength, _pathStart, _pathLength);
        head.SetConnectProtocol(_protocolStart, _protocolLength);
    }

    private void SetMalformed(RequestError error)
    {
        if (_malformed == RequestError.None)
        {
            _malformed = error;
        }
    }

    // False: the head has become too large, and gets no more of it.
    private bool HasRoom()
    {
        if (_size > _limits.MaxRequestHeadBytes && _tooLarge == RequestError.None)
        {
            _tooLarge = RequestError.HeadTooLarge;
        }

        return _tooLarge == RequestError.None;
    }

    private void AddPseudo(ref FieldArena arena, in HpackField field)
    {
        var bit = 1 << (int)field.Kind;
        if ((_seen & (bit | Regular)) != 0)
        {
            SetMalformed(RequestError.BadPseudoHeader); // twice, or behind a field that is none
        }

        _seen |= bit;
        if (!HasRoom())
        {
            return;
        }

        var start = arena.Used + field.NameLength;
        switch (field.Kind)
        {
            case FieldKind.Method:
                head.Method = RequestMethods.Find(arena.Part(field.NameLength, field.ValueLength));
                (_methodStart, _methodLength) = (start, field.ValueLength);
                break;
            case FieldKind.Path:
                (_pathStart, _pathLength) = (start, field.ValueLength);
                arena.Reserve(field.Length, OrdinaryTarget.Slack);
                _plainLength = OrdinaryTarget.PathLength(arena.Bytes, start, field.ValueLength);
                break;
            case FieldKind.Protocol:
                (_protocolStart, _protocolLength) = (start, field.ValueLength);
                break;
            case FieldKind.Authority:
                AddAuthority(ref arena, field);
                return;
            default:
                return; // the scheme: whether the client speaks TLS is no matter of what it says
        }

        arena.Used += field.Length;
    }

    // Becomes the Host field, by which all else goes: its name is put in the place of the end of the other, before the value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddAuthority(ref FieldArena arena, in HpackField field)
    {
        var name = "host"u8;
        if (_hostIndex >= 0)
        {
            return;
        }

        if (head.Fields.Count >= _limits.MaxRequestHeaderCount)
        {
            _tooLarge = RequestError.TooManyFields;
            return;
        }

        arena.Used += field.NameLength - name.Length;
        name.CopyTo(arena.Bytes.AsSpan(arena.Used));
        _hostIndex = head.Fields.Count;
        head.Fields.AddSlice(arena.Used, name.Length, arena.Used + name.Length, field.ValueLength, KnownHeader.Host);
        arena.Used += name.Length + field.ValueLength;
    }

    private void AddRegular(ref FieldArena arena, in HpackField field)
    {
        _seen |= Regular;
        if (field.Kind == FieldKind.Host && IsKnownHost(arena, field))
        {
            return;
        }

        if (!HasRoom() || (field.Kind == FieldKind.Cookie && TryJoinCookie(ref arena, field)))
        {
            return;
        }

        if (head.Fields.Count >= _limits.MaxRequestHeaderCount)
        {
            _tooLarge = RequestError.TooManyFields;
            return;
        }

        if (field.Kind is FieldKind.Cookie or FieldKind.Host)
        {
            _cookieIndex = field.Kind == FieldKind.Cookie ? head.Fields.Count : _cookieIndex;
            _hostIndex = field.Kind == FieldKind.Host ? head.Fields.Count : _hostIndex;
        }

        head.Fields.AddSlice(arena.Used, field.NameLength, arena.Used + field.NameLength, field.ValueLength, field.Known);
        arena.Used += field.Length;
    }

    // RFC 9113 §8.3.1: a Host field that is not :authority makes the request malformed. One that is, is no second one.
    private bool IsKnownHost(in FieldArena arena, in HpackField field)
    {
        if (_hostIndex < 0)
        {
            return false;
        }

        var known = head.Fields[_hostIndex];
        if ((_seen & AuthorityField) == 0)
        {
            SetMalformed(RequestError.SeveralHosts);
        }
        else if (!Ascii.EqualsIgnoreCase(arena.Bytes.AsSpan(known.ValueStart, known.ValueLength), arena.Part(field.NameLength, field.ValueLength)))
        {
            SetMalformed(RequestError.BadHost);
        }

        return true;
    }

    // RFC 9113 §8.2.3: crumbs are one field, joined by "; ". They mostly come one behind the other; a field between them costs a copy of what is there
    // already, which counts as bytes of the head.
    private bool TryJoinCookie(ref FieldArena arena, in HpackField field)
    {
        if (_cookieIndex < 0)
        {
            return false;
        }

        var cookie = head.Fields[_cookieIndex];
        var (start, length) = (cookie.ValueStart, cookie.ValueLength);
        if (start + length != arena.Used)
        {
            _size += length; // no more than the head has had before
            if (!HasRoom())
            {
                return true;
            }

            // The crumb is moved behind the copy.
            arena.Reserve(field.Length, length);
            var bytes = arena.Bytes;
            bytes.AsSpan(arena.Used, field.Length).CopyTo(bytes.AsSpan(arena.Used + length));
            bytes.AsSpan(start, length).CopyTo(bytes.AsSpan(arena.Used));
            start = arena.Used;
            arena.Used += length;
        }

        // Over the name, which is longer.
        "; "u8.CopyTo(arena.Bytes.AsSpan(arena.Used));
        arena.Part(field.NameLength, field.ValueLength).CopyTo(arena.Bytes.AsSpan(arena.Used + 2));
        arena.Used += field.ValueLength + 2;
        head.Fields.ReplaceValue(_cookieIndex, start, length + field.ValueLength + 2);
        return true;
    }

    // RFC 9113 §8.3.1, §8.5 and RFC 8441 §4
    private RequestError CheckPseudo()
    {
        var seen = _seen & ~Regular;
        if (head.Method == RequestMethod.Connect && (seen & Protocol) == 0)
        {
            if (seen != (Method | AuthorityField))
            {
                return RequestError.BadPseudoHeader;
            }

            // The end of the tunnel is the target, and there is no path.
            if (_hostIndex >= 0)
            {
                var host = head.Fields[_hostIndex];
                head.SetRequestLine(_methodStart, _methodLength, host.ValueStart, host.ValueLength);
            }

            return RequestError.None;
        }

        if ((seen & Protocol) != 0)
        {
            return head.Method == RequestMethod.Connect && seen == (Ordinary | Protocol | AuthorityField)
                ? RequestError.None
                : RequestError.BadPseudoHeader;
        }

        return (seen & Ordinary) != Ordinary ? RequestError.BadPseudoHeader
            : _hostIndex < 0 && _tooLarge == RequestError.None ? RequestError.MissingHost
            : RequestError.None;
    }
}
