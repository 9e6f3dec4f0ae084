namespace PipeServer.Cli;

/// <summary>On and off in the words that people use for them.</summary>
internal static class Switch
{
    /// <summary>False for a word that is neither.</summary>
    public static bool TryParse(string text, out bool isOn)
    {
        isOn = text.ToUpperInvariant() is "TRUE" or "1" or "YES" or "ON";
        return isOn || text.ToUpperInvariant() is "FALSE" or "0" or "NO" or "OFF";
    }
}
