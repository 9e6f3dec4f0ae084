using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// How this process was started, to start its successor in the same way: the program by the path that it was called by, so that another file there, or
/// another target of a link on the way, is what runs next; the same words of the command line and the same variables, byte for byte.
/// </summary>
/// <param name="Path">The program's file, absolute, with the links on the way to it.</param>
/// <param name="Arguments">The words of the command line, the program's name among them.</param>
/// <param name="Environment">The variables, as NAME=VALUE, without those that are about the process that has them.</param>
internal sealed record ProgramStart(string Path, IReadOnlyList<byte[]> Arguments, IReadOnlyList<byte[]> Environment)
{
    private static readonly string[] OfOneProcess =
        ["LISTEN_PID=", "LISTEN_PIDFDID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID=", Predecessor.Variable + "="];

    /// <summary>Of this process. To be called at its start: later its own file may be another one, or gone.</summary>
    /// <returns>Null where the system does not tell it: elsewhere than on Linux, or without /proc.</returns>
    public static ProgramStart? OfThisProcess()
    {
        if (!OperatingSystem.IsLinux() || System.Environment.ProcessPath is not { } image)
        {
            return null;
        }

        try
        {
            var arguments = Words(File.ReadAllBytes("/proc/self/cmdline"));
            var environment = Words(File.ReadAllBytes("/proc/self/environ"));
            environment.RemoveAll(static word => OfOneProcess.Any(name => word.AsSpan().StartsWith(Encoding.ASCII.GetBytes(name))));
            return arguments.Count == 0 ? null : new ProgramStart(FindPath(Encoding.UTF8.GetString(arguments[0]).TrimEnd('\0'), image), arguments, environment);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The name that it was called by, if that leads to the file that runs: a link on the way may lead to another version by the time of an upgrade.
    private static string FindPath(string name, string image)
    {
        IEnumerable<string> candidates = name.Contains('/', StringComparison.Ordinal)
            ? [name]
            : (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(static folder => folder.StartsWith('/'))
                .Select(folder => System.IO.Path.Combine(folder, name));
        foreach (var candidate in candidates)
        {
            var path = System.IO.Path.GetFullPath(candidate);
            if (FileCalls.AreSupported && FileCalls.TryIdentify(path, out var found) && FileCalls.TryIdentify(image, out var running) && found.Equals(running))
            {
                return path;
            }
        }

        return image;
    }

    private static List<byte[]> Words(byte[] bytes)
    {
        var words = new List<byte[]>();
        for (var rest = bytes.AsSpan(); rest.IndexOf((byte)0) is >= 0 and var end; rest = rest[(end + 1)..])
        {
            words.Add(rest[..(end + 1)].ToArray()); // with the zero byte, as the system takes it
        }

        return words;
    }
}
