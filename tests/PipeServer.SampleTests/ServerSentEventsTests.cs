using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace PipeServer.SampleTests;

public sealed class ServerSentEventsTests
{
    [Fact]
    public async Task Who_comes_back_goes_on_behind_the_last_event_and_a_stop_ends_the_stream_in_order()
    {
        await using var server = await Sample.ServeAsync("ServerSentEvents");
        using var http = Sample.ClientOf(server);
        var first = await ReadAsync(http, lastEventId: null, count: 3);
        Assert.Equal([1L, 2L, 3L], first.Select(NumberOf));
        Assert.All(first, static item => Assert.InRange(JsonDocument.Parse(item.Data).RootElement.GetProperty("memoryMegabytes").GetDouble(), 1, 10_000));

        var resumed = await ReadAsync(http, first[1].EventId, count: 2);
        Assert.Equal([3L, 4L], resumed.Select(NumberOf));
        Assert.Equal(first[2].Data, resumed[0].Data);

        // What another run has given out means nothing here: all that is remembered comes.
        var stranger = await ReadAsync(http, "0-2", count: 1);
        Assert.Equal(1L, NumberOf(stranger[0]));

        using var response = await OpenAsync(http, first[2].EventId);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());
        server.Signal(CliProcess.SigTerm);
        var rest = await reader.ReadToEndAsync().WaitAsync(Waiting.Patience);
        Assert.Matches(@"\nretry: \d+\n\n\z", rest); // an end in order: a stream that is cut off would throw here
        await Sample.EndAsync(server);
        Assert.Contains(server.Output, static line => line.StartsWith("Drained "));
    }

    private static async Task<List<SseItem<string>>> ReadAsync(HttpClient http, string? lastEventId, int count)
    {
        using var response = await OpenAsync(http, lastEventId);
        using var timeout = new CancellationTokenSource(Waiting.Patience);
        var items = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync(timeout.Token))
        {
            Assert.Equal("reading", item.EventType);
            items.Add(item);
            if (items.Count == count)
            {
                break;
            }
        }

        return items;
    }

    private static async Task<HttpResponseMessage> OpenAsync(HttpClient http, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return response;
    }

    private static long NumberOf(SseItem<string> item) => long.Parse(item.EventId!.Split('-')[1], CultureInfo.InvariantCulture);
}
