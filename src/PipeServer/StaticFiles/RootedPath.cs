namespace PipeServer.StaticFiles;

/// <summary>Turns a request's path into a file's, and never into one outside the root.</summary>
/// <remarks>
/// The check is on names, before the file is opened: whoever may change symbolic links below the root while it is served
/// can win a race against it. Whoever may do that could as well put the other file there.
/// </remarks>
internal sealed class RootedPath
{
    // Linux gives up after 40 links in one path; so do we, and that ends cycles.
    private const int MaxLinks = 40;

    private static readonly char[] Forbidden = OperatingSystem.IsWindows() ? ['\0', '\\', ':', '*', '?', '"', '<', '>', '|'] : ['\0', '\\'];

    public RootedPath(string root)
    {
        var full = Path.GetFullPath(root);
        Root = Directory.Exists(full) && Canonical(full) is { } canonical
            ? canonical
            : throw new DirectoryNotFoundException($"The folder '{full}' does not exist.");
    }

    /// <summary>The root, absolute, with all symbolic links resolved.</summary>
    public string Root { get; }

    /// <summary>The canonical path of what the request's path names, or null for what is not there, hidden or outside.</summary>
    public string? Resolve(string path)
    {
        var file = Root;
        foreach (var segment in path[1..].Split('/'))
        {
            // Dot segments cannot come from the parser; they can from another caller, and they are hidden names anyway.
            if (segment.IndexOfAny(Forbidden) >= 0 || (segment.StartsWith('.') && segment != ".well-known"))
            {
                return null;
            }

            file = Path.Combine(file, segment);
        }

        // An empty segment that is not the last one: "//" names nothing.
        if (path.Contains("//", StringComparison.Ordinal) || Canonical(file) is not { } canonical)
        {
            return null;
        }

        return IsInside(canonical) ? canonical : null;
    }

    private bool IsInside(string canonical) =>
        canonical == Root
        || (canonical.StartsWith(Root, StringComparison.Ordinal)
            && (Path.EndsInDirectorySeparator(Root) || canonical[Root.Length] == Path.DirectorySeparatorChar));

    // Resolves every symbolic link on the way; null when something on the way does not exist.
    private static string? Canonical(string path)
    {
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
