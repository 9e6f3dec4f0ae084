namespace PipeServer.Tests.Support;

/// <summary>The names of a process's threads, on Linux. Whichever ends while they are read has none: that once failed the test of a thread limit.</summary>
internal static class ThreadNames
{
    public static List<string> Of(int process)
    {
        var names = new List<string>();
        foreach (var task in Directory.GetDirectories($"/proc/{process}/task"))
        {
            try
            {
                names.Add(File.ReadAllText(Path.Combine(task, "comm")).TrimEnd('\n'));
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        return names;
    }
}
