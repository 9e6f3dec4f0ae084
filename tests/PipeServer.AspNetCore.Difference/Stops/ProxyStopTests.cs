using System.Globalization;
using System.Net;

namespace Difference.Stops;

/// <summary>
/// YARP in front of two applications that are stopped in turn. A proxy that learns in time (it asks whether they are ready, and who stops goes on accepting
/// for a second), or that sends again what it could not send, has an answer for each request of its clients, GET and POST.
/// </summary>
public sealed class ProxyStopTests
{
    [Theory]
    [InlineData("--delay 1", false)]
    [InlineData("", true)]
    public async Task Each_request_is_answered_and_done_once(string options, bool sendsAgain)
    {
        var record = new WorkRecord();
        await using var one = new StoppableApplication(options, record);
        await using var other = new StoppableApplication(options, record);
        await one.StartAsync();
        await other.StartAsync();
        await using var proxy = await StoppedProxy.StartAsync(sendsAgain, one, other);
        using var client = new HttpClient { BaseAddress = proxy.Address, Timeout = StopSettings.Patience };
        await using var clients = new WorkingClients { IsReady = () => proxy.IsWhole };
        clients.Add(8, () => AskAsync(client, HttpMethod.Get, record));
        clients.Add(8, () => AskAsync(client, HttpMethod.Post, record));
        await clients.StopAgainAndAgainAsync(one, other);
        StopVerdict.Check($"YARP {(sendsAgain ? "that sends again" : "with a drain delay")}", record, mayLose: false, mayHang: false, one, other);
    }

    // No second try: what YARP's clients get is what counts.
    private static async Task<bool> AskAsync(HttpClient client, HttpMethod method, WorkRecord record)
    {
        var id = record.Begin();
        try
        {
            using var request = new HttpRequestMessage(method, string.Create(CultureInfo.InvariantCulture, $"/work?id={id}&ms=20"));
            request.Content = method == HttpMethod.Post ? new StringContent(new string('x', 2000)) : null;
            using var response = await client.SendAsync(request);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                record.Fail($"{(int)response.StatusCode}");
                return false;
            }

            Assert.Equal(id.ToString(CultureInfo.InvariantCulture), await response.Content.ReadAsStringAsync());
            record.Answer(id);
            return true;
        }
        catch (HttpRequestException exception)
        {
            record.Fail($"{exception.HttpRequestError}");
            return false;
        }
    }
}
