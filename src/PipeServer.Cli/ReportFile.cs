using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Cli;

/// <summary>The file of <c>--report</c>, which may be a FIFO that nobody reads, or a disk that is full.</summary>
internal static class ReportFile
{
    // How long a second signal leaves a file that takes what it is given: far longer than one does that is all right.
    private static readonly TimeSpan InHurry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    /// <summary>Finds by trying what would keep the report from being written.</summary>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? FindProblem(string path)
    {
        if (DescriptorOf(path) is not null)
        {
            return null;
        }

        try
        {
            if (Directory.Exists(path))
            {
                return "this is a folder. Name a file.";
            }

            var isNew = !File.Exists(path);
            if (!isNew && FileCalls.AreSupported && FileCalls.TypeOf(path) != FileCalls.IFREG)
            {
                return null; // to open a FIFO waits for its reader, and to close it again tells the reader that this was all
            }

            File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (isNew)
            {
                File.Delete(path);
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"{exception.Message.TrimEnd('.')}. Choose another path.";
        }
    }

    /// <summary>Writes the report on a thread of its own, which is left behind when it takes too long.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="text">The report.</param>
    /// <param name="most">The longest wait.</param>
    /// <param name="hurry">Once cancelled, half a second is the longest.</param>
    /// <returns>Why it was not written; null when it was.</returns>
    public static string? Write(string path, string text, TimeSpan most, CancellationToken hurry)
    {
        string? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (DescriptorOf(path) is not { } descriptor)
                {
                    File.WriteAllText(path, text);
                }
                else if (new StandardStream(descriptor).Write(Encoding.UTF8.GetBytes(text), out _) is not 0 and var error)
                {
                    problem = $"{path}: {Marshal.GetPInvokeErrorMessage(error)}";
                }
            }
#pragma warning disable CA1031 // On a thread of its own a fault would end the process; a report that fails changes nothing else.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                problem = exception.Message;
            }
        })
        {
            IsBackground = true,
            Name = "report",
        };
        try
        {
            thread.Start();
        }
        catch (OutOfMemoryException exception)
        {
            return exception.Message; // the system has no thread left
        }

        var started = Stopwatch.GetTimestamp();
        while (!thread.Join(Glance))
        {
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (elapsed >= most || (hurry.IsCancellationRequested && elapsed >= InHurry))
            {
                return $"{path} did not take it within {elapsed.TotalSeconds:F1} s";
            }
        }

        return problem;
    }

    /// <summary>
    /// Where a process writes that has handed over: beside the report of the one that serves, with its own number behind the name. A standard stream stays
    /// what it is.
    /// </summary>
    public static string OfHandedOver(string path) =>
        DescriptorOf(path) is null ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}") : path;

    /// <summary>The standard stream that a path names; null where it names none.</summary>
    /// <remarks>
    /// Opened by name, a file behind it would lose lines, to a second position in it or by being emptied, and a socket, as systemd makes it, cannot
    /// be opened at all.
    /// </remarks>
    public static int? DescriptorOf(string path) => OperatingSystem.IsWindows() ? null : path switch
    {
        "/dev/stdout" or "/dev/fd/1" or "/proc/self/fd/1" => StandardStream.Output,
        "/dev/stderr" or "/dev/fd/2" or "/proc/self/fd/2" => StandardStream.Error,
        _ => null,
    };
}
