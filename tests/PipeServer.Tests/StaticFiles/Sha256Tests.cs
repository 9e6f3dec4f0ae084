using System.Security.Cryptography;
using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>
/// Our own SHA-256 against the platform's. The platform's ended the process at the first listing or login where OpenSSL is not installed.
/// </summary>
public sealed class Sha256Tests
{
    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void The_standards_examples(string text, string expected) => Assert.Equal(expected, Convert.ToHexStringLower(HashOf(Encoding.ASCII.GetBytes(text))));

    // Around each end of a block, where the padding needs one more.
    [Fact]
    public void It_is_the_platforms_at_every_length()
    {
        var random = new Random(256);
        for (var length = 0; length <= 400; length++)
        {
            var data = new byte[length];
            random.NextBytes(data);
            Assert.Equal(SHA256.HashData(data), HashOf(data));
            foreach (var keyLength in new[] { 0, 1, 32, 64 })
            {
                var key = new byte[keyLength];
                random.NextBytes(key);
                var hash = new byte[Sha256.HashBytes];
                Sha256.Hmac(key, data, hash);
                Assert.Equal(HMACSHA256.HashData(key, data), hash);
            }
        }

        var large = new byte[1_000_003];
        random.NextBytes(large);
        Assert.Equal(SHA256.HashData(large), HashOf(large));
    }

    private static byte[] HashOf(byte[] data)
    {
        var hash = new byte[Sha256.HashBytes];
        Sha256.Hash(data, hash);
        return hash;
    }
}
