using Microsoft.Extensions.Configuration;

namespace PipeServer.Hosting;

/// <summary>Where the options are read from.</summary>
/// <param name="section">The section; null where the host has no configuration.</param>
internal sealed class OptionsSource(IConfiguration? section)
{
    public IConfiguration? Section => section;

    /// <summary>All that it says, as one text that can be compared.</summary>
    public string Read() => section is null
        ? ""
        : string.Join('\n', section.AsEnumerable(makePathsRelative: true).Select(static pair => $"{pair.Key}={pair.Value}"));
}
