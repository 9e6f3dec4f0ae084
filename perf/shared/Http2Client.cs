using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.Perf;

/// <summary>
/// One HTTP/2 connection in clear text that asks for the same over and over, several streams at a time. It sends the bytes that h2load sends (nghttp2 1.52:
/// what it puts into the dynamic table, what it compresses), so that every run is the same.
/// </summary>
internal sealed class Http2Client : IDisposable
{
    private const int FrameHeadBytes = 9;

    /// <summary>The longest frame that comes: the default of SETTINGS_MAX_FRAME_SIZE, and its head.</summary>
    public const int FrameBytes = FrameHeadBytes + (16 * 1024);

    // The first request's fields are literals that enter the table; all others point at them.
    private const byte IndexedMethodGet = 0x82;
    private const byte IndexedSchemeHttp = 0x86;
    private const byte LiteralPath = 0x04;
    private const byte LiteralAuthorityToIndex = 0x41;
    private const byte LiteralUserAgentToIndex = 0x7a;
    private const byte IndexedUserAgent = 0x80 | 62;
    private const byte IndexedAuthority = 0x80 | 63;

    private const int LargestWindow = (1 << 30) - 1;
    private const int FirstWindow = 65_535;

    // So much of the connection's window is used up before it is opened again.
    private const int WindowStep = 32 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 120_000 };
    private readonly byte[] _received;
    private readonly byte[] _path;
    private readonly int _streams;
    private readonly List<byte> _batch = [];
    private int _length;
    private int _nextStream = 1;
    private int _unreported;

    private Http2Client(int port, string path, int streams, byte[] buffer)
    {
        _path = CompressedPath(path);
        _streams = streams;
        _received = buffer;
        _socket.Connect(IPAddress.Loopback, port);
        _batch.AddRange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        AddFrame(4, 0, 0, [0, 3, 0, 0, 0, 100, 0, 4, .. BigEndian(LargestWindow), 0, 2, 0, 0, 0, 0]);
        AddFrame(8, 0, 0, BigEndian(LargestWindow - FirstWindow));
        AddRequest(
            [
                IndexedMethodGet, IndexedSchemeHttp, LiteralAuthorityToIndex, .. Literal($"127.0.0.1:{port}"), LiteralPath, .. _path,
                LiteralUserAgentToIndex, .. Literal("h2load nghttp2/1.52.0"),
            ]);
        Send();
        Receive(1);
    }

    /// <summary>Connects, and asks once.</summary>
    /// <param name="port">Of 127.0.0.1.</param>
    /// <param name="path">What it asks for.</param>
    /// <param name="streams">How many at a time.</param>
    /// <param name="buffer">What answers are read into, at least <see cref="FrameBytes"/>; of several clients, where each of them asks once only.</param>
    /// <exception cref="MeasurementException">The server answers something else than 200, or ends the connection.</exception>
    public static Http2Client Connect(int port, string path, int streams, byte[] buffer) => new(port, path, streams, buffer);

    /// <summary>Sends so many requests, and reads their answers.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="pause">What is done before each batch, or null.</param>
    /// <exception cref="MeasurementException">An answer is none, or the server has ended the connection.</exception>
    public void Run(int requests, Action? pause = null)
    {
        for (var sent = 0; sent < requests; sent += _streams)
        {
            pause?.Invoke();
            if (_unreported >= WindowStep)
            {
                AddFrame(8, 0, 0, BigEndian(_unreported));
                _unreported = 0;
            }

            for (var stream = 0; stream < _streams; stream++)
            {
                AddRequest([IndexedMethodGet, IndexedSchemeHttp, IndexedAuthority, LiteralPath, .. _path, IndexedUserAgent]);
            }

            Send();
            Receive(_streams);
        }
    }

    public void Dispose() => _socket.Dispose();

    // By the code of RFC 7541, Appendix B, as h2load sends it; what nobody has asked for yet goes as it is.
    private static byte[] CompressedPath(string path) => path switch
    {
        "/plaintext" => [0x87, .. Convert.FromHexString("62ba066a925f29")],
        "/worker/plaintext" => [0x8d, .. Convert.FromHexString("63c1ecea5b18ae819aa497ca7f")],
        "/1k.bin" => [0x86, .. Convert.FromHexString("603d578cd57f")],
        _ => Literal(path),
    };

    private static byte[] Literal(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private void AddRequest(ReadOnlySpan<byte> block)
    {
        AddFrame(1, 0x05, _nextStream, block); // END_STREAM, END_HEADERS
        _nextStream += 2;
    }

    private void AddFrame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        _batch.AddRange([(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags]);
        _batch.AddRange(BigEndian(stream));
        _batch.AddRange(payload);
    }

    private void Send()
    {
        _socket.Send(_batch.ToArray());
        _batch.Clear();
    }

    // Until so many streams have ended.
    private void Receive(int streams)
    {
        var at = 0;
        while (streams > 0)
        {
            var frame = _received.AsSpan(at, _length - at);
            var length = frame.Length < FrameHeadBytes ? int.MaxValue : FrameHeadBytes + ((frame[0] << 16) | (frame[1] << 8) | frame[2]);
            if (frame.Length >= length)
            {
                streams -= Take(frame[3], frame[4], frame[FrameHeadBytes..length]) ? 1 : 0;
                at += length;
                continue;
            }

            frame.CopyTo(_received);
            _length = frame.Length;
            at = 0;
            var received = _socket.Receive(_received.AsSpan(_length));
            _length += received > 0 ? received : throw new MeasurementException("the server has ended the connection.");
        }

        _received.AsSpan(at, _length - at).CopyTo(_received);
        _length -= at;
    }

    // True for a frame that ends its stream.
    private bool Take(byte type, byte flags, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case 0: // DATA
                _unreported += payload.Length;
                break;
            case 1: // HEADERS: the status comes first, by its place in the static table (200 is 8) or behind a change of the table's size
                if (payload.TrimStart((byte)0x20)[0] != 0x88)
                {
                    throw new MeasurementException($"an answer without 200: its head is {Convert.ToHexString(payload)}.");
                }

                break;
            case 3: // RST_STREAM
            case 7: // GOAWAY
                throw new MeasurementException($"the server has sent a frame of type {type}: {Convert.ToHexString(payload)}.");
            case 4 or 6 when (flags & 1) == 0: // SETTINGS, PING
                AddFrame(type, 1, 0, type == 6 ? payload : []);
                Send();
                return false;
            default:
                return false;
        }

        return (flags & 1) != 0;
    }
}
