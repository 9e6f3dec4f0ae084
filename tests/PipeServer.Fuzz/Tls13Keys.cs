using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace PipeServer.Fuzz;

/// <summary>What one direction of TLS 1.3 is encrypted with (RFC 8446 §5.2, §7).</summary>
internal sealed class Tls13Keys : IDisposable
{
    private const int TagBytes = 16;

    private byte[] _secret;
    private AesGcm _cipher;
    private byte[] _iv;
    private ulong _number;

    public Tls13Keys(byte[] secret)
    {
        _secret = secret;
        (_cipher, _iv) = Derive();
    }

    /// <summary>HKDF-Expand-Label (§7.1).</summary>
    public static byte[] Expand(byte[] secret, string label, ReadOnlySpan<byte> context, int length)
    {
        var name = Encoding.ASCII.GetBytes("tls13 " + label);
        return HKDF.Expand(HashAlgorithmName.SHA256, secret, length, [0, (byte)length, (byte)name.Length, .. name, (byte)context.Length, .. context]);
    }

    /// <summary>The next generation (§7.2).</summary>
    public void Update()
    {
        _secret = Expand(_secret, "traffic upd", [], 32);
        _cipher.Dispose();
        (_cipher, _iv) = Derive();
        _number = 0;
    }

    /// <summary>A whole record.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> inner)
    {
        var length = inner.Length + TagBytes;
        var record = new byte[5 + length];
        record[0] = Tls13Client.ApplicationData;
        record[1] = record[2] = 3;
        BinaryPrimitives.WriteUInt16BigEndian(record.AsSpan(3), (ushort)length);
        _cipher.Encrypt(Nonce(), inner, record.AsSpan(5, inner.Length), record.AsSpan(5 + inner.Length), record.AsSpan(0, 5));
        return record;
    }

    /// <exception cref="CryptographicException">It is not authentic.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        var inner = new byte[Math.Max(0, body.Length - TagBytes)];
        _cipher.Decrypt(Nonce(), body[..inner.Length], body[inner.Length..], inner, head);
        return inner;
    }

    public void Dispose() => _cipher.Dispose();

    private (AesGcm Cipher, byte[] Iv) Derive() => (new AesGcm(Expand(_secret, "key", [], 16), TagBytes), Expand(_secret, "iv", [], 12));

    private byte[] Nonce()
    {
        var nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), _number++);
        for (var i = 0; i < nonce.Length; i++)
        {
            nonce[i] ^= _iv[i];
        }

        return nonce;
    }
}
