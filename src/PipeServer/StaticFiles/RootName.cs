using System.Runtime.InteropServices;
using System.Text;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// The name that the root was given by. It is what the server promises to serve: where it leads may change, be it that the name or a folder
/// above it is a symbolic link that is switched, that another folder is put there, or that something is mounted over it.
/// </summary>
internal sealed class RootName
{
    private readonly byte[] _path; // of the folder itself, whatever leads there; in UTF-8, with a zero byte at its end

    /// <summary>Makes a name absolute.</summary>
    /// <param name="path">Absolute, or relative to the current directory as it is now.</param>
    public RootName(string path)
    {
        Full = FullOf(path);
        _path = Encoding.UTF8.GetBytes(Full + "/.\0");
    }

    /// <summary>The name, absolute, with its symbolic links as they are.</summary>
    public string Full { get; }

    /// <summary>A path as its author and the system understand it, absolute.</summary>
    /// <remarks>
    /// A <c>..</c> behind a symbolic link is the folder above where the link leads. Who went to the current directory by way of a link means that
    /// link: the system has forgotten it, the shell tells it by PWD, as POSIX's pwd does.
    /// </remarks>
    public static string FullOf(string path)
    {
        var full = Path.GetFullPath(path);
        if (OperatingSystem.IsWindows())
        {
            return full;
        }

        if (path.Split('/').Contains(".."))
        {
            return Path.Combine(Environment.CurrentDirectory, path);
        }

        return !Path.IsPathRooted(path) && Environment.GetEnvironmentVariable("PWD") is { } shell && IsCurrentDirectory(shell)
            ? Path.GetFullPath(path, shell)
            : full;
    }

    /// <summary>Where the name leads now: one system call on Linux, which allocates nothing. May wait for a disk.</summary>
    /// <param name="identity">The folder.</param>
    /// <param name="problem">Why it is none that could be served, as the end of a sentence that begins with the name.</param>
    public bool TryIdentify(out FolderIdentity identity, out string problem)
    {
        identity = default;
        if (FileCalls.AreSupported)
        {
            var error = FileCalls.IdentifyFolder(_path, out identity);
            problem = error == 0 ? "" : Describe(error);
            return error == 0;
        }

        if (CanonicalPath.Of(Full) is { } path && Directory.Exists(path))
        {
            (identity, problem) = (FolderIdentity.ByPath(path), "");
            return true;
        }

        problem = "leads to no folder";
        return false;
    }

    private static bool IsCurrentDirectory(string path) =>
        FileCalls.AreSupported
        && Path.IsPathRooted(path)
        && !path.Split('/').Contains("..")
        && new RootName(path).TryIdentify(out var named, out _)
        && new RootName(Environment.CurrentDirectory).TryIdentify(out var current, out _)
        && named == current;

    private static string Describe(int error) => error switch
    {
        Errno.ENOENT => "leads nowhere",
        Errno.ENOTDIR => "leads to a file, or through one",
        Errno.ELOOP => "leads in a circle",
        Errno.EACCES => "leads to where the server may not go",
        _ => $"cannot be looked up ({Marshal.GetPInvokeErrorMessage(error)})",
    };
}
