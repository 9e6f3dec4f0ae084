using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PipeServer.Fuzz;

/// <summary>
/// A client of TLS 1.3 (RFC 8446) that can do what no library's client does: any record at any time, encrypted as it should be. P-256, AES-128-GCM and
/// nothing else; it believes every certificate.
/// </summary>
internal sealed class Tls13Client(Stream stream) : IDisposable
{
    public const byte ChangeCipherSpec = 20;
    public const byte Alert = 21;
    public const byte Handshake = 22;
    public const byte ApplicationData = 23;

    private const byte KeyUpdateMessage = 24;
    private const byte FinishedMessage = 20;

    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly IncrementalHash _transcript = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Tls13Keys? _toServer;
    private Tls13Keys? _toClient;

    /// <summary>The first message, in no record yet.</summary>
    public byte[] ClientHello()
    {
        var point = _key.ExportParameters(false).Q;
        byte[] body =
        [
            3, 3, .. RandomNumberGenerator.GetBytes(32), 32, .. RandomNumberGenerator.GetBytes(32), 0, 2, 0x13, 0x01, 1, 0,
            .. Vector(
                2,
                [
                    .. Extension(0, Vector(2, [0, .. Vector(2, "localhost"u8)])),
                    .. Extension(10, Vector(2, [0, 0x17])),
                    .. Extension(13, Vector(2, [4, 3, 8, 4, 4, 1])),
                    .. Extension(16, Vector(2, Vector(1, "http/1.1"u8))),
                    .. Extension(43, Vector(1, [3, 4])),
                    .. Extension(45, Vector(1, [1])),
                    .. Extension(51, Vector(2, [0, 0x17, .. Vector(2, [4, .. point.X!, .. point.Y!])])),
                ]),
        ];
        return Message(1, body);
    }

    /// <summary>Makes the handshake.</summary>
    /// <param name="cut">How a message is divided into records, which the protocol leaves open; null for one record each.</param>
    /// <exception cref="IOException">The server refuses it.</exception>
    public async Task HandshakeAsync(Func<int, int>? cut = null)
    {
        var hello = ClientHello();
        await SendPlainAsync(Handshake, hello, cut);
        _transcript.AppendData(hello);
        var serverHello = await ReadServerHelloAsync();
        _transcript.AppendData(serverHello);
        using var server = ServerKey(serverHello);
        var shared = _key.DeriveRawSecretAgreement(server.PublicKey);
        var early = HKDF.Extract(HashAlgorithmName.SHA256, new byte[32], new byte[32]);
        var handshake = HKDF.Extract(HashAlgorithmName.SHA256, shared, Tls13Keys.Expand(early, "derived", SHA256.HashData([]), 32));
        var hash = _transcript.GetCurrentHash();
        var clientSecret = Tls13Keys.Expand(handshake, "c hs traffic", hash, 32);
        _toServer = new Tls13Keys(clientSecret);
        _toClient = new Tls13Keys(Tls13Keys.Expand(handshake, "s hs traffic", hash, 32));
        await ReadServerFlightAsync();
        var master = HKDF.Extract(HashAlgorithmName.SHA256, new byte[32], Tls13Keys.Expand(handshake, "derived", SHA256.HashData([]), 32));
        hash = _transcript.GetCurrentHash();
        var finished = HMACSHA256.HashData(Tls13Keys.Expand(clientSecret, "finished", [], 32), hash);
        await SendAsync(Handshake, Message(FinishedMessage, finished), cut: cut);
        _toServer.Dispose();
        _toClient.Dispose();
        _toServer = new Tls13Keys(Tls13Keys.Expand(master, "c ap traffic", hash, 32));
        _toClient = new Tls13Keys(Tls13Keys.Expand(master, "s ap traffic", hash, 32));
    }

    /// <summary>Sends encrypted records.</summary>
    /// <param name="type">What their content is.</param>
    /// <param name="content">The content.</param>
    /// <param name="padding">Zeros behind it, in each record.</param>
    /// <param name="cut">How it is divided: given what is left, how much goes into the next record, 0 for an empty one. Null for one record.</param>
    public async Task SendAsync(byte type, ReadOnlyMemory<byte> content, int padding = 0, Func<int, int>? cut = null)
    {
        do
        {
            var part = content[..(cut?.Invoke(content.Length) ?? content.Length)];
            content = content[part.Length..];
            await stream.WriteAsync(_toServer!.Encrypt([.. part.Span, type, .. new byte[padding]]));
        }
        while (!content.IsEmpty);
    }

    /// <summary>Sends what an encrypted record holds, as it is: its last byte that is not zero is the type of its content.</summary>
    public async Task SendInnerAsync(ReadOnlyMemory<byte> inner) => await stream.WriteAsync(_toServer!.Encrypt(inner.Span));

    /// <summary>Sends a record whose authentication is wrong.</summary>
    public async Task SendForgedAsync(ReadOnlyMemory<byte> content)
    {
        var record = _toServer!.Encrypt([.. content.Span, ApplicationData]);
        record[^1] ^= 1;
        await stream.WriteAsync(record);
    }

