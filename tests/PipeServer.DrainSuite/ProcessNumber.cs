using System.Diagnostics;
using System.Globalization;

namespace PipeServer.DrainSuite;

/// <summary>A process that somebody else may have started, by its number: Linux.</summary>
internal static class ProcessNumber
{
    /// <summary>False when it has ended, be it that nobody has taken note of that: its parent may have ended before it.</summary>
    public static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="process">The process.</param>
    /// <param name="signal">Without its SIG.</param>
    public static async Task SignalAsync(int process, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>The number in a file of <c>--pid-file</c>; null where there is none.</summary>
    public static int? Read(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var process) ? process : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
