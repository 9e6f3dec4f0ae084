using System.Globalization;

namespace Difference.Stops;

/// <summary>How often the application is stopped, and what serves it.</summary>
internal static class StopSettings
{
    /// <summary>The stops of each test; <c>PIPESERVER_STOPS=20</c> for as many.</summary>
    public static int Stops { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("PIPESERVER_STOPS"), NumberStyles.None, CultureInfo.InvariantCulture, out var stops) ? stops : 3;

    /// <summary><c>PIPESERVER_STOPS_SERVER=kestrel</c>: Kestrel serves, and what is lost is counted and no fault.</summary>
    public static bool IsKestrel { get; } = Environment.GetEnvironmentVariable("PIPESERVER_STOPS_SERVER") is "kestrel";

    /// <summary>How long anything may take that is not to take long.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the application gets for a stop.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromSeconds(5);
}
