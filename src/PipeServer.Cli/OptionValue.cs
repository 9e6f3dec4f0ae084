namespace PipeServer.Cli;

/// <summary>What an option is at.</summary>
/// <param name="name">The option's name.</param>
/// <param name="value">Its value, in words.</param>
/// <param name="source">Where that comes from.</param>
internal sealed class OptionValue(string name, string value, string source)
{
    /// <summary>What the name begins with where it is a site's.</summary>
    public const string SitePrefix = "site ";

    /// <summary>The option's name.</summary>
    public string Name => name;

    /// <summary>Its value, in words.</summary>
    public string Value => value;

    /// <summary>Where the value comes from.</summary>
    public string Source => source;
}
