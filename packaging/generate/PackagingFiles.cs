namespace PipeServer.Packaging;

/// <summary>The files below <c>packaging</c> that follow from the table of options; a test holds what is there against them.</summary>
internal static class PackagingFiles
{
    /// <summary>The folder <c>packaging</c> of the repository that a folder lies in.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none.</exception>
    public static string FindFolder(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "packaging", ManualPage.Template)))
            {
                return Path.Combine(folder.FullName, "packaging");
            }
        }

        throw new DirectoryNotFoundException($"No folder above {start} has packaging/{ManualPage.Template}: start it in the repository.");
    }

    /// <summary>All of them.</summary>
    /// <param name="folder">The folder <c>packaging</c>, for the page's template.</param>
    public static IEnumerable<(string Path, string Text)> Make(string folder)
    {
        var program = DescribedProgram.Read();
        yield return ("man/pipeserver.1", ManualPage.Make(program, File.ReadAllText(Path.Combine(folder, ManualPage.Template))));
        yield return ("completions/pipeserver.bash", BashCompletion.Make(program));
        yield return ("completions/_pipeserver", ZshCompletion.Make(program));
        yield return ("completions/pipeserver.fish", FishCompletion.Make(program));
    }
}
