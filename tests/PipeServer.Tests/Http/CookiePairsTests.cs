using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>The pairs of a Cookie field.</summary>
public sealed class CookiePairsTests
{
    [Theory]
    [InlineData("a=1", "a|1")]
    [InlineData("a=1; b=2;c=3", "a|1 b|2 c|3")]
    [InlineData("  a = 1 ;\tb\t=\t2\t", "a|1 b|2")]
    [InlineData("a=; b=\"\"; c", "a| b|")]
    [InlineData("a=b=c==", "a|b=c==")]
    [InlineData("a=\"1\"; b=\"2; c=3\"", "a|1 b|\"2 c|3\"")]
    [InlineData("a=\"; b=\"x\"y\"", "a|\" b|x\"y")]
    [InlineData(";;; ;a=1;;", "a|1")]
    [InlineData("=1; =; a b=2; a[0]=3; \u00e9=4; d=5", "d|5")]
    [InlineData("$Version=1; a=1, b=2", "$Version|1 a|1,_b=2")]
    [InlineData("a=1; a=2", "a|1 a|2")]
    [InlineData("", "")]
    [InlineData("a", "")]
    [InlineData(";", "")]
    public void Pairs_are_found(string field, string expected)
    {
        var pairs = new CookiePairs(Encoding.Latin1.GetBytes(field));
        var found = new List<string>();
        while (pairs.MoveNext())
        {
            found.Add($"{Encoding.Latin1.GetString(pairs.Name)}|{Encoding.Latin1.GetString(pairs.Value).Replace(' ', '_')}");
        }

        Assert.Equal(expected, string.Join(' ', found));
    }
}
