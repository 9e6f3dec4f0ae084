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

    private const int Chains = 256; // a power of two

    private readonly Lock _lock = new(); // for adding
    private readonly Entry?[] _chains = new Entry?[Chains]; // by hash; what is in one is never changed, and a new one goes before it
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>A version of HTTP, as <c>network.protocol.version</c> has it.</summary>
    public static string NameOf(int version) => version switch
    {
        0 => "1.0",
        1 => "1.1",
        _ => "2",
    };

    /// <summary>A version of HTTP as a number: its major one from 2 on, before that its minor one.</summary>
    public static int VersionOf(HttpRequest request) => request.Version is { Major: > 1 and var major } ? major : request.MinorVersion;

    /// <summary>The tags.</summary>
    public KeyValuePair<string, object?>[] Of(in RequestTagsKey key)
    {
        ref var chain = ref _chains[key.Hash & (Chains - 1)];
        return Find(Volatile.Read(ref chain), key) ?? Add(ref chain, key);
    }

    private KeyValuePair<string, object?>[] Add(ref Entry? chain, in RequestTagsKey key)
    {
        lock (_lock)
        {
            if (Find(chain, key) is { } known)
            {
                return known;
            }

            if (_count >= MaxSets)
            {
                return Overflow;
            }

            var tags = Create(key);
            Volatile.Write(ref chain, new Entry(key, tags, chain));
            _count++;
            return tags;
        }
    }

    private static KeyValuePair<string, object?>[]? Find(Entry? chain, in RequestTagsKey key)
    {
        for (var entry = chain; entry is not null; entry = entry.Next)
        {
            if (entry.Has(key))
            {
                return entry.Tags;
            }
        }

        return null;
    }

    private static KeyValuePair<string, object?>[] Create(in RequestTagsKey key)
    {
        var tags = new List<KeyValuePair<string, object?>>
        {
            new("http.request.method", RequestMethods.NameOrOther(key.Method)),
            new("url.scheme", key.IsHttps ? "https" : "http"),
        };
        if (key.Status != 0)
        {
            tags.Add(new("http.response.status_code", key.Status));
        }

        if (key.Version >= 0)
        {
            tags.Add(new("network.protocol.version", NameOf(key.Version)));
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

    private sealed class Entry(in RequestTagsKey key, KeyValuePair<string, object?>[] tags, Entry? next)
    {
        private readonly RequestTagsKey _key = key;

        public KeyValuePair<string, object?>[] Tags => tags;

        public Entry? Next => next;

        public bool Has(in RequestTagsKey key) => _key.Is(key);
    }
}
