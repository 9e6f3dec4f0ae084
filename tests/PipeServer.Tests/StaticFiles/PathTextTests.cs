using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public sealed class PathTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("612F62", "a%2Fb")]
    [InlineData("C3BC", "%C3%BC")]
    [InlineData("FF", "%FF")]
    [InlineData("C0AF", "%C0%AF")]
    [InlineData("EDB280", "%ED%B2%80")]
    [InlineData("F09F9880FF", "%F0%9F%98%80%FF")]
    [InlineData("F09F98", "%F0%9F%98")]
    [InlineData("613A3F2325203C", "a%3A%3F%23%25%20%3C")]
    public void No_byte_is_lost(string hexadecimal, string escaped)
    {
        var bytes = Convert.FromHexString(hexadecimal);
        var text = PathText.FromBytes(bytes);
        Assert.Equal(bytes, Bytes(text));
        Assert.Equal(escaped, PathText.Escape(text));
    }

    [Fact]
    public void Random_bytes_come_back_as_they_were()
    {
        var random = new Random(20261126);
        byte[] pieces = [0x2F, 0x61, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC3, 0xED, 0xE2, 0xF0, 0xF4, 0xFF, 0xB2, 0xAF];
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]).ToArray();
            var text = PathText.FromBytes(bytes);
            Assert.Equal(bytes, Bytes(text));
            Assert.Equal(bytes.Count(static value => value == '/'), text.Count(static c => c == '/'));
            Assert.Equal(System.Text.Unicode.Utf8.IsValid(bytes), PathText.IsUtf8(text));
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(PathText.ToText(text));
        }
    }

    [Theory]
    [InlineData("plain ü 日本 😀", "plain ü 日本 😀")]
    [InlineData("a\tb\u007F\u0085", "a<U+0009>b<U+007F><U+0085>")]
    [InlineData("\u202Egpj.exe", "<U+202E>gpj.exe")]
    [InlineData("\u2066x\u2069\u200F", "<U+2066>x<U+2069><U+200F>")]
    public void What_could_deceive_is_shown(string name, string visible)
    {
        Assert.Equal(visible, PathText.ToVisible(name));
        Assert.Equal("\uFFFD" + visible, PathText.ToVisible("\uDCFF" + name));
    }

    private static byte[] Bytes(string text)
    {
        var bytes = new byte[3 * text.Length];
        return bytes[..PathText.GetBytes(text, bytes)];
    }
}
