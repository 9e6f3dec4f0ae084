using System.Globalization;
using System.Text.Json;

namespace PipeServer.Tests.Support;

/// <summary>Reads server-sent events whose data are JSON. Every wait has a deadline.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventReader(HttpResponseMessage response, StreamReader reader) => (_response, _reader) = (response, reader);

    public string ContentType => _response.Content.Headers.ContentType!.ToString();

    /// <summary>The number of the last event.</summary>
    public long Number { get; private set; }

    public static async Task<EventReader> OpenAsync(HttpClient http, Uri address)
    {
        var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    public async Task<string?> LineAsync() => await _reader.ReadLineAsync().WaitAsync(TestClient.Patience);

    /// <summary>The data of the next event.</summary>
    public async Task<JsonElement> NextAsync()
    {
        while (true)
        {
            var line = await LineAsync();
            Assert.NotNull(line);
            Assert.False(line.StartsWith("event: "), $"It has ended: {line}");
            if (line.StartsWith("id: "))
            {
                Number = long.Parse(line[4..], CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("data: "))
            {
                Assert.Equal("", await LineAsync());
                return JsonDocument.Parse(line[6..]).RootElement;
            }
        }
    }

    /// <summary>The line that names the last event, behind which the stream ends.</summary>
    public async Task<string?> LastAsync()
    {
        string? last = null;
        while (await LineAsync() is { } line)
        {
            last = line.StartsWith("event: ") ? line : last;
        }

        return last;
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}
