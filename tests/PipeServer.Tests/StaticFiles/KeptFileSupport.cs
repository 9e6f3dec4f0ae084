using Microsoft.Win32.SafeHandles;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Where files can be kept open between requests: on Linux, in a file system that can read without waiting.</summary>
internal static class KeptFileSupport
{
    public static void Require(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Files are kept open on Linux.");
        using var file = Open(path);
        Assert.SkipUnless(FileCalls.CanReadAtOnce(file), "The file system of the temporary folder has no reading that does not wait.");
    }

    public static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>How many descriptors of this process lead to files of a folder, deleted ones included.</summary>
    public static int OpenBelow(string folder) =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Count(descriptor => (new FileInfo(descriptor).LinkTarget ?? "").StartsWith(folder + "/", StringComparison.Ordinal));
}
