using PipeServer.Http;

namespace PipeServer.Telemetry;

/// <summary>
/// The tags of durations, made once for each set of them, so that a request allocates none. Thread-safe. Bounded: what comes when all places are
/// taken gets OpenTelemetry's tag for that.
/// </summary>
internal sealed class RequestTags
{
    /// <summary>How many sets there can be. Routes, methods and statuses of a program make some dozens; it is as many as exporters keep.</summary>
    public const int MaxSets = 2000;

    private static readonly KeyValuePair<string, object?>[] Overflow = [new("otel.metric.overflow", true)];

    private readonly Lock _lock = new(); // for adding
    private volatile Dictionary<RequestTagsKey, KeyValuePair<string, object?>[]> _sets = []; // never changed: a new one takes its place

    /// <summary>How many there are.</summary>
    public int Count => _sets.Count;

    /// <summary>The tags.</summary>
    public KeyValuePair<string, object?>[] Of(in RequestTagsKey key) => _sets.TryGetValue(key, out var tags) ? tags : Add(key);

    private KeyValuePair<string, object?>[] Add(in RequestTagsKey key)
    {
        lock (_lock)
        {
            if (_sets.TryGetValue(key, out var known))
            {
                return known;
            }

            if (_sets.Count >= MaxSets)
            {
                return Overflow;
            }

            var tags = Create(key);
            _sets = new Dictionary<RequestTagsKey, KeyValuePair<string, object?>[]>(_sets) { [key] = tags };
            return tags;
        }
    }

    private static KeyValuePair<string, object?>[] Create(in RequestTagsKey key)
    {
        var tags = new List<KeyValuePair<string, object?>>
        {
            new("http.request.method", RequestMethods.NameOrOther(key.Method)),
            new("url.scheme", "http"),
        };
        if (key.Status != 0)
        {
            tags.Add(new("http.response.status_code", key.Status));
        }

        if (key.Version >= 0)
        {
            tags.Add(new("network.protocol.version", key.Version == 0 ? "1.0" : "1.1"));
        }

        if (key.Route is not null)
        {
            tags.Add(new("http.route", key.Route.Text));
        }

        if (key.ErrorType is not null)
        {
            tags.Add(new("error.type", key.ErrorType));
        }

        return [.. tags];
    }
}
