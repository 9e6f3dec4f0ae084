using System.IO.Compression;
using System.Text;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>Makes what a client may send behind its handshake: frames that are right, nearly right or wrong, in any order.</summary>
/// <param name="random">Decides on everything.</param>
/// <param name="path">The route of <see cref="WebSocketServer"/> that it is for.</param>
internal sealed class FrameStreams(Random random, string path)
{
    private static readonly string[] Texts = ["", "a", "hello", "gr\u00FC\u00DFe", "\u20AC", "\U0001F600\U0001F601", "\0", "\uFFFD", "\uD7FF\uE000", "long "];

    private static readonly byte[][] NoTexts =
        [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xF0, 0x9F], [0xC3], [0xE0, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80]];

    private static readonly int[] Codes = [0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1011, 1012, 1014, 1015, 1016, 2999, 3000, 4999, 5000, 65535];

    private readonly bool _isCompressed = path.Contains("/deflate", StringComparison.Ordinal);

    /// <summary>One stream.</summary>
    public byte[] Next()
    {
        // Compressed so that every route takes it: the one with a short window gets messages that are shorter, each for itself.
        using var deflater = new Deflater(path is "/ws/deflate" or "/ws/deflate/small" && random.Next(2) == 0, random.Next(3) switch
        {
            0 => CompressionLevel.NoCompression,
            1 => CompressionLevel.Fastest,
            _ => CompressionLevel.Optimal,
        });
        var bytes = new List<byte>();
        for (var count = random.Next(8); count >= 0; count--)
        {
            if (random.Next(12) == 0)
            {
                var cases = WebSocketCases.All;
                var item = cases[random.Next(cases.Count)];
                bytes.AddRange(item.Bytes.Length <= 3000 ? item.Bytes : []);
                continue;
            }

            foreach (var frame in NextFrames(deflater))
            {
                bytes.AddRange((random.Next(40) == 0 ? Wronged(frame) : frame).Encode());
            }
        }

        if (random.Next(4) == 0)
        {
            bytes.AddRange(Close().Encode());
        }

        for (var change = random.Next(3) == 0 ? random.Next(1, 4) : 0; change > 0 && bytes.Count > 0; change--)
        {
            Change(bytes);
        }

        return [.. bytes];
    }

    private IEnumerable<Frame> NextFrames(Deflater deflater)
    {
        switch (random.Next(10))
        {
            case 0:
                return [new Frame(Opcode.Ping, Any(random.Next(126))) { Mask = Mask() }];
            case 1:
                return [new Frame(Opcode.Pong, Any(random.Next(126))) { Mask = Mask() }];
            default:
                var isText = random.Next(3) != 0;
                var message = new Frame(isText ? Opcode.Text : Opcode.Binary, isText ? Text() : Any(Length())) { Mask = Mask() };
                if (_isCompressed && random.Next(4) != 0)
                {
                    message = message with { Reserved = Frame.Compressed, Payload = deflater.Deflate(message.Payload) };
                    if (random.Next(15) == 0)
                    {
                        message = message with { Payload = Damaged(message.Payload) };
                    }
                }

                return random.Next(2) == 0 ? [message] : InFragments(message);
        }
    }

    private IEnumerable<Frame> InFragments(Frame message)
    {
        var (at, isFirst) = (0, true);
        while (true)
        {
            var left = message.Payload.Length - at;
            var length = random.Next(4) == 0 ? Math.Min(1, left) : random.Next(left + 1);
            var isLast = random.Next(3) == 0;
            length = isLast ? left : length;
            yield return message with
            {
                Kind = isFirst ? message.Kind : Opcode.Continuation,
                Reserved = isFirst ? message.Reserved : 0,
                Payload = message.Payload[at..(at + length)],
                IsFinal = isLast,
                Mask = Mask(),
            };
            if (isLast)
            {
                yield break;
            }

            at += length;
            isFirst = false;
            for (var controls = random.Next(3) == 0 ? random.Next(1, 4) : 0; controls > 0; controls--)
            {
                yield return new Frame(random.Next(2) == 0 ? Opcode.Ping : Opcode.Pong, Any(random.Next(12))) { Mask = Mask() };
            }
        }
    }

    private Frame Wronged(Frame frame) => random.Next(9) switch
    {
        0 => frame with { Mask = null },
        1 => frame with { Reserved = random.Next(8) << 4 },
        2 => frame with { Kind = random.Next(16) },
        3 => frame with { IsFinal = !frame.IsFinal },
        4 => frame with { Form = (LengthForm)random.Next(3) },
        5 => frame with { ToldLength = (ulong)random.Next(300) },
        6 => frame with { ToldLength = (ulong)random.NextInt64(long.MinValue, long.MaxValue) },
        7 => frame with { Kind = Opcode.Continuation, Reserved = 0 },
        _ => Close(),
    };

    private Frame Close()
    {
        var code = random.Next(3) == 0 ? random.Next(65536) : Codes[random.Next(Codes.Length)];
        byte[] reason = random.Next(4) switch { 0 => Text(), 1 => NoTexts[random.Next(NoTexts.Length)], _ => [] };
        byte[] payload = random.Next(8) switch { 0 => [], 1 => [3], _ => [(byte)(code >> 8), (byte)code, .. reason.Take(123)] };
        return new Frame(Opcode.Close, payload) { Mask = Mask() };
    }

    private byte[] Text()
    {
        var bytes = new List<byte>();
        for (var count = random.Next(random.Next(10) == 0 ? 120 : 5); count >= 0; count--)
        {
            bytes.AddRange(random.Next(40) == 0 ? NoTexts[random.Next(NoTexts.Length)] : Encoding.UTF8.GetBytes(Texts[random.Next(Texts.Length)]));
        }

        return path.EndsWith("/nine", StringComparison.Ordinal) ? [.. bytes.Take(400)] : [.. bytes];
    }

    // Around all that is a limit to somebody.
    private int Length() => path.EndsWith("/nine", StringComparison.Ordinal) ? random.Next(400) : random.Next(8) switch
    {
        0 => 0,
        1 => random.Next(124, 129),
        2 => random.Next(WebSocketServer.SmallMessageBytes - 1, WebSocketServer.SmallMessageBytes + 2),
        3 => random.Next(4094, 4099),
        4 when random.Next(4) == 0 => random.Next(65534, 65538),
        _ => random.Next(60),
    };

    private byte[] Any(int length)
    {
        var bytes = new byte[length];
        if (random.Next(3) != 0)
        {
            random.NextBytes(bytes);
        }

        return bytes;
    }

    private byte[] Damaged(byte[] bytes)
    {
        var damaged = bytes.ToList();
        Change(damaged);
        return [.. damaged];
    }

    // No mask at all to see through is the one that lets changes of the bytes be changes of the payload.
    private uint? Mask() => random.Next(2) == 0 ? 0 : (uint)random.NextInt64(1L << 32);

    private void Change(List<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            return;
        }

        var at = random.Next(bytes.Count);
        var length = Math.Min(random.Next(1, 12), bytes.Count - at);
        switch (random.Next(6))
        {
            case 0:
                bytes.RemoveRange(at, length);
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 3:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 4:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            default:
                bytes.InsertRange(at, Any(length));
                break;
        }
    }
}
