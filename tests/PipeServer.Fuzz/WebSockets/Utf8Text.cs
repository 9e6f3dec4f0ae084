namespace PipeServer.Fuzz.WebSockets;

/// <summary>Looks at bytes as RFC 3629 §4 writes them, character by character.</summary>
internal static class Utf8Text
{
    public static Utf8 Look(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var (least, count) = bytes[at] switch
            {
                < 0x80 => (0, 1),
                >= 0xC2 and < 0xE0 => (0x80, 2),
                >= 0xE0 and < 0xF0 => (0x800, 3),
                >= 0xF0 and < 0xF5 => (0x10000, 4),
                _ => (0, 0),
            };
            if (count == 0)
            {
                return Utf8.Wrong;
            }

            // The numbers that can still come of it, as far as it is here.
            var (low, high) = count == 1 ? (0, 0) : (bytes[at] & (0x7F >> count), bytes[at] & (0x7F >> count));
            for (var i = 1; i < count; i++)
            {
                var isHere = at + i < bytes.Length;
                if (isHere && (bytes[at + i] & 0xC0) != 0x80)
                {
                    return Utf8.Wrong;
                }

                low = (low << 6) | (isHere ? bytes[at + i] & 0x3F : 0);
                high = (high << 6) | (isHere ? bytes[at + i] & 0x3F : 0x3F);
            }

            if (high < least || low > 0x10FFFF || (low >= 0xD800 && high <= 0xDFFF))
            {
                return Utf8.Wrong;
            }

            if (at + count > bytes.Length)
            {
                return Utf8.Half;
            }

            at += count;
        }

        return Utf8.Whole;
    }
}
