using System.Globalization;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// The file of <c>--pid-file</c>: the number of the process that serves, and a line end. It is replaced by a rename, so that whoever reads it finds one
/// number or another, and never half of one. Beside it, as <c>PATH.failed</c>, stands why the last upgrade was none.
/// </summary>
internal sealed class PidFile(string path)
{
    private const string FailedSuffix = ".failed";

    private static string Own => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>The path, absolute.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The number in a file; null where there is none.</summary>
    public static int? Read(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? id : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What was said of the last upgrade that failed; empty when nothing was.</summary>
    public static string ReadFailure(string path)
    {
        try
        {
            return File.ReadAllText(path + FailedSuffix).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Finds by trying what would keep it from being written.</summary>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? FindProblem()
    {
        if (Directory.Exists(Path))
        {
            return "this is a folder. Name a file.";
        }

        try
        {
            var next = $"{Path}.{Own}";
            File.OpenHandle(next, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            File.Delete(next);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{exception.Message.TrimEnd('.')}. The process must be allowed to write to the folder.";
        }
    }

    /// <summary>Writes this process's number, over that of another one.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public string? Write()
    {
        var problem = Replace(Path, Own);
        if (problem is null)
        {
            Delete(Path + FailedSuffix);
        }

        return problem;
    }

    /// <summary>Says why an upgrade was none, for <c>pipeserver upgrade</c>, which waits for it; if it is of this process that the file speaks.</summary>
    public void TellFailure(string reason)
    {
        if (Read(Path) == Environment.ProcessId)
        {
            _ = Replace(Path + FailedSuffix, $"{TimeProvider.System.GetUtcNow():O} {reason.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Deletes it, if it is this process's: a successor's stays.</summary>
    public void Remove()
    {
        if (Read(Path) == Environment.ProcessId)
        {
            Delete(Path);
            Delete(Path + FailedSuffix);
        }
    }

    private static string? Replace(string path, string text)
    {
        var next = $"{path}.{Own}";
        try
        {
            File.WriteAllText(next, text + "\n");
            File.Move(next, path, overwrite: true);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Delete(next);
            return exception.Message.TrimEnd('.');
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Left behind, as after a crash.
        }
    }
}
