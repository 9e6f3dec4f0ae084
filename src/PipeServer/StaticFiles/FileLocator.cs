namespace PipeServer.StaticFiles;

/// <summary>From a request's path to the file that answers it: hidden names, index files, left-out extensions, compressed siblings.</summary>
internal sealed class FileLocator(FileRoot root, ContentTypes types, StaticFileOptions options)
{
    // What no request can ask for (Http/PercentEncoding.cs), and what has a meaning of its own on Windows.
    private static readonly string Forbidden = OperatingSystem.IsWindows() ? "\0\r\n\\:*?\"<>|" : "\0\r\n\\";

    /// <summary>Opens what is at a path, with its compressed siblings; a file that is compressed by its nature has none.</summary>
    /// <param name="path">Decoded, starting with a slash.</param>
    public FileLocation Locate(string path)
    {
        var location = LocateAlone(path);
        if (location.File is not null && types.CodingOf(location.RelativePath) is null)
        {
            OpenSiblings(location);
        }

        return location;
    }

    /// <summary>The same without the siblings.</summary>
    public FileLocation LocateAlone(string path)
    {
        var location = new FileLocation();
        if (!IsServed(path))
        {
            return location;
        }

        var wantsFolder = path.EndsWith('/');
        var relative = path.Trim('/');
        Open(relative, location);
        if (location.Status == OpenStatus.File && wantsFolder)
        {
            location.Dispose(); // a file is no folder
            location.Status = OpenStatus.NotFound;
        }
        else if (location.Status is OpenStatus.NotFound or OpenStatus.Folder && !wantsFolder)
        {
            OpenWithExtension(relative, location);
        }
        else if (location.Status == OpenStatus.Folder)
        {
            OpenIndex(relative, location);
        }

        return location;
    }

    /// <summary>True when no segment of a path is one that is never served.</summary>
    public bool IsServed(string path)
    {
        if (!path.StartsWith('/') || path.Contains("//", StringComparison.Ordinal) || path.AsSpan().ContainsAny(Forbidden)
            || (OperatingSystem.IsWindows() && path.Any(char.IsControl)))
        {
            return false;
        }

        foreach (var range in path.AsSpan(1).Split('/'))
        {
            var segment = path.AsSpan(1)[range];
            if (segment is "." or ".."
                || (segment.StartsWith(".") && segment is not ".well-known" && !options.ShowHidden)
                || (OperatingSystem.IsWindows() && (segment.EndsWith(".") || segment.EndsWith(" "))))
            {
                return false;
            }
        }

        return true;
    }

    // A folder of the same name is no hindrance: page generators make /about.html and /about/team.html.
    private void OpenWithExtension(string relative, FileLocation location)
    {
        if (options.DefaultExtension is not { } extension || relative.Length == 0)
        {
            return;
        }

        var status = location.Status;
        Open(relative + "." + extension.TrimStart('.'), location);
        if (location.Status is OpenStatus.NotFound or OpenStatus.Folder)
        {
            (location.Status, location.RelativePath) = (status, relative);
        }
    }

    private void OpenIndex(string relative, FileLocation location)
    {
        foreach (var name in options.IndexFiles)
        {
            Open(relative.Length == 0 ? name : relative + "/" + name, location);
            if (location.Status is not (OpenStatus.NotFound or OpenStatus.Folder))
            {
                return;
            }
        }

        (location.Status, location.RelativePath) = (OpenStatus.Folder, relative);
    }

    // A sibling that is older than the file is ignored: it was made of an earlier version.
    private void OpenSiblings(FileLocation location)
    {
        for (var index = 0; index < ContentCoding.All.Count; index++)
        {
            var path = location.RelativePath + ContentCoding.All[index].Extension;
            location.ProbedPaths.Add(path);
            var status = root.TryOpen(path, out var sibling);
            if (status is OpenStatus.Exhausted or OpenStatus.MustWait)
            {
                location.Status = status; // whether there is one, and what the answer varies by, cannot be said
                return;
            }

            if (status != OpenStatus.File)
            {
                continue;
            }

            if (sibling!.Identity.Modified < location.File!.Identity.Modified)
            {
                sibling.Dispose();
                continue;
            }

            location.Siblings[index] = sibling;
        }
    }

    private void Open(string relative, FileLocation location)
    {
        location.RelativePath = relative;
        if (relative.Length > 0)
        {
            location.ProbedPaths.Add(relative);
        }

        location.Status = root.TryOpen(relative, out var file);
        location.File = file;
    }
}
