namespace PipeServer.Perf;

/// <summary>The clone that the program was built from.</summary>
internal static class Checkout
{
    /// <summary>The folder of PipeServer.sln.</summary>
    /// <exception cref="MeasurementException">The program does not lie in a clone.</exception>
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PipeServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new MeasurementException("run it from a clone of the repository: PipeServer.sln is not above the program.");
    }

    /// <summary>The commit of a clone, with a note when files have been changed since; <c>unknown</c> where git cannot tell.</summary>
    public static async Task<string> CommitAsync(string repository, CancellationToken cancellation)
    {
        try
        {
            var dirty = await ExternalProgram.CaptureAsync(cancellation, "git", "-C", repository, "status", "--porcelain", "--untracked-files=no");
            var commit = await ExternalProgram.CaptureAsync(cancellation, "git", "-C", repository, "rev-parse", "--short=12", "HEAD");
            return commit.Trim() + (dirty.Trim().Length > 0 ? " with changes" : "");
        }
        catch (MeasurementException)
        {
            return "unknown"; // not a clone
        }
    }
}
