using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>A client's connection that is idle most of the time. It waits in system calls and never in an epoll, so that only the server's end costs one.</summary>
internal sealed class IdleConnection : IDisposable
{
    // A client's address has 28,232 ports by default; each twenty thousand connections come from another one of 127.0.0.0/8.
    private const int ConnectionsOfAnAddress = 20_000;
    private const int BufferBytes = 4096;

    private static readonly byte[] Request = "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray();
    private static readonly byte[] End = "Hello, World!"u8.ToArray();

    private static readonly byte[] Upgrade = Encoding.ASCII.GetBytes(
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    // The text "hello" below a mask of zeros, and its echo.
    private static readonly byte[] Message = [0x81, 0x85, 0, 0, 0, 0, .. "hello"u8];
    private static readonly byte[] Echo = [0x81, 5, .. "hello"u8];

    // PRI, SETTINGS without any, the acknowledgement of the server's.
    private static readonly byte[] Http2Begin = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];

    // The scheme comes before them: by its place in the static table, as GET. :path (4) and :authority (1) are literals that enter no table.
    private const byte HttpScheme = 0x86;
    private const byte HttpsScheme = 0x87;
    private static readonly byte[] Http2Fields = [0x82, 0x04, 10, .. "/plaintext"u8, 0x01, 9, .. "127.0.0.1"u8];

    private static readonly byte[] Buffer = new byte[BufferBytes];

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = 20_000,
        LingerState = new LingerOption(enable: true, seconds: 0), // a reset: no port rests behind it
    };

    private readonly ConnectionForm _form;
    private Stream _stream;
    private int _nextStream = 1;

    private IdleConnection(ConnectionForm form, int port, int number)
    {
        _form = form;
        _socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(1 + (number / ConnectionsOfAnAddress))]), 0));
        _socket.Connect(IPAddress.Loopback, port);
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    /// <summary>Connects, and says what connections of this form say at first; one thread at a time.</summary>
    /// <param name="form">What it says.</param>
    /// <param name="isTls">It makes a TLS handshake before.</param>
    /// <param name="port">The server's, on 127.0.0.1.</param>
    /// <param name="number">How many there are before it.</param>
    /// <exception cref="MeasurementException">The server does not answer as it should.</exception>
    public static IdleConnection Open(ConnectionForm form, bool isTls, int port, int number)
    {
        var connection = new IdleConnection(form, port, number);
        try
        {
            if (isTls)
            {
                connection.Secure();
            }

            if (form == ConnectionForm.WebSocket)
            {
                connection._stream.Write(Upgrade);
                connection.ReadTo("\r\n\r\n"u8);
            }
            else if (form != ConnectionForm.Silent)
            {
                if (form == ConnectionForm.Http2)
                {
                    connection._stream.Write(Http2Begin);
                }

                connection.Ask();
            }

            return connection;
        }
        catch (IOException exception)
        {
            connection.Dispose();
            throw new MeasurementException($"connection {number + 1} got no answer: {exception.Message} Is 'ulimit -n' high enough?");
        }
    }

    /// <summary>A request, or a message, and its answer.</summary>
    /// <exception cref="MeasurementException">The server does not answer as it should.</exception>
    public void Ask()
    {
        switch (_form)
        {
            case ConnectionForm.Http:
                _stream.Write(Request);
                ReadTo(End);
                break;
            case ConnectionForm.Http2:
                AskByHttp2();
                break;
            case ConnectionForm.WebSocket:
                _stream.Write(Message);
                ReadEcho();
                break;
            default:
                throw new InvalidOperationException("a silent connection asks nothing.");
        }
    }

    public void Dispose() => _stream.Dispose();

    private void Secure()
    {
        var secured = new SslStream(_stream);
        secured.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [_form == ConnectionForm.Http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
#pragma warning disable CA5359 // The certificate is this run's own, made a moment ago.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        _stream = secured;
    }

    private void ReadTo(ReadOnlySpan<byte> end)
    {
        var have = 0;
        do
        {
            have += Receive(Buffer.AsSpan(have));
        }
        while (!Buffer.AsSpan(0, have).EndsWith(end));
    }

    private void AskByHttp2()
    {
        _stream.Write(
        [
            0, 0, (byte)(Http2Fields.Length + 1), 1, 5, 0, 0, (byte)(_nextStream >> 8), (byte)_nextStream, // HEADERS: END_STREAM, END_HEADERS
            _stream is SslStream ? HttpsScheme : HttpScheme, .. Http2Fields,
        ]);
        _nextStream += 2;
        while (true)
        {
            Fill(Buffer.AsSpan(0, 9));
            var (length, type, flags) = ((Buffer[0] << 16) | (Buffer[1] << 8) | Buffer[2], Buffer[3], Buffer[4]);
            if (length > BufferBytes || type is 3 or 7)
            {
                throw new MeasurementException($"a frame of type {type} and {length} bytes came, and no answer.");
            }

            Fill(Buffer.AsSpan(0, length));
            if (type is 0 or 1 && (flags & 1) != 0)
            {
                return;
            }
        }
    }

    private void ReadEcho()
    {
        while (true)
        {
            Fill(Buffer.AsSpan(0, 2));
            var (kind, length) = (Buffer[0], Buffer[1]);
            Fill(Buffer.AsSpan(2, length));
            if (kind == 0x89)
            {
                _stream.Write([0x8A, (byte)(0x80 | length), 0, 0, 0, 0, .. Buffer.AsSpan(2, length)]);
            }
            else if (Buffer.AsSpan(0, 2 + length).SequenceEqual(Echo))
            {
                return;
            }
            else
            {
                throw new MeasurementException($"a frame of kind {kind:x2} came, and no echo.");
            }
        }
    }

    private void Fill(Span<byte> room)
    {
        while (room.Length > 0)
        {
            room = room[Receive(room)..];
        }
    }

    private int Receive(Span<byte> room) => _stream.Read(room) is > 0 and var got ? got : throw new IOException("the server has ended it.");
}
