namespace PipeServer.Cli;

/// <summary>The values of all options as lines of a table: name, value, source.</summary>
internal static class ConfigurationTable
{
    private const int WidestValue = 40; // a longer one is whole, and only moves what is behind it

    /// <summary>The lines, with control characters in values replaced: they may come from a file or a variable.</summary>
    public static IEnumerable<string> Format(IEnumerable<OptionValue> options)
    {
        var lines = options.ToList();
        var (name, value) = (lines.Max(static line => line.Name.Length), Math.Min(WidestValue, lines.Max(static line => line.Value.Length)));
        foreach (var line in lines)
        {
            var shown = new string([.. line.Value.Select(static c => char.IsControl(c) ? '?' : c)]);
            yield return $"{line.Name.PadRight(name)}  {shown.PadRight(value)}  {line.Source}";
        }
    }
}
