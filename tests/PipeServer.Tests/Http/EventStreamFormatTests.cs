using System.Buffers;
using System.Net.ServerSentEvents;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>Lines of an event stream against the framework's own parser.</summary>
public sealed class EventStreamFormatTests
{
    // Whatever ends its lines, and wherever a long text is cut into pieces.
    [Fact]
    public void Any_text_comes_back_with_its_lines()
    {
        var characters = Gen.Elements('\r', '\n', ' ', ':', 'a', '\0', 'é', '€', '\uFEFF', 'd');
        var texts = Gen.ArrayOf(characters).Select(static characters => new string(characters)).ToArbitrary();
        Prop.ForAll(texts, static text =>
        {
            Assert.Equal(text.ReplaceLineEndings("\n"), RoundTrip(text, asBytes: false));
            Assert.Equal(text.ReplaceLineEndings("\n"), RoundTrip(text, asBytes: true));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(1364)]
    [InlineData(1365)]
    [InlineData(1366)]
    [InlineData(5000)]
    public void A_surrogate_pair_is_not_cut(int before)
    {
        var text = new string('x', before) + string.Concat(Enumerable.Repeat("\U0001F600", 2000));
        Assert.Equal(text, RoundTrip(text, asBytes: false));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("a b:c", true)]
    [InlineData("\u0085\u2028", true)]
    [InlineData("a\n", false)]
    [InlineData("\r", false)]
    [InlineData("a\0b", false)]
    public void A_field_has_one_line(string value, bool expected) => Assert.Equal(expected, EventStreamFormat.IsFieldValue(value));

    private static string RoundTrip(string text, bool asBytes)
    {
        var output = new ArrayBufferWriter<byte>();
        if (asBytes)
        {
            EventStreamFormat.WriteData(output, Encoding.UTF8.GetBytes(text));
        }
        else
        {
            EventStreamFormat.WriteData(output, text.AsSpan());
        }

        output.Write("\n"u8);
        return Assert.Single(SseParser.Create(new MemoryStream(output.WrittenSpan.ToArray())).Enumerate()).Data;
    }
}
