using System.Buffers;
using System.Text;

namespace PipeServer.Http;

/// <summary>
/// Header fields as slices over one block of bytes: over the receive buffer for a request, over its own buffer for a
/// response. Reused from request to request, so that neither direction allocates. Its arrays come with the first field and are shared by all
/// connections: see <see cref="Release"/>.
/// </summary>
internal sealed class HeaderFields
{
    // Nearly every head fits into these.
    private const int UsualFields = 16;
    private const int UsualBytes = 256;

    // For a request and its response.
    [ThreadStatic]
    private static HeaderField[]? _spare;
    [ThreadStatic]
    private static HeaderField[]? _secondSpare;

    private ReadOnlyMemory<byte> _bytes;
    private byte[] _owned = [];
    private int _ownedLength;
    private HeaderField[] _fields = [];
    private uint _known; // one bit per KnownHeader that is here

    public int Count { get; private set; }

    public HeaderField this[int index] => _fields[index];

    public ReadOnlySpan<byte> Name(int index) =>
        _bytes.Span.Slice(_fields[index].NameStart, _fields[index].NameLength);

    public ReadOnlySpan<byte> Value(int index) =>
        _bytes.Span.Slice(_fields[index].ValueStart, _fields[index].ValueLength);

    public bool Has(KnownHeader header) => (_known & (1u << (int)header)) != 0;

    /// <summary>The index of the next field of this name from <paramref name="from"/> on, or -1.</summary>
    public int IndexOf(ReadOnlySpan<byte> name, int from = 0)
    {
        for (var index = from; index < Count; index++)
        {
            if (_fields[index].NameLength == name.Length && Ascii.EqualsIgnoreCase(Name(index), name))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>The index of the next field with this meaning from <paramref name="from"/> on, or -1.</summary>
    public int IndexOf(KnownHeader known, int from = 0)
    {
        if (Has(known))
        {
            for (var index = from; index < Count; index++)
            {
                if (_fields[index].Known == known)
                {
                    return index;
                }
            }
        }

        return -1;
    }

    public void Clear()
    {
        Count = 0;
        _known = 0;
        _ownedLength = 0;
        _bytes = default;
    }

    /// <summary>
    /// Gives the arrays back while no field is here, so that a connection that waits for its next request holds none. Each thread keeps two for
    /// the next heads that it has to do with; the pool behind that is shared and bounded.
    /// </summary>
    public void Release()
    {
        if (Count == 0 && _fields.Length > 0)
        {
            ReturnFields();
            _fields = [];
        }

        if (Count == 0 && _owned.Length > 0)
        {
            Clear();
            ArrayPool<byte>.Shared.Return(_owned);
            _owned = [];
        }
    }

    /// <summary>Notes a field whose bytes lie in the block that <see cref="SetBytes"/> will name.</summary>
    public void AddSlice(HeaderField field)
    {
        if (Count == _fields.Length)
        {
            Grow();
        }

        _fields[Count++] = field;
        _known |= 1u << (int)field.Known;
    }

    /// <summary>Lets a field have a value that lies elsewhere in the same block.</summary>
    public void ReplaceValue(int index, int start, int length) =>
        _fields[index] = _fields[index] with { ValueStart = start, ValueLength = length };

    /// <summary>Names the block that the slices point into.</summary>
    public void SetBytes(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>Copies a field to the end. The caller has validated name and value.</summary>
    public void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var start = _ownedLength;
        Reserve(name.Length + value.Length);
        name.CopyTo(_owned.AsSpan(start));
        value.CopyTo(_owned.AsSpan(start + name.Length));
        _ownedLength += name.Length + value.Length;
        AddSlice(new HeaderField(start, name.Length, start + name.Length, value.Length, KnownHeaders.Find(name)));
    }

    /// <summary>Removes every field of this name; true when there was one. Its bytes stay until <see cref="Clear"/>.</summary>
    public bool Remove(ReadOnlySpan<byte> name)
    {
        var kept = 0;
        var known = 0u;
        for (var index = 0; index < Count; index++)
        {
            if (!Ascii.EqualsIgnoreCase(Name(index), name))
            {
                known |= 1u << (int)_fields[index].Known;
                _fields[kept++] = _fields[index];
            }
        }

        var removed = kept < Count;
        Count = kept;
        _known = known;
        return removed;
    }

    private void Grow()
    {
        if (Count == 0 && _spare is { } spare)
        {
            _fields = spare;
            _spare = _secondSpare;
            _secondSpare = null;
            return;
        }

        var larger = ArrayPool<HeaderField>.Shared.Rent(Math.Max(UsualFields, Count * 2));
        _fields.AsSpan(0, Count).CopyTo(larger);
        ReturnFields();
        _fields = larger;
    }

    private void Reserve(int length)
    {
        if (_ownedLength + length > _owned.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(UsualBytes, Math.Max(_owned.Length * 2, _ownedLength + length)));
            _owned.AsSpan(0, _ownedLength).CopyTo(larger);
            if (_owned.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_owned);
            }

            _owned = larger;
        }

        _bytes = _owned;
    }

    private void ReturnFields()
    {
        if (_fields.Length == UsualFields && _secondSpare is null)
        {
            _secondSpare = _spare;
            _spare = _fields;
        }
        else if (_fields.Length > 0)
        {
            ArrayPool<HeaderField>.Shared.Return(_fields);
        }
    }
}
