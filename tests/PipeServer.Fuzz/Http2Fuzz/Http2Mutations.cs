using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>What a client sends: a right script, or one that is changed in a few places, or two that are mixed onto one connection.</summary>
internal static class Http2Mutations
{
    /// <summary>All bytes of a connection.</summary>
    public static byte[] Next(Random random)
    {
        var frames = Http2Script.Next(random);
        var kind = random.Next(8);
        if (kind == 0)
        {
            frames = Mix(frames, Http2Script.Next(random), random);
        }
        else if (kind > 2)
        {
            for (var count = random.Next(1, 4); count > 0 && frames.Count > 0; count--)
            {
                Change(frames, random);
            }
        }

        byte[] bytes = [.. Http2Frame.Preface, .. frames.SelectMany(static frame => frame.Encode())];
        if (kind == 7)
        {
            bytes = Change(bytes, random);
        }

        return bytes;
    }

    // Each in its order; the streams of both have the same numbers.
    private static List<Http2Frame> Mix(List<Http2Frame> one, List<Http2Frame> other, Random random)
    {
        var mixed = new List<Http2Frame>();
        var (first, second) = (new Queue<Http2Frame>(one), new Queue<Http2Frame>(other));
        while (first.Count + second.Count > 0)
        {
            var from = second.Count == 0 || (first.Count > 0 && random.Next(2) == 0) ? first : second;
            for (var count = random.Next(1, 4); count > 0 && from.TryDequeue(out var frame); count--)
            {
                mixed.Add(frame);
            }
        }

        return mixed;
    }

    private static void Change(List<Http2Frame> frames, Random random)
    {
        var at = random.Next(frames.Count);
        var frame = frames[at];
        switch (random.Next(11))
        {
            case 0:
                frames[at] = frame with { ToldLength = random.Next(5) switch { 0 => 0, 1 => frame.Payload.Length + 1, 2 => Math.Max(0, frame.Payload.Length - 1), 3 => 16385, _ => random.Next(1 << 24) } };
                break;
            case 1:
                frames[at] = frame with { StreamId = OtherId(frames, frame, random) };
                break;
            case 2:
                frames[at] = frame with { Kind = (byte)random.Next(random.Next(2) == 0 ? 11 : 256) };
                break;
            case 3:
                frames.Insert(random.Next(frames.Count + 1), frame);
                break;
            case 4:
                frames.RemoveAt(at);
                break;
            case 5:
                var other = random.Next(frames.Count);
                (frames[at], frames[other]) = (frames[other], frames[at]);
                break;
            case 6:
                frames[at] = frame with { Flags = (byte)(random.Next(2) == 0 ? frame.Flags ^ (1 << random.Next(8)) : random.Next(256)) };
                break;
            case 7:
                frames[at] = frame with { Payload = frame.Payload[..random.Next(frame.Payload.Length + 1)] };
                break;
            case 8:
                var more = new byte[random.Next(1, 20)];
                random.NextBytes(more);
                frames[at] = frame with { Payload = [.. frame.Payload, .. more] };
                break;
            case 9 when frame.Payload.Length > 0:
                var changed = (byte[])frame.Payload.Clone();
                changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                frames[at] = frame with { Payload = changed };
                break;
            default:
                frames.Insert(at, Wrong(frame.StreamId, random));
                break;
        }
    }

    private static int OtherId(List<Http2Frame> frames, Http2Frame frame, Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => frame.StreamId + 1,
        2 => frame.StreamId + 2,
        3 => frame.StreamId | int.MinValue, // the reserved bit is ignored
        4 => random.Next(),
        _ => frames[random.Next(frames.Count)].StreamId,
    };

    private static Http2Frame Wrong(int id, Random random) => random.Next(16) switch
    {
        0 => new Http2Frame(FrameKind.PushPromise, Flag.EndHeaders, Math.Max(1, id), [0, 0, 0, 2, 0x82]),
        1 => Http2Frame.Continuation(Math.Max(1, id), [0x82]),
        2 => Http2Frame.WindowUpdate(id, 0),
        3 => Http2Frame.WindowUpdate(id, int.MaxValue),
        4 => Http2Frame.SettingsOf((Setting.EnablePush, 2)),
        5 => Http2Frame.SettingsOf((Setting.InitialWindowSize, 0x8000_0000)),
        6 => Http2Frame.SettingsOf((Setting.MaxFrameSize, random.Next(16384))),
        7 => Http2Frame.SettingsAck(),
        8 => Http2Frame.GoAway(0, random.Next(14), "goodbye"),
        9 => Http2Frame.Priority(Math.Max(1, id), Math.Max(1, id)),
        10 => Http2Frame.Reset(Math.Max(1, id)),
        11 => Http2Frame.Ping("an echo?", ack: true),
        12 => Http2Frame.PriorityUpdate(random.Next(1, 100), random.Next(2) == 0 ? "u=9" : "u=1"),
        13 => Http2Frame.Data(Math.Max(1, id), "more", random.Next(2) == 0),
        14 => Http2Frame.Headers(Math.Max(1, id), HpackBytes.Block(WrongField(random)), random.Next(2) == 0),
        _ => Http2Frame.SettingsOf((Setting.EnableConnectProtocol, 1), (Setting.NoRfc7540Priorities, random.Next(3))),
    };

    private static List<Field> WrongField(Random random)
    {
        List<Field> fields = [new(":method", "GET"), new(":scheme", "http"), new(":path", "/inline/wrong"), new(":authority", "localhost")];
        switch (random.Next(9))
        {
            case 0:
                fields.RemoveAt(random.Next(fields.Count));
                break;
            case 1:
                fields.Add(fields[random.Next(fields.Count)]);
                break;
            case 2:
                fields.Insert(random.Next(fields.Count), new("x-before", "1"));
                break;
            case 3:
                fields.Add(new("X-Upper", "1"));
                break;
            case 4:
                fields.Add(new("connection", "close"));
                break;
            case 5:
                fields.Add(new("te", "gzip"));
                break;
            case 6:
                fields.Add(new("x-a", random.Next(3) switch { 0 => " a", 1 => "a\n", _ => "a\0b" }));
                break;
            case 7:
                fields.Add(new(":unknown", "1"));
                break;
            default:
                fields.Add(new("content-length", random.Next(2) == 0 ? "5" : "-1"));
                break;
        }

        return fields;
    }

    private static byte[] Change(byte[] bytes, Random random)
    {
        var at = random.Next(10) == 0 ? random.Next(Http2Frame.Preface.Length) : random.Next(Http2Frame.Preface.Length, bytes.Length);
        switch (random.Next(4))
        {
            case 0:
                return bytes[..at];
            case 1:
                var more = new byte[random.Next(1, 30)];
                random.NextBytes(more);
                return [.. bytes[..at], .. more, .. bytes[at..]];
            case 2:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 30))..]];
            default:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }
}
