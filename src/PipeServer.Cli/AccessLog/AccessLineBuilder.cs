using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using PipeServer.Diagnostics;

namespace PipeServer.Cli.AccessLog;

/// <summary>
/// One line of the access log as it is made, in a buffer of the caller's. What finds no room is left out: a line that is too long is cut, and never
/// becomes two. Allocates nothing.
/// </summary>
internal ref struct AccessLineBuilder(Span<byte> buffer)
{
    // Of what a client has sent at most this much is shown, so that one line cannot push hundreds of others out.
    private const int MaxShownBytes = 4096;

    // What stands for itself where it is not quoted, and where it is: ASCII without controls, the quotation mark and the backslash.
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        "!#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    private static readonly SearchValues<byte> PlainAndSpace = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    private readonly Span<byte> _buffer = buffer;

    /// <summary>How many bytes the line has so far.</summary>
    public int Length { get; private set; }

    /// <summary>Appends bytes of our own.</summary>
    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.TryCopyTo(_buffer[Length..]))
        {
            Length += bytes.Length;
        }
    }

    /// <summary>Appends a dash: there is nothing.</summary>
    public void AppendDash() => AppendShort('-', 1);

    /// <summary>Appends at most eight bytes of our own, which lie in a number from its lowest byte on: a copy of so few costs more than all else.</summary>
    public void AppendShort(ulong bytes, int length)
    {
        if (_buffer.Length - Length >= sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_buffer[Length..], bytes);
            Length += length;
        }
    }

    /// <summary>Appends an address of four bytes, as digits with dots.</summary>
    public void AppendIPv4(scoped ReadOnlySpan<byte> address)
    {
        const int Most = 15; // 255.255.255.255
        if (_buffer.Length - Length < Most)
        {
            return;
        }

        var place = _buffer.Slice(Length, Most);
        var at = 0;
        foreach (int octet in address)
        {
            if (octet >= 100)
            {
                place[at++] = (byte)('0' + (octet / 100));
            }

            if (octet >= 10)
            {
                place[at++] = (byte)('0' + (octet / 10 % 10));
            }

            place[at++] = (byte)('0' + (octet % 10));
            if (at < Most)
            {
                place[at++] = (byte)'.'; // the last one is written over
            }
        }

        Length += place[at - 1] == '.' ? at - 1 : at;
    }

    /// <summary>Appends a number.</summary>
    public void Append(long number)
    {
        if (Utf8Formatter.TryFormat(number, _buffer[Length..], out var written))
        {
            Length += written;
        }
    }

    /// <summary>Appends text of our own, in ASCII.</summary>
    public void Append(scoped ReadOnlySpan<char> text)
    {
        if (text.Length <= _buffer.Length - Length)
        {
            Length += Encoding.ASCII.GetBytes(text, _buffer[Length..]);
        }
    }

    /// <summary>Appends what writes itself, like an address.</summary>
    public void Append<T>(T value)
        where T : IUtf8SpanFormattable
    {
        if (value.TryFormat(_buffer[Length..], out var written, default, CultureInfo.InvariantCulture))
        {
            Length += written;
        }
    }

    /// <summary>
    /// Appends what a client has sent, as nginx escapes it: quotation mark, backslash, controls and all that is not ASCII as <c>\xHH</c>; a dash where
    /// there is nothing.
    /// </summary>
    /// <param name="bytes">Any bytes.</param>
    /// <param name="escapesSpaces">Spaces too: the value does not stand between quotation marks.</param>
    public void AppendEscaped(scoped ReadOnlySpan<byte> bytes, bool escapesSpaces)
    {
        if (bytes.IsEmpty)
        {
            AppendDash();
            return;
        }

        bytes = bytes[..Math.Min(bytes.Length, MaxShownBytes)];
        var plain = escapesSpaces ? Plain : PlainAndSpace;
        while (true)
        {
            var length = bytes.IndexOfAnyExcept(plain);
            var run = length < 0 ? bytes : bytes[..length];
            Append(run[..Math.Min(run.Length, _buffer.Length - Length)]);
            if (length < 0 || !TryAppendHexadecimal(bytes[length]))
            {
                return;
            }

            bytes = bytes[(length + 1)..];
        }
    }

    /// <summary>
    /// Appends what a client has sent as a string of JSON (RFC 8259 §7). What is UTF-8 stays as it is; a byte that is not stands for itself, as in
    /// Latin-1.
    /// </summary>
    public void AppendJsonString(scoped ReadOnlySpan<byte> bytes)
    {
        Append("\""u8);
        bytes = bytes[..Math.Min(bytes.Length, MaxShownBytes)];
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var consumed);
            if (status != OperationStatus.Done)
            {
                (rune, consumed) = (new Rune(bytes[0]), 1);
            }

            AppendJson(rune, bytes[..consumed], isUtf8: status == OperationStatus.Done);
            bytes = bytes[consumed..];
        }

        Append("\""u8);
    }

    // False where it finds no room: the line ends before it.
    private bool TryAppendHexadecimal(byte value)
    {
        const string Digits = "0123456789ABCDEF";
        if (_buffer.Length - Length < 4)
        {
            return false;
        }

        var place = _buffer.Slice(Length, 4);
        (place[0], place[1], place[2], place[3]) = ((byte)'\\', (byte)'x', (byte)Digits[value >> 4], (byte)Digits[value & 15]);
        Length += 4;
        return true;
    }

    // Besides what JSON asks for, all that EscapedLine escapes: a reader's terminal must not be steered.
    private void AppendJson(Rune rune, scoped ReadOnlySpan<byte> bytes, bool isUtf8)
    {
        if (rune.Value is '"' or '\\')
        {
            Append("\\"u8);
            Append(bytes);
        }
        else if (isUtf8 && !EscapedLine.IsUnsafe(rune))
        {
            Append(bytes);
        }
        else
        {
            Span<byte> escape = stackalloc byte[6];
            "\\u"u8.CopyTo(escape);
            _ = Utf8Formatter.TryFormat(rune.Value, escape[2..], out _, new StandardFormat('x', 4));
            Append(escape);
        }
    }
}
