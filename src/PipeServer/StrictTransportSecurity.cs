using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PipeServer;

/// <summary>
/// For how long browsers are to ask for a host by https only (HSTS, RFC 6797). As text the field's value, where <c>max-age=</c> may be left out:
/// <c>31536000</c>, <c>31536000; includeSubDomains</c>, <c>max-age=63072000; includeSubDomains; preload</c>. Immutable.
/// </summary>
[TypeConverter(typeof(StrictTransportSecurityConverter))]
public sealed class StrictTransportSecurity : IParsable<StrictTransportSecurity>
{
    /// <summary>What the text form looks like, for messages: it must be …</summary>
    internal const string Form = "seconds from 0 to 2147483647, with \"; includeSubDomains\" and \"; preload\" behind them if they are wanted; "
        + "preload only with includeSubDomains, and from 31536000 seconds on";

    private const string MaxAgeName = "max-age=";
    private const string SubdomainsWord = "includeSubDomains";
    private const string PreloadWord = "preload";

    // What the lists that browsers come with ask for (hstspreload.org).
    private const int LeastPreloadSeconds = 31_536_000;

    /// <summary>Says how long it holds.</summary>
    /// <param name="maxAge">From zero, by which browsers forget it (RFC 6797 §6.1.1), to 2,147,483,647 seconds; parts of a second are left out.</param>
    /// <param name="includeSubdomains">It holds for all hosts below the one that was asked, too (RFC 6797 §6.1.2).</param>
    /// <param name="preload">The owner agrees that browsers know it before the first visit. It is hard to take back.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    /// <exception cref="ArgumentException">What is to be preloaded leaves subdomains out, or holds for less than a year.</exception>
    public StrictTransportSecurity(TimeSpan maxAge, bool includeSubdomains = false, bool preload = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAge, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(maxAge, TimeSpan.FromSeconds(int.MaxValue + 1L));
        (MaxAge, IncludeSubdomains, Preload) = (TimeSpan.FromSeconds((long)maxAge.TotalSeconds), includeSubdomains, preload);
        if (preload && !IsPreloadable(MaxAge, includeSubdomains))
        {
            throw new ArgumentException("What is to be preloaded must include subdomains and hold for a year, 31,536,000 seconds, at least.", nameof(preload));
        }
    }

    /// <summary>How long a browser keeps to it from its last visit on, in whole seconds.</summary>
    public TimeSpan MaxAge { get; }

    /// <summary>It holds for all hosts below the one that was asked, too.</summary>
    public bool IncludeSubdomains { get; }

    /// <summary>The owner agrees that browsers know it before the first visit.</summary>
    public bool Preload { get; }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is none; the message says what is expected.</exception>
    public static StrictTransportSecurity Parse(string s) => TryParse(s, provider: null, out var policy)
        ? policy
        : throw new FormatException($"'{s}' is no policy of strict transport security: it must be {Form}.");

    /// <inheritdoc cref="Parse(string)"/>
    public static StrictTransportSecurity Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out StrictTransportSecurity result)
    {
        result = null;
        var (age, subdomains, preload) = (-1, false, false);
        foreach (var part in (s ?? "").Split(';', StringSplitOptions.TrimEntries))
        {
            if (part.Equals(SubdomainsWord, StringComparison.OrdinalIgnoreCase) && !subdomains)
            {
                subdomains = true;
            }
            else if (part.Equals(PreloadWord, StringComparison.OrdinalIgnoreCase) && !preload)
            {
                preload = true;
            }
            else if (age < 0 && int.TryParse(SecondsIn(part), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                age = seconds;
            }
            else
            {
                return false;
            }
        }

        if (age < 0 || (preload && !IsPreloadable(TimeSpan.FromSeconds(age), subdomains)))
        {
            return false;
        }

        result = new StrictTransportSecurity(TimeSpan.FromSeconds(age), subdomains, preload);
        return true;
    }

    /// <summary>The field's value.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{MaxAgeName}{(long)MaxAge.TotalSeconds}{(IncludeSubdomains ? "; " + SubdomainsWord : "")}{(Preload ? "; " + PreloadWord : "")}");

    private static string SecondsIn(string part) => part.StartsWith(MaxAgeName, StringComparison.OrdinalIgnoreCase) ? part[MaxAgeName.Length..] : part;

    private static bool IsPreloadable(TimeSpan maxAge, bool includeSubdomains) => includeSubdomains && maxAge.TotalSeconds >= LeastPreloadSeconds;
}
