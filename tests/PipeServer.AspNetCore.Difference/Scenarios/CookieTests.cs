using System.Text.RegularExpressions;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>A form with a token against forgery: cookies and a token of one answer in the next request.</summary>
public sealed partial class CookieTests(TwoServers servers)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_form_with_its_token_is_taken(int version)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            using var client = Clients.Create(server, version);
            var form = await client.GetStringAsync(new Uri("/forgery/form", UriKind.Relative), TestContext.Current.CancellationToken);
            var token = Token().Match(form).Groups["token"].Value;
            using var content = new FormUrlEncodedContent([new("name", "ä"), new("__RequestVerificationToken", token)]);
            using var response = await client.PostAsync(new Uri("/forgery/form", UriKind.Relative), content, TestContext.Current.CancellationToken);
            return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        });
        Assert.Equal("200 posted ä", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [GeneratedRegex("value=\"(?<token>[^\"]+)\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Token();
}
