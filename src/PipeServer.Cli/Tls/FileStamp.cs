using PipeServer.StaticFiles;

namespace PipeServer.Cli.Tls;

/// <summary>
/// What a path leads to, links followed, to tell whether that has changed: another file, or another time or size of the same one. A class, because
/// comparing arrays of a large struct is 40 KB of code in the native file.
/// </summary>
/// <param name="Identity">The file, where the system tells which it is.</param>
/// <param name="Target">Where it lies, elsewhere; or null.</param>
/// <param name="IsOther">There is something that is no file: a pipe say, which cannot be read twice, and never looks changed.</param>
internal sealed record FileStamp(FileIdentity Identity, string? Target, bool IsOther)
{
    /// <summary>There is nothing, or nothing that may be looked at.</summary>
    public static readonly FileStamp Nothing = new(default, null, IsOther: false);

    /// <summary>Looks at a path. Reads nothing, and does not throw for what is not there or may not be looked at.</summary>
    public static FileStamp Of(string path)
    {
        if (FileCalls.AreSupported)
        {
            return FileCalls.TypeOf(path) switch
            {
                FileCalls.IFREG when FileCalls.TryIdentify(path, out var identity) => new FileStamp(identity, null, IsOther: false),
                0 or FileCalls.IFREG or FileCalls.IFDIR => Nothing,
                _ => new FileStamp(default, null, IsOther: true),
            };
        }

        try
        {
            var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
            var (ticks, length) = (file.LastWriteTimeUtc.Ticks, file.Length);
            return new FileStamp(new FileIdentity(0, (ulong)ticks, length, default, null), file.FullName, IsOther: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Nothing;
        }
    }
}
