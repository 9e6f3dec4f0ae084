using System.Globalization;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>Makes the frames of a client that keeps to RFC 9113 in every way that there is: several streams at once, and everything between their frames.</summary>
internal sealed class Http2Script
{
    // Of all bodies together, padding too: the server need not let more come before it has said so.
    private const int MaxUpload = 60_000;
    private const int MaxControls = 12;
    private const int Ample = 1 << 20;

    private readonly Random _random;
    private readonly NaiveHpackEncoder _encoder;
    private readonly List<Http2Frame> _frames = [];
    private readonly List<(int Id, Queue<byte[]> Pieces, bool HasTrailers)> _open = [];
    private readonly string _name;
    private int _nextId = 1;
    private int _room = MaxUpload;
    private int _controls;

    private Http2Script(Random random)
    {
        _random = random;
        _name = random.Next(1, 1 << 28).ToString("x", CultureInfo.InvariantCulture);
        _encoder = new NaiveHpackEncoder { UsesTables = random.Next(3) > 0, UsesHuffman = random.Next(2) == 0 };
    }

    /// <summary>The frames, without the preface.</summary>
    public static List<Http2Frame> Next(Random random)
    {
        var script = new Http2Script(random);
        script.Run();
        return script._frames;
    }

    private bool OneIn(int count) => _random.Next(count) == 0;

    private void Run()
    {
        _frames.Add(FirstSettings());
        var streams = _random.Next(1, 9);
        while (streams > 0 || _open.Count > 0)
        {
            switch (_random.Next(5))
            {
                case 0 or 1 when streams > 0:
                    streams--;
                    Begin();
                    break;
                case 4 when _controls < MaxControls:
                    _controls++;
                    _frames.Add(Control());
                    break;
                default:
                    GoOn();
                    break;
            }
        }

        // What the server has not been let send yet comes now, and the last ping says that all was seen.
        _frames.Add(Http2Frame.WindowUpdate(0, 1 << 24));
        _frames.Add(Http2Frame.SettingsOf((Setting.InitialWindowSize, Ample)));
        _frames.Add(Http2Frame.Ping("the last"));
    }

    private Http2Frame FirstSettings()
    {
        var settings = new List<(int, long)>();
        if (OneIn(2))
        {
            settings.Add((Setting.InitialWindowSize, _random.Next(4) switch { 0 => 0, 1 => _random.Next(1, 200), 2 => 65535, _ => Ample }));
        }

        if (OneIn(3))
        {
            settings.Add((Setting.EnablePush, 0));
        }

        if (OneIn(3))
        {
            settings.Add((Setting.HeaderTableSize, _random.Next(3) switch { 0 => 0, 1 => 4096, _ => 65536 }));
        }

        if (OneIn(4))
        {
            settings.Add((Setting.MaxFrameSize, _random.Next(16384, 1 << 24)));
        }

        if (OneIn(4))
        {
            settings.Add((Setting.MaxConcurrentStreams, _random.Next(100)));
        }

        if (OneIn(4))
        {
            settings.Add((_random.Next(0x100, 0x10000), _random.Next()));
        }

        return Http2Frame.SettingsOf([.. settings]);
    }

    private void Begin()
    {
        var id = _nextId;
        _nextId += OneIn(5) ? 2 * _random.Next(1, 50) : 2;
        var method = _random.Next(5) switch { 0 => "GET", 1 => "HEAD", _ => "POST" };
        var route = Http2FuzzServer.Routes[_random.Next(Http2FuzzServer.Routes.Count)];
        var pieces = new Queue<byte[]>();
        if (method == "POST")
        {
            for (var count = _random.Next(4); count > 0; count--)
            {
                var length = Math.Min(_room, _random.Next(8) switch { 0 => 0, 1 => _random.Next(16000), _ => _random.Next(100) });
                var piece = new byte[length];
                _random.NextBytes(piece);
                _room -= length;
                pieces.Enqueue(piece);
            }
        }

        var isEnded = pieces.Count == 0 && OneIn(2);
        var hasTrailers = !isEnded && OneIn(4);
        var fields = Fields(method, $"/{route}/{_name}s{id}", pieces.Sum(static piece => piece.Length), method == "POST");
        byte[] block = _encoder.UsesTables && OneIn(6) ? [.. _encoder.Resize(_random.Next(3) switch { 0 => 0, 1 => _random.Next(4097), _ => 4096 }), .. _encoder.Encode(fields)] : _encoder.Encode(fields);
        AddHead(id, block, isEnded);
        if (!isEnded)
        {
            if (!hasTrailers && pieces.Count == 0)
            {
                pieces.Enqueue([]);
            }

            _open.Add((id, pieces, hasTrailers));
        }
    }

