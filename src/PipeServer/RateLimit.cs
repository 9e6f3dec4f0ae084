using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PipeServer;

/// <summary>
/// How many requests a client may make: so many a second or a minute in the long run, and so many at once. As text <c>10/s</c>, <c>0.5/s</c>,
/// <c>600/m</c>, and with a burst of its own <c>10/s:50</c>. Immutable.
/// </summary>
[TypeConverter(typeof(RateLimitConverter))]
public sealed class RateLimit : IParsable<RateLimit>, IEquatable<RateLimit>
{
    /// <summary>The most requests a second or a minute, and the largest burst.</summary>
    public const int MaxRequests = 1_000_000;

    /// <summary>What the text form looks like, for messages: it must be …</summary>
    internal static readonly string Form =
        $"like 10/s or 600/m, or 10/s:50 with a burst; the rate from 0.001 to {MaxRequests} with at most three decimals, the burst from 1 to {MaxRequests}";

    private const decimal Least = 0.001m;

    private RateLimit(decimal requests, TimeSpan period, int? burst)
    {
        (Requests, Period) = (requests, period);
        Burst = burst ?? StandardBurst;
    }

    /// <summary>How many requests there may be in each <see cref="Period"/>, from 0.001 on, in thousandths.</summary>
    public decimal Requests { get; }

    /// <summary>A second or a minute.</summary>
    public TimeSpan Period { get; }

    /// <summary>
    /// How many requests a client that has been quiet may make at once. If nothing else is said, <see cref="Requests"/>, rounded up.
    /// </summary>
    public int Burst { get; }

    private int StandardBurst => (int)decimal.Ceiling(Requests);

    /// <summary>So many requests a second.</summary>
    /// <param name="requests">From 0.001 to <see cref="MaxRequests"/>, in thousandths.</param>
    /// <param name="burst">From 1 to <see cref="MaxRequests"/>; null for as many as <paramref name="requests"/>, rounded up.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static RateLimit PerSecond(decimal requests, int? burst = null) => Create(requests, TimeSpan.FromSeconds(1), burst);

    /// <summary>So many requests a minute.</summary>
    /// <inheritdoc cref="PerSecond"/>
    public static RateLimit PerMinute(decimal requests, int? burst = null) => Create(requests, TimeSpan.FromMinutes(1), burst);

    /// <summary>Whether two are the same rate and burst.</summary>
    public static bool operator ==(RateLimit? left, RateLimit? right) => Equals(left, right);

    /// <summary>Whether two differ.</summary>
    public static bool operator !=(RateLimit? left, RateLimit? right) => !Equals(left, right);

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is no rate; the message says what is expected.</exception>
    public static RateLimit Parse(string s) => TryParse(s, provider: null, out var limit)
        ? limit
        : throw new FormatException(
            $"'{s}' is not a rate of requests: it must be {Form}.");

    /// <inheritdoc cref="Parse(string)"/>
    public static RateLimit Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out RateLimit result)
    {
        result = null;
        var slash = s?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash < 0
            || !decimal.TryParse(s.AsSpan(0, slash), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var requests)
            || !AreRequests(requests))
        {
            return false;
        }

        var rest = s.AsSpan(slash + 1);
        int? burst = null;
        if (rest.Length > 1 && rest[1] == ':')
        {
            if (!int.TryParse(rest[2..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !IsBurst(number))
            {
                return false;
            }

            burst = number;
            rest = rest[..1];
        }

        TimeSpan? period = rest is "s" ? TimeSpan.FromSeconds(1) : rest is "m" ? TimeSpan.FromMinutes(1) : null;
        result = period is { } known ? new RateLimit(requests, known, burst) : null;
        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(RateLimit? other) =>
        other is not null && (Requests, Period, Burst) == (other.Requests, other.Period, other.Burst);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RateLimit);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Requests, Period, Burst);

    /// <summary>The text form.</summary>
    public override string ToString()
    {
        var unit = Period == TimeSpan.FromSeconds(1) ? 's' : 'm';
        var burst = Burst == StandardBurst ? "" : string.Create(CultureInfo.InvariantCulture, $":{Burst}");
        return string.Create(CultureInfo.InvariantCulture, $"{Requests:0.###}/{unit}{burst}");
    }

    private static RateLimit Create(decimal requests, TimeSpan period, int? burst) =>
        !AreRequests(requests) ? throw new ArgumentOutOfRangeException(
            nameof(requests), requests, $"The requests must be from 0.001 to {MaxRequests}, in thousandths.")
        : burst is { } number && !IsBurst(number) ? throw new ArgumentOutOfRangeException(
            nameof(burst), burst, $"The burst must be from 1 to {MaxRequests}.")
        : new RateLimit(requests, period, burst);

    private static bool AreRequests(decimal requests) => requests is >= Least and <= MaxRequests && requests % Least == 0;

    private static bool IsBurst(int burst) => burst is >= 1 and <= MaxRequests;
}
