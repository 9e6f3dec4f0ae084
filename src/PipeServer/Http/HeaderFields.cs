using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http;

/// <summary>
/// Header fields as slices over one block of bytes: over the receive buffer for a request, over its own buffer for a
/// response. Reused from request to request, so that neither direction allocates. Its arrays come with the first field and are shared by all
/// connections: see <see cref="Release"/>.
/// </summary>
internal sealed class HeaderFields
{
    private const int UsualBytes = 256;

    private byte[]? _array; // what the slices lie in; null while there are none
    private int _offset; // where their positions start in it
    private byte[] _owned = [];
    private List<byte[]>? _outgrown; // what a larger one has replaced: somebody may still look at a value in it
    private int _ownedLength;
    private bool _hasGaps; // a field was removed, and its bytes are still there
    private HeaderField[]? _fields; // null while there are none: that is nothing which the collector has to be told
    private uint _known; // one bit per KnownHeader that is here; whether Other is, nobody asks
    private uint _lengths; // one bit per length of a name that is here, modulo 32

    public int Count { get; private set; }

    public HeaderField this[int index] => _fields![index];

    public ReadOnlySpan<byte> Name(int index) =>
        Bytes(_fields![index].NameStart, _fields[index].NameLength);

    public ReadOnlySpan<byte> Value(int index) =>
        Bytes(_fields![index].ValueStart, _fields[index].ValueLength);

    /// <summary>A piece of the block that <see cref="SetBytes"/> has named.</summary>
    public ReadOnlySpan<byte> Bytes(int start, int length) => new(_array, _offset + start, length);

    /// <summary>False: no field was added since the last <see cref="Release"/>, and there is nothing to clear.</summary>
    public bool HasArrays => _fields is not null || _owned.Length > 0;

    public bool Has(KnownHeader header) => (_known & (1u << (int)header)) != 0;

    /// <summary>There are fields that say something of a body: its length, its coding, or what is expected before it.</summary>
    public bool HasBodyFields =>
        (_known & ((1u << (int)KnownHeader.ContentLength) | (1u << (int)KnownHeader.TransferEncoding) | (1u << (int)KnownHeader.Expect))) != 0;

    /// <summary>Which lengths names have: one bit for each, modulo 32.</summary>
    public uint NameLengths => _lengths;

    /// <summary>False: no field has a name of this length. Most look-ups of what is not there end here.</summary>
    public bool MayHave(int nameLength) => (_lengths & (1u << nameLength)) != 0;

    /// <summary>The index of the next field of this name from <paramref name="from"/> on, or -1.</summary>
    public int IndexOf(ReadOnlySpan<byte> name, int from = 0) => MayHave(name.Length) ? Find(name, from) : -1;

