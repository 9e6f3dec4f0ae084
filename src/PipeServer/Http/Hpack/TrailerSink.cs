namespace PipeServer.Http.Hpack;

/// <summary>Takes the fields of a trailer section (RFC 9113 §8.1), held to the rules for them.</summary>
/// <param name="trailers">Gets those that have a meaning behind a body.</param>
/// <param name="limits">What the section may have.</param>
internal ref struct TrailerSink(HeaderFields trailers, in RequestLimits limits) : IFieldSink
{
    private readonly ref readonly RequestLimits _limits = ref limits;
    private int _size;
    private int _count;
    private bool _isMalformed;

    /// <summary>What has become of it, once all fields have been looked at.</summary>
    public readonly HeadStatus Status =>
        _isMalformed ? HeadStatus.Malformed
        : _size > _limits.MaxRequestHeadBytes || _count > _limits.MaxRequestHeaderCount ? HeadStatus.TooLarge
        : HeadStatus.Complete;

    /// <inheritdoc/>
    public readonly bool TryAddUsual(ref FieldArena arena, byte first) => false;

    /// <inheritdoc/>
    public bool Add(ref FieldArena arena, in HpackField field)
    {
        _size = FieldSize.Add(_size, field);
        _count++;
        if (field.Kind >= FieldKind.Method)
        {
            _isMalformed = true;
            return true;
        }

        // That te has no meaning there is told by its name; what is in it is no matter.
        var isForbidden = TrailerFields.IsForbidden(arena.Part(0, field.NameLength));
        _isMalformed |= field.Error != RequestError.None && (!isForbidden || field.Kind == FieldKind.Forbidden);
        if (!isForbidden && Status == HeadStatus.Complete)
        {
            trailers.Append(arena.Part(0, field.NameLength), arena.Part(field.NameLength, field.ValueLength), field.Known);
        }

        return !FieldSize.IsBomb(_size, _limits.MaxRequestHeadBytes);
    }
}
