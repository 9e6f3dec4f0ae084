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
            Append("-"u8);
            return;
        }

        foreach (var value in bytes[..Math.Min(bytes.Length, MaxShownBytes)])
        {
            const string Digits = "0123456789ABCDEF";
            var isPlain = value is > 0x20 and < 0x7f and not ((byte)'"' or (byte)'\\') || (value == ' ' && !escapesSpaces);
            if (Length + (isPlain ? 1 : 4) > _buffer.Length)
            {
                return;
            }

            if (isPlain)
            {
                _buffer[Length++] = value;
                continue;
            }

            _buffer[Length++] = (byte)'\\';
            _buffer[Length++] = (byte)'x';
            _buffer[Length++] = (byte)Digits[value >> 4];
            _buffer[Length++] = (byte)Digits[value & 15];
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
            if (status != System.Buffers.OperationStatus.Done)
            {
                (rune, consumed) = (new Rune(bytes[0]), 1);
            }

            AppendJson(rune, bytes[..consumed], isUtf8: status == System.Buffers.OperationStatus.Done);
            bytes = bytes[consumed..];
        }

        Append("\""u8);
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
            _ = Utf8Formatter.TryFormat(rune.Value, escape[2..], out _, new System.Buffers.StandardFormat('x', 4));
            Append(escape);
        }
    }
}