    /// <summary>The index of the last field of this name before <paramref name="end"/>, or -1.</summary>
    public int LastIndexOf(ReadOnlySpan<byte> name, int end)
    {
        for (var index = MayHave(name.Length) ? end - 1 : -1; index >= 0; index--)
        {
            if (_fields![index].NameLength == name.Length && IsSame(Name(index), name))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>The value of the first field of this name.</summary>
    public bool TryGetValue(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var index = Find(name, 0);
        value = index < 0 ? default : Value(index);
        return index >= 0;
    }

    /// <summary>How many fields have this name.</summary>
    public int CountOf(ReadOnlySpan<byte> name)
    {
        var count = 0;
        for (var index = Find(name, 0); index >= 0; index = Find(name, index + 1))
        {
            count++;
        }

        return count;
    }

    private int Find(ReadOnlySpan<byte> name, int from)
    {
        for (var index = from; index < Count; index++)
        {
            if (_fields![index].NameLength == name.Length && IsSame(Name(index), name))
            {
                return index;
            }
        }

        return -1;
    }

    // Most clients spell names as the standards do.
    private static bool IsSame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) =>
        name.SequenceEqual(other) || Ascii.EqualsIgnoreCase(name, other);

    /// <summary>The index of the next field with this meaning from <paramref name="from"/> on, or -1.</summary>
    public int IndexOf(KnownHeader known, int from = 0)
    {
        if (Has(known))
        {
            for (var index = from; index < Count; index++)
            {
                if (_fields![index].Known == known)
                {
                    return index;
                }
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear()
    {
        Count = 0;
        _known = _lengths = 0;
        _ownedLength = 0;
        _array = null;
        _offset = 0;
        _hasGaps = false;
    }

    /// <summary>
    /// Gives the arrays back while no field is here, so that a connection that waits for its next request holds none: to
    /// <see cref="HeaderSlots"/>, and to the shared pool.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release()
    {
        if (HasArrays && Count == 0)
        {
            ReleaseArrays();
        }
    }

    /// <summary>The same, only for arrays that are larger than nearly every head needs, or were made for one head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReleaseUnusual()
    {
        if (_fields is { Length: not HeaderSlots.Usual })
        {
            Release();
        }
    }

    /// <summary>Has an array of its own that is no longer than it must be, until <see cref="ReleaseUnusual"/>; nothing can be added meanwhile.</summary>
    public void Shrink()
    {
        if (_fields is { } fields && Count < HeaderSlots.Usual / 2)
        {
            _fields = fields[..Count];
            HeaderSlots.Return(fields);
        }
    }

    private void ReleaseArrays()
    {
        if (_fields is { } fields)
        {
            _fields = null;
            HeaderSlots.Return(fields);
        }

        if (_owned.Length > 0)
        {
            Clear();
            ArrayPool<byte>.Shared.Return(_owned);
            _owned = [];
            ReturnOutgrown();
        }
    }

    /// <summary>Notes a field whose bytes lie in the block that <see cref="SetBytes"/> will name.</summary>
    public void AddSlice(HeaderField field) => AddSlice(field.NameStart, field.NameLength, field.ValueStart, field.ValueLength, field.Known);

    /// <summary>The same by its parts, which are not put together elsewhere first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddSlice(int nameStart, int nameLength, int valueStart, int valueLength, KnownHeader known)
    {
        if (_fields is null || Count == _fields.Length)
        {
            GrowSlots();
        }

        ref var slot = ref _fields![Count++];
        slot.NameStart = nameStart;
        slot.NameLength = nameLength;
        slot.ValueStart = valueStart;
        slot.ValueLength = valueLength;
        slot.Known = known;
        _known |= 1u << (int)known;
        _lengths |= 1u << nameLength;
    }

    /// <summary>
    /// Where <see cref="OrdinaryHead"/> writes fields, before it has seen whether the head is one. A head that has more is left to
    /// <see cref="RequestParser"/>, which makes room for it and the following ones.
    /// </summary>
    internal HeaderField[] Slots => _fields!;

    /// <summary>Has some of them, if there are none.</summary>
    internal void ReserveSlots() => _fields ??= HeaderSlots.Rent();

    /// <summary>Takes what has been written to <see cref="Slots"/> for the fields.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="known">One bit for each <see cref="KnownHeader"/> among them; that of <see cref="KnownHeader.Other"/> is no matter.</param>
    /// <param name="lengths">One bit for each length of a name, modulo 32.</param>
    internal void SetParsed(int count, uint known, uint lengths)
    {
        Count = count;
        _known = known;
        _lengths = lengths;
    }

    /// <summary>Lets a field have a value that lies elsewhere in the same block.</summary>
    public void ReplaceValue(int index, int start, int length) =>
        _fields![index] = _fields[index] with { ValueStart = start, ValueLength = length };

    /// <summary>Names the block that the slices point into, and where in it their positions start.</summary>
    public void SetBytes(byte[] array, int offset)
    {
        _array = array;
        _offset = offset;
    }

    /// <summary>Copies a field to the end, as the line that is sent. The caller has validated name and value.</summary>
    public void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Append(name, value, KnownHeaders.Find(name));

    /// <summary>The same for a name whose meaning is known already.</summary>
    public void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, KnownHeader known)
    {
        var start = _ownedLength;
        var length = name.Length + value.Length + 4;
        Reserve(length);
        var line = _owned.AsSpan(start, length);
        name.CopyTo(line);
        ": "u8.CopyTo(line[name.Length..]);
        value.CopyTo(line[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(line[^2..]);
        _ownedLength += length;
        AddSlice(new HeaderField(start, name.Length, start + name.Length + 2, value.Length, known));
    }

    /// <summary>Copies lines to the end that the caller has validated and encoded.</summary>
    /// <param name="lines">The lines with their line ends.</param>
    /// <param name="fields">Where names and values lie in them.</param>
    public void AppendLines(ReadOnlySpan<byte> lines, ReadOnlySpan<HeaderField> fields)
    {
        var start = _ownedLength;
        Reserve(lines.Length);
        lines.CopyTo(_owned.AsSpan(start));
        _ownedLength += lines.Length;
        foreach (ref readonly var field in fields)
        {
            AddSlice(field with { NameStart = start + field.NameStart, ValueStart = start + field.ValueStart });
        }
    }

    /// <summary>
    /// All fields that were appended, as lines with their line ends; false when one of them was removed since, and they have to be taken one
    /// by one.
    /// </summary>
    public bool TryGetLines(out ReadOnlySpan<byte> lines)
    {
        lines = _owned.AsSpan(0, _ownedLength);
        return !_hasGaps;
    }

    /// <summary>Removes every field of this name; true when there was one. Its bytes stay until <see cref="Clear"/>.</summary>
    public bool Remove(ReadOnlySpan<byte> name)
    {
        var kept = 0;
        var known = 0u;
        var lengths = 0u;
        for (var index = 0; index < Count; index++)
        {
            if (!Ascii.EqualsIgnoreCase(Name(index), name))
            {
                known |= 1u << (int)_fields![index].Known;
                lengths |= 1u << _fields[index].NameLength;
                _fields[kept++] = _fields[index];
            }
        }

        var removed = kept < Count;
        Count = kept;
        _known = known;
        _lengths = lengths;
        _hasGaps |= removed;
        return removed;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowSlots() => _fields = _fields is { } full ? HeaderSlots.Grow(full) : HeaderSlots.Rent();

    private void Reserve(int length)
    {
        if (_ownedLength + length > _owned.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(UsualBytes, Math.Max(_owned.Length * 2, _ownedLength + length)));
            _owned.AsSpan(0, _ownedLength).CopyTo(larger);
            if (_owned.Length > 0)
            {
                (_outgrown ??= []).Add(_owned); // the value that is to be added may lie in it, too
            }

            _owned = larger;
        }

        _array = _owned;
    }

    private void ReturnOutgrown()
    {
        if (_outgrown is not null)
        {
            foreach (var outgrown in _outgrown)
            {
                ArrayPool<byte>.Shared.Return(outgrown);
            }

            _outgrown.Clear();
        }
    }
}
