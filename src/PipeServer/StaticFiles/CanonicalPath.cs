namespace PipeServer.StaticFiles;

/// <summary>Where a path leads when every symbolic link is followed.</summary>
internal static class CanonicalPath
{
    // Linux gives up after 40 links in one path; so do we, and that ends cycles.
    private const int MaxLinks = 40;

    /// <summary>
    /// The path with every symbolic link on the way resolved, or null when something on the way does not exist. .NET knows no file whose
    /// name is not text, and would take another one for it: there is none at such a path.
    /// </summary>
    public static string? Of(string path)
    {
        if (!PathText.IsUtf8(path))
        {
            return null;
        }

        var links = 0;
        var resolved = Path.GetPathRoot(path)!;
        var rest = new Stack<string>(Segments(path).Reverse());
        while (rest.TryPop(out var segment))
        {
            if (segment == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }

            var next = Path.Combine(resolved, segment);
            var target = new FileInfo(next).LinkTarget;
            if (target is null)
            {
                if (!Path.Exists(next))
                {
                    return null;
                }

                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            if (Path.IsPathRooted(target))
            {
                resolved = Path.GetPathRoot(target)!;
            }

            foreach (var part in Segments(target).Reverse())
            {
                rest.Push(part);
            }
        }

        return resolved;
    }

    private static IEnumerable<string> Segments(string path) =>
        path[(Path.GetPathRoot(path) ?? "").Length..]
            .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(static segment => segment != ".");
}