    /// <summary>Changes the key of this direction (RFC 8446 §4.6.3).</summary>
    /// <param name="isAsked">The server is asked to change its own, too.</param>
    public async Task UpdateKeyAsync(bool isAsked)
    {
        await SendAsync(Handshake, Message(KeyUpdateMessage, [isAsked ? (byte)1 : (byte)0]));
        _toServer!.Update();
    }

    /// <summary>Sends records without encryption.</summary>
    public async Task SendPlainAsync(byte type, ReadOnlyMemory<byte> content, Func<int, int>? cut = null)
    {
        do
        {
            var part = content[..(cut?.Invoke(content.Length) ?? content.Length)];
            content = content[part.Length..];
            await stream.WriteAsync(Record(type, part.Span));
        }
        while (!content.IsEmpty);
    }

    /// <summary>The next record of the application or alert; null at the end of the stream.</summary>
    /// <exception cref="IOException">The server's records are wrong, or the connection was reset.</exception>
    public async Task<(byte Type, byte[] Content)?> ReceiveAsync()
    {
        while (await ReceiveAnyAsync() is var (type, content))
        {
            if (type != Handshake)
            {
                return (type, content);
            }

            // Tickets do not matter. A key update is a message, and a record, of its own.
            if (content is [KeyUpdateMessage, ..])
            {
                _toClient!.Update();
            }
        }

        return null;
    }

    public void Dispose()
    {
        _key.Dispose();
        _transcript.Dispose();
        _toServer?.Dispose();
        _toClient?.Dispose();
    }

    /// <summary>A record that is not encrypted.</summary>
    public static byte[] Record(byte type, ReadOnlySpan<byte> content) => [type, 3, 3, (byte)(content.Length >> 8), (byte)content.Length, .. content];

    /// <summary>A message of the handshake.</summary>
    public static byte[] Message(byte type, ReadOnlySpan<byte> body) => [type, .. Vector(3, body)];

    private static byte[] Extension(ushort type, ReadOnlySpan<byte> content) => [(byte)(type >> 8), (byte)type, .. Vector(2, content)];

    private static byte[] Vector(int lengthBytes, ReadOnlySpan<byte> content)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        return [.. length[^lengthBytes..], .. content];
    }

    private static ECDiffieHellman ServerKey(ReadOnlySpan<byte> hello)
    {
        // Head, version, random; the session's id; suite and compression; then extensions.
        var at = 4 + 2 + 32;
        at += 1 + hello[at] + 3 + 2;
        while (at + 4 <= hello.Length)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(hello[at..]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(hello[(at + 2)..]);
            if (type == 51)
            {
                var point = hello.Slice(at + 4 + 5, 64);
                return ECDiffieHellman.Create(new ECParameters
                {
                    Curve = ECCurve.NamedCurves.nistP256,
                    Q = new ECPoint { X = point[..32].ToArray(), Y = point[32..].ToArray() },
                });
            }

            at += 4 + length;
        }

        throw new IOException("The server's hello has no key.");
    }

    private async Task<byte[]> ReadServerHelloAsync() => await ReceiveAnyAsync() is (Handshake, [2, ..] and var hello)
        ? hello
        : throw new IOException("No hello of the server.");

    // From its encrypted extensions to its Finished; which are not checked: it is the server that is on trial.
    private async Task ReadServerFlightAsync()
    {
        var messages = new List<byte>();
        while (true)
        {
            if (await ReceiveAnyAsync() is not (Handshake, var content))
            {
                throw new IOException("The server's flight has ended early.");
            }

            messages.AddRange(content);
            while (messages.Count >= 4 && ((messages[1] << 16) | (messages[2] << 8) | messages[3]) + 4 is var length && messages.Count >= length)
            {
                var isLast = messages[0] == FinishedMessage;
                _transcript.AppendData([.. messages[..length]]);
                messages.RemoveRange(0, length);
                if (isLast)
                {
                    return;
                }
            }
        }
    }

    private async Task<(byte Type, byte[] Content)?> ReceiveAnyAsync()
    {
        while (true)
        {
            var head = new byte[5];
            var count = await stream.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false);
            if (count < 5)
            {
                return count == 0 ? null : throw new IOException("The stream ends within the head of a record.");
            }

            var body = new byte[BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(3))];
            await stream.ReadExactlyAsync(body);
            if (head[0] == ChangeCipherSpec)
            {
                continue; // for middleboxes
            }

            if (_toClient is null || head[0] != ApplicationData)
            {
                return (head[0], body);
            }

            try
            {
                var inner = _toClient.Decrypt(head, body);
                var end = inner.AsSpan().LastIndexOfAnyExcept((byte)0);
                return end < 0 ? throw new IOException("A record of zeros.") : (inner[end], inner[..end]);
            }
            catch (CryptographicException exception)
            {
                throw new IOException("A record of the server cannot be decrypted.", exception);
            }
        }
    }
}
