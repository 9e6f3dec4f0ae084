using System.Runtime.CompilerServices;

namespace PipeServer.Http.Hpack;

/// <summary>Decodes the header blocks of one connection, in their order (RFC 7541). Never throws on input. Not thread-safe.</summary>
internal sealed class HpackDecoder
{
    private const int KeptScratch = 1024;
    private const int FirstIndexed = 0x80;
    private const int LastUsual = 0x87; // the last of the static table's pseudo-headers of a request
    private const int FirstPath = 4; // literals without indexing, the names of which are those of the static table's two paths
    private const int LastPath = 5;
    private const int MaxSizeUpdates = 2; // RFC 7541 §4.2: the least size since the last block, and the one that holds now

    private readonly HuffmanCode _huffman = HuffmanCode.Shared;
    private readonly StaticTable _static = StaticTable.Shared;
    private readonly DynamicTable _dynamic = new();
    private byte[] _scratch = []; // for blocks whose fields are not kept where they are decoded

    /// <summary>The last block that could not be decoded was none that anybody goes on with (<see cref="FieldSize.IsBomb"/>).</summary>
    public bool HasMetBomb { get; private set; }

    /// <summary>How much of the dynamic table is used, as RFC 7541 §4.1 counts it.</summary>
    internal int TableSize => _dynamic.Size;

    /// <summary>Makes it ready for the next connection, and gives back what is large.</summary>
    public void Reset()
    {
        _dynamic.Reset();
        _scratch = [];
        HasMetBomb = false;
    }

    /// <summary>Decodes the block of a request into a head that is reset.</summary>
    /// <param name="block">All fragments of the block, joined.</param>
    /// <param name="head">Gets the fields, and all that follows from them; keeps copies of all bytes.</param>
    /// <param name="endsStream">No body follows.</param>
    /// <param name="limits">What a head may have.</param>
    public HeadStatus DecodeRequest(ReadOnlySpan<byte> block, RequestHead head, bool endsStream, in RequestLimits limits)
    {
        var arena = new FieldArena(head.BeginBlock());
        var sink = new RequestSink(head, limits);
        return Decode(block, ref arena, ref sink) ? sink.Finish(arena, endsStream) : sink.Abandon(arena);
    }

    /// <summary>Decodes the block behind a body. Fields that may not stand there are dropped, as <see cref="TrailerFields"/> does.</summary>
    public HeadStatus DecodeTrailers(ReadOnlySpan<byte> block, HeaderFields trailers, in RequestLimits limits)
    {
        var sink = new TrailerSink(trailers, limits);
        return DecodeAside(block, ref sink) ? sink.Status : HeadStatus.CompressionError;
    }

    /// <summary>
    /// Keeps the dynamic table right by a block that nobody wants. <see cref="HeadStatus.Complete"/> or <see cref="HeadStatus.CompressionError"/>.
    /// </summary>
    public HeadStatus Skip(ReadOnlySpan<byte> block)
    {
        var sink = default(NoSink);
        return DecodeAside(block, ref sink) ? HeadStatus.Complete : HeadStatus.CompressionError;
    }