    private List<Field> Fields(string method, string path, int length, bool hasBody)
    {
        List<Field> fields = [new(":method", method), new(":scheme", OneIn(4) ? "https" : "http"), new(":path", path), new(":authority", "localhost")];
        for (var at = fields.Count - 1; at > 0; at--)
        {
            // Pseudo-header fields in any order.
            var other = _random.Next(at + 1);
            (fields[at], fields[other]) = (fields[other], fields[at]);
        }

        for (var count = _random.Next(5); count > 0; count--)
        {
            fields.Add(_random.Next(8) switch
            {
                0 => new("cookie", $"a{_random.Next(5)}={_random.Next(100)}"),
                1 => new("user-agent", "fuzzer"),
                2 => new("accept", "*/*"),
                3 => new("te", "trailers"),
                4 => new("priority", OneIn(2) ? "u=1" : "u=5, i"),
                5 => new("x-long", new string('v', _random.Next(600))),
                _ => new($"x-{_random.Next(20)}", $"value {_random.Next(20)} end"),
            });
        }

        if (hasBody && OneIn(2))
        {
            fields.Add(new("content-length", length.ToString(CultureInfo.InvariantCulture)));
        }

        return fields;
    }

    private void AddHead(int id, byte[] block, bool endsStream)
    {
        var cuts = OneIn(3) ? Enumerable.Range(0, _random.Next(1, 4)).Select(_ => _random.Next(block.Length + 1)).Order().ToList() : [];
        var at = 0;
        for (var number = 0; number <= cuts.Count; number++)
        {
            var end = number == cuts.Count ? block.Length : cuts[number];
            var piece = block[at..end];
            at = end;
            if (number > 0)
            {
                _frames.Add(Http2Frame.Continuation(id, piece, end: number == cuts.Count));
                continue;
            }

            var head = new Http2Frame(FrameKind.Headers, (byte)((endsStream ? Flag.EndStream : 0) | (cuts.Count == 0 ? Flag.EndHeaders : 0)), id, piece);
            head = OneIn(5) ? head.Depend(Other(id), (byte)_random.Next(256)) : head;
            _frames.Add(OneIn(5) ? head.Pad(_random.Next(256)) : head);
        }
    }

    // Some stream, or none, but not this one.
    private int Other(int id) => 2 * _random.Next(_nextId) is var other && other + 1 == id ? 0 : other + 1;

    private void GoOn()
    {
        if (_open.Count == 0)
        {
            return;
        }

        var at = _random.Next(_open.Count);
        var (id, pieces, hasTrailers) = _open[at];
        if (OneIn(20))
        {
            _frames.Add(Http2Frame.Reset(id, OneIn(2) ? Code.Cancel : Code.NoError));
            _open.RemoveAt(at);
            return;
        }

        if (pieces.TryDequeue(out var piece))
        {
            var isLast = pieces.Count == 0 && !hasTrailers;
            var data = Http2Frame.Data(id, piece, isLast);
            var padding = OneIn(5) && _room > 0 ? _random.Next(Math.Min(256, _room)) : -1;
            _room -= Math.Max(0, padding + 1);
            _frames.Add(padding >= 0 ? data.Pad(padding) : data);
            if (!isLast)
            {
                return;
            }
        }
        else
        {
            AddHead(id, _encoder.Encode(new Field("x-end", $"{_random.Next(9)}")), endsStream: true);
        }

        _open.RemoveAt(at);
    }

    private Http2Frame Control() => _random.Next(9) switch
    {
        0 => Http2Frame.Ping($"{_random.Next(10_000_000, 99_999_999)}"),
        1 => Http2Frame.SettingsOf((Setting.InitialWindowSize, _random.Next(3) switch { 0 => 0, 1 => _random.Next(70_000), _ => Ample })),
        2 => Http2Frame.SettingsOf((Setting.HeaderTableSize, _random.Next(5000)), (Setting.MaxFrameSize, _random.Next(16384, 20000))),
        3 => Http2Frame.WindowUpdate(0, _random.Next(1, 100_000)),
        4 when _open.Count > 0 => Http2Frame.WindowUpdate(_open[_random.Next(_open.Count)].Id, _random.Next(1, 100_000)),
        5 => Http2Frame.Priority(Other(0), 0, (byte)_random.Next(256)),
        6 when _open.Count > 0 => Http2Frame.PriorityUpdate(_open[_random.Next(_open.Count)].Id, "u=1"),
        7 => new Http2Frame((byte)_random.Next(17, 256), (byte)_random.Next(256), OneIn(2) ? 0 : Other(0), new byte[_random.Next(30)]),
        _ => Http2Frame.SettingsOf(),
    };
}
