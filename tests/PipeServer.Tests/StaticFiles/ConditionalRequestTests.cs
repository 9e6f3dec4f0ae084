using PipeServer.Http;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>RFC 9110 §13, for a file with the tag "a", changed on Sun, 06 Nov 1994 08:49:37 GMT, half a second later.</summary>
public sealed class ConditionalRequestTests
{
    private const string Then = "Sun, 06 Nov 1994 08:49:37 GMT";
    private const string Before = "Sun, 06 Nov 1994 08:49:36 GMT";
    private const string Later = "Mon, 07 Nov 1994 08:49:37 GMT";
    private static readonly DateTimeOffset Modified = new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero).AddMilliseconds(500);
    private static readonly DateTimeOffset Now = new(1994, 11, 8, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(nameof(Precondition.Holds))]
    // §13.1.1 If-Match: strong comparison
    [InlineData(nameof(Precondition.Holds), "If-Match: \"a\"")]
    [InlineData(nameof(Precondition.Holds), "If-Match: *")]
    [InlineData(nameof(Precondition.Holds), "If-Match: \"b\", \"a\"")]
    [InlineData(nameof(Precondition.Holds), "If-Match: ,, \"b\",, \"a\"")] // §5.6.1.2: empty elements are none
    [InlineData(nameof(Precondition.Failed), "If-Match: \"b\"")]
    [InlineData(nameof(Precondition.Failed), "If-Match: W/\"a\"")]
    [InlineData(nameof(Precondition.Failed), "If-Match: a")]
    [InlineData(nameof(Precondition.Failed), "If-Match: ")]
    // §13.1.2 If-None-Match: weak comparison
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: \"a\"")]
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: W/\"a\"")]
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: \"b\" , W/\"c\",\t\"a\"")]
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: \"b,c\", \"a\"")]
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: , \"a\"")]
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: *")]
    [InlineData(nameof(Precondition.Holds), "If-None-Match: \"b\"")]
    [InlineData(nameof(Precondition.Holds), "If-None-Match: \"A\"")]
    [InlineData(nameof(Precondition.Holds), "If-None-Match: a")]
    [InlineData(nameof(Precondition.Holds), "If-None-Match: \"b\" \"a\"")]
    [InlineData(nameof(Precondition.Holds), "If-None-Match: w/\"a\"")]
    // §13.1.3 If-Modified-Since
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: " + Then)]
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: " + Later)]
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT")]
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: Sun Nov  6 08:49:37 1994")]
    [InlineData(nameof(Precondition.Holds), "If-Modified-Since: " + Before)]
    [InlineData(nameof(Precondition.Holds), "If-Modified-Since: yesterday")]
    [InlineData(nameof(Precondition.Holds), "If-Modified-Since: Mon, 06 Nov 1994 08:49:37 GMT")]
    // A date in the future was taken for an invalid one, as RFC 2616 had it: a client whose clock was ahead got every file anew.
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: Sat, 06 Nov 2094 08:49:37 GMT")]
    [InlineData(nameof(Precondition.Holds), "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT")] // a Saturday
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: Wed, 09 Nov 1994 00:00:00 GMT")]
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT")]
    [InlineData(nameof(Precondition.NotModified), "If-Modified-Since: Fri, 31 Dec 9999 23:59:60 GMT")] // was a fault of the handler
    [InlineData(nameof(Precondition.Holds), "If-Modified-Since: Wed, 09 Nov 1994 00:00:00 GMT, Wed, 09 Nov 1994 00:00:00 GMT")] // two are none
    // §13.1.4 If-Unmodified-Since
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: " + Then)]
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: " + Before)]
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: never")]
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: Wed, 09 Nov 1994 00:00:00 GMT")]
    // §5.6.7: leap seconds; one blank is one
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: Tue, 30 Jun 1992 23:59:60 GMT")]
    // Two digits that would be more than fifty years ahead, to the second, are the past.
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: Sunday, 06-Nov-60 08:49:37 GMT")]
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: Tuesday, 08-Nov-44 00:00:00 GMT")] // 2044
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: Wednesday, 08-Nov-44 00:00:00 GMT")] // in 2044 a Tuesday
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: Wednesday, 08-Nov-44 00:00:01 GMT")] // 1944
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: Tuesday, 08-Nov-44 00:00:01 GMT")] // in 1944 a Wednesday
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: Sat,  05 Nov 1994 08:49:36 GMT")]
    [InlineData(nameof(Precondition.Holds), "If-Unmodified-Since: Sat Nov 5 08:49:36 1994")]
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: Sat Nov  5 08:49:36 1994")]
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: Sat Oct 15 08:49:36 1994")]
    // §13.2.2 precedence
    [InlineData(nameof(Precondition.Holds), "If-Match: \"a\"", "If-Unmodified-Since: " + Before)]
    [InlineData(nameof(Precondition.Failed), "If-Match: \"b\"", "If-None-Match: \"a\"")]
    [InlineData(nameof(Precondition.NotModified), "If-Match: \"a\"", "If-None-Match: \"a\"")]
    [InlineData(nameof(Precondition.Holds), "If-None-Match: \"b\"", "If-Modified-Since: " + Then)]
    [InlineData(nameof(Precondition.NotModified), "If-None-Match: \"a\"", "If-Modified-Since: " + Before)]
    [InlineData(nameof(Precondition.Failed), "If-Unmodified-Since: " + Before, "If-Modified-Since: " + Then)]
    public void Conditions_come_to_this(string expected, params string[] fields) =>
        Assert.Equal(expected, ConditionalRequest.Evaluate(Headers(fields), "\"a\"", Modified, Now).ToString());

    // §13.1.5
    [Theory]
    [InlineData(true)]
    [InlineData(true, "If-Range: \"a\"")]
    [InlineData(false, "If-Range: W/\"a\"")]
    [InlineData(false, "If-Range: \"b\"")]
    [InlineData(false, "If-Range: *")]
    [InlineData(true, "If-Range: " + Then)]
    [InlineData(false, "If-Range: " + Later)]
    [InlineData(false, "If-Range: " + Before)]
    public void A_range_is_wanted_if_the_file_is_still_the_same(bool expected, params string[] fields) =>
        Assert.Equal(expected, ConditionalRequest.IsRangeWanted(Headers(fields), "\"a\"", Modified, Now));

    // §13.1.3, §13.1.4, §13.1.5: no date is newer, older or the same where the file has none. Tags go on as ever.
    [Theory]
    [InlineData(nameof(Precondition.Holds), false, "If-Modified-Since: " + Later)]
    [InlineData(nameof(Precondition.Holds), false, "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData(nameof(Precondition.Holds), false, "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData(nameof(Precondition.NotModified), false, "If-None-Match: \"a\"")]
    [InlineData(nameof(Precondition.Failed), false, "If-Match: \"b\"")]
    [InlineData(nameof(Precondition.Holds), true, "If-Range: Thu, 01 Jan 1970 00:00:00 GMT")]
    [InlineData(nameof(Precondition.Holds), true, "If-Range: " + Then)]
    public void Without_a_date_of_its_own_a_file_is_compared_by_its_tag_only(string expected, bool isRange, string field)
    {
        Assert.Equal(expected, ConditionalRequest.Evaluate(Headers([field]), "\"a\"", modified: null, Now).ToString());
        Assert.Equal(!isRange, ConditionalRequest.IsRangeWanted(Headers([field]), "\"a\"", modified: null, Now));
    }

    // A large file whose content is still being read for its tag.
    [Theory]
    [InlineData(nameof(Precondition.Unknown), true, "If-Match: \"a\"")]
    [InlineData(nameof(Precondition.Holds), true, "If-Match: *")]
    [InlineData(nameof(Precondition.Holds), true, "If-None-Match: \"a\"")]
    [InlineData(nameof(Precondition.NotModified), true, "If-None-Match: *")]
    [InlineData(nameof(Precondition.NotModified), true, "If-Modified-Since: " + Later)]
    [InlineData(nameof(Precondition.Holds), false, "If-Range: \"a\"")]
    [InlineData(nameof(Precondition.Holds), false, "If-Range: ")]
    [InlineData(nameof(Precondition.Holds), true, "If-Range: " + Then)]
    public void Without_a_tag_that_is_known_no_tag_is_the_files(string expected, bool isRange, string field)
    {
        Assert.Equal(expected, ConditionalRequest.Evaluate(Headers([field]), tag: null, Modified, Now).ToString());
        Assert.Equal(isRange, ConditionalRequest.IsRangeWanted(Headers([field]), tag: null, Modified, Now));
    }

    // §8.8.2.2: a date that is not a second old yet may stand for two versions.
    [Fact]
    public void A_young_date_is_no_strong_validator() =>
        Assert.False(ConditionalRequest.IsRangeWanted(Headers(["If-Range: " + Then]), "\"a\"", Modified, Modified.AddMilliseconds(900)));

    private static HeaderCollection Headers(string[] lines)
    {
        var fields = new HeaderFields();
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':');
            fields.Append(System.Text.Encoding.ASCII.GetBytes(line[..colon]), System.Text.Encoding.ASCII.GetBytes(line[(colon + 1)..].Trim()));
        }

        return new HeaderCollection(fields, response: null);
    }
}