    private bool DecodeAside<TSink>(ReadOnlySpan<byte> block, ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct
    {
        var arena = new FieldArena(_scratch);
        var isDecoded = Decode(block, ref arena, ref sink);
        _scratch = arena.Bytes.Length <= KeptScratch ? arena.Bytes : [];
        return isDecoded;
    }

    /// <summary>Decodes a block for somebody. False: COMPRESSION_ERROR.</summary>
    /// <param name="block">All fragments of the block, joined.</param>
    /// <param name="arena">Where the fields are decoded to.</param>
    /// <param name="sink">Takes them.</param>
    internal bool Decode<TSink>(ReadOnlySpan<byte> block, ref FieldArena arena, ref TSink sink)
        where TSink : struct, IFieldSink, allows ref struct
    {
        var at = 0;
        if (block.Length > 0 && (block[0] & 0xE0) == 0x20 && !TryUpdateSize(block, ref at))
        {
            return false;
        }

        while (at < block.Length)
        {
            var first = block[at];
            bool goesOn;
            if (first >= FirstIndexed)
            {
                if (first <= LastUsual && sink.TryAddUsual(ref arena, first))
                {
                    at++;
                    continue;
                }

                if (!HpackInteger.TryRead(block, ref at, 0x7F, out var index))
                {
                    return false;
                }

                ref readonly var found = ref Find(index, out var bytes);
                if (found.Start < 0)
                {
                    return false;
                }

                arena.Put(0, bytes.AsSpan(found.Start, found.Length));
                goesOn = sink.Add(ref arena, found);
            }
            else
            {
                var isRead = first is FirstPath or LastPath
                    ? TryReadPath(block, ref at, ref arena, out var literal)
                    : TryReadLiteral(block, ref at, ref arena, out literal);
                if (!isRead)
                {
                    return false;
                }

                goesOn = sink.Add(ref arena, literal);
            }

            if (!goesOn)
            {
                HasMetBomb = true;
                return false;
            }
        }

        return true;
    }

    // RFC 7541 §6.3, and §4.2: at the block's beginning only.
    private bool TryUpdateSize(ReadOnlySpan<byte> block, ref int at)
    {
        for (var updates = 0; at < block.Length && (block[at] & 0xE0) == 0x20; updates++)
        {
            if (updates == MaxSizeUpdates || !HpackInteger.TryRead(block, ref at, 0x1F, out var size) || size > DynamicTable.MaxSize)
            {
                return false;
            }

            _dynamic.SetLimit(size);
        }

        return true;
    }

    // What starts before its bytes is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref readonly HpackField Find(int index, out byte[] bytes)
    {
        var place = index - StaticTable.Count - 1;
        if ((uint)place < (uint)_dynamic.Count)
        {
            bytes = _dynamic.Bytes;
            return ref _dynamic[place];
        }

        bytes = _static.Bytes;
        return ref _static[place < 0 ? index : 0];
    }

    // RFC 7541 §6.2: with incremental indexing 01, without 0000, never indexed 0001.
    private bool TryReadLiteral(ReadOnlySpan<byte> block, ref int at, ref FieldArena arena, out HpackField field)
    {
        field = default;
        var first = block[at];
        var isIndexed = first >= 0x40;
        if ((first & 0xE0) == 0x20 || !HpackInteger.TryRead(block, ref at, isIndexed ? 0x3F : 0x0F, out var index))
        {
            return false;
        }

        if (index == 0)
        {
            if (!TryReadString(block, ref at, ref arena, 0, out var nameLength))
            {
                return false;
            }

            field = FieldRules.Name(arena.Part(0, nameLength));
        }
        else
        {
            field = Find(index, out var bytes);
            if (field.Start < 0)
            {
                return false;
            }

            arena.Put(0, bytes.AsSpan(field.Start, field.NameLength));
        }

        if (!TryReadString(block, ref at, ref arena, field.NameLength, out var valueLength))
        {
            return false;
        }

        // The judgement of a name from the table is without the one of the value that stands there.
        field = FieldRules.WithValue(field, arena.Part(field.NameLength, valueLength));
        if (isIndexed)
        {
            _dynamic.Add(arena.Part(0, field.Length), field);
        }

        return true;
    }

    // The field that is another one in nearly every request, as most clients send it.
    private bool TryReadPath(ReadOnlySpan<byte> block, ref int at, ref FieldArena arena, out HpackField field)
    {
        var name = ":path"u8;
        at++;
        arena.Put(0, name);
        if (!TryReadString(block, ref at, ref arena, name.Length, out var length))
        {
            field = default;
            return false;
        }

        field = new HpackField(0, name.Length, length, FieldKind.Path, KnownHeader.Other, FieldRules.CheckPath(arena.Part(name.Length, length)));
        return true;
    }

    // RFC 7541 §5.2
    private bool TryReadString(ReadOnlySpan<byte> block, ref int at, ref FieldArena arena, int begun, out int length)
    {
        length = 0;
        if (at >= block.Length)
        {
            return false;
        }

        var isHuffman = block[at] >= 0x80;
        if (!HpackInteger.TryRead(block, ref at, 0x7F, out var encoded) || encoded > block.Length - at)
        {
            return false;
        }

        var source = block.Slice(at, encoded);
        at += encoded;
        if (!isHuffman)
        {
            arena.Put(begun, source);
            length = encoded;
            return true;
        }

        arena.Reserve(begun, HuffmanCode.MaxDecodedBytes(encoded));
        return _huffman.TryDecode(source, arena.Bytes.AsSpan(arena.Used + begun), out length);
    }

    private struct NoSink : IFieldSink
    {
        private int _size;

        public readonly bool TryAddUsual(ref FieldArena arena, byte first) => false;

        public bool Add(ref FieldArena arena, in HpackField field)
        {
            _size = FieldSize.Add(_size, field);
            return _size <= FieldSize.LeastBomb;
        }
    }
}
