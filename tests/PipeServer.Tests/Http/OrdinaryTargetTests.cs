using System.Runtime.Intrinsics.X86;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>The pass over ordinary targets takes what it should, and says of it what <see cref="RequestTarget.Parse"/> says.</summary>
public sealed class OrdinaryTargetTests
{
    [Theory]
    [InlineData("/", 1)]
    [InlineData("/a.b/c;d=e:f@g", 14)]
    [InlineData("//a", 3)]
    [InlineData("/a?", 2)]
    [InlineData("/a?b=/.%2e\\", 2)]
    [InlineData("/a.", 3)]
    [InlineData("", 0)]
    [InlineData("*", 0)]
    [InlineData("a", 0)]
    [InlineData("/.", 0)]
    [InlineData("/a/../b", 0)]
    [InlineData("/a/.b", 0)]
    [InlineData("/%61", 0)]
    [InlineData("/a\\b", 0)]
    [InlineData("/a b", 0)]
    [InlineData("/a#b", 0)]
    [InlineData("/a?b c", 0)]
    [InlineData("/\u00e9", 0)]
    public void A_path_that_stands_as_it_was_sent_is_ordinary(string target, int expected) =>
        Assert.Equal(expected, PathLength(Encoding.Latin1.GetBytes(target), behind: (byte)'a'));

    [Fact]
    public void Every_byte_at_every_place_means_what_it_means_to_the_parser_of_all_targets()
    {
        foreach (var length in new[] { 1, 2, 31, 32, 33, 34, 64, 65, 66, 100 })
        {
            var target = Encoding.Latin1.GetBytes("/" + new string('x', length - 1));
            Assert.Equal(length, PathLength(target, behind: (byte)'x'));
            for (var at = 0; at < length; at++)
            {
                for (var value = 0; value < 256; value++)
                {
                    var changed = target.ToArray();
                    changed[at] = (byte)value;
                    Check(changed);
                    if (at + 1 < length)
                    {
                        changed[at + 1] = (byte)'.';
                        Check(changed);
                    }
                }
            }
        }
    }

    // What lies there may be anything, and never belongs to the target; without the room nothing is looked at.
    [Fact]
    public void Nothing_behind_the_target_is_read_as_a_part_of_it()
    {
        for (var length = 1; length < 80; length++)
        {
            var target = Encoding.Latin1.GetBytes("/" + new string('x', length - 1));
            foreach (var behind in "x/.? %"u8)
            {
                Assert.Equal(length, PathLength(target, behind));
            }

            Assert.Equal(0, PathLength(target, (byte)'x', OrdinaryTarget.Slack - 1));
        }
    }

    private static void Check(byte[] target)
    {
        var length = PathLength(target, behind: (byte)'/');
        var parsed = new RequestTarget();
        var error = parsed.Parse(target, RequestMethod.Get);
        var question = target.AsSpan().IndexOf((byte)'?');
        if (length > 0)
        {
            Assert.Equal(RequestError.None, error);
            Assert.Equal(RequestError.None, parsed.PathError);
            Assert.Equal(question < 0 ? target.Length : question, length);
            Assert.True(parsed.Path(target).SequenceEqual(target.AsSpan(0, length)), "the path stands as it was sent");
            return;
        }

        var path = Encoding.Latin1.GetString(target, 0, question < 0 ? target.Length : question);
        Assert.True(
            error != RequestError.None || path.Contains('%', StringComparison.Ordinal) || path.Contains("/.", StringComparison.Ordinal) || target[0] != '/',
            $"{path} is not taken");
    }

    private static int PathLength(byte[] target, byte behind, int slack = OrdinaryTarget.Slack)
    {
        const int Start = 3;
        var array = new byte[Start + target.Length + slack];
        array.AsSpan().Fill(behind);
        target.CopyTo(array, Start);
        var length = OrdinaryTarget.PathLength<ByteClasses128>(array, Start, target.Length);
        if (Avx2.IsSupported)
        {
            array.AsSpan(Start + target.Length).Fill(behind);
            Assert.Equal(length, OrdinaryTarget.PathLength<ByteClasses256>(array, Start, target.Length));
        }

        return length;
    }
}
