using Microsoft.Extensions.Logging;
using PipeServer.StaticFiles;

namespace PipeServer.Cli;

/// <summary>What command line, environment and configuration file said, checked.</summary>
/// <param name="Root">The folder to serve.</param>
/// <param name="Options">The server's options, all but the logger.</param>
/// <param name="Files">What is done with files.</param>
/// <param name="Demo">Add the demo routes.</param>
/// <param name="ReportPath">Where to write the report on exit, or null.</param>
/// <param name="LogLevel">The lowest level that is logged.</param>
internal sealed record ServeSettings(
    string Root, HttpServerOptions Options, StaticFileOptions Files, bool Demo, string? ReportPath, LogLevel LogLevel)
{
    // The library's names for what has another one on the command line.
    private static readonly (string Name, string Option)[] Names =
    [
        (nameof(StaticFileOptions.IndexFiles), "--index"),
        (nameof(StaticFileOptions.ContentTypes), "--mime"),
        (nameof(StaticFileOptions.SpaFile), "--spa"),
        (nameof(StaticFileOptions.CorsOrigin), "--cors"),
        (nameof(StaticFileOptions.Headers), "--header"),
        (nameof(StaticFileOptions.CacheControl), "--cache"),
        (nameof(StaticFileOptions.AuthFile), "--auth-file"),
        (nameof(StaticFileOptions.DefaultExtension), "--ext"),
        (nameof(StaticFileOptions.AttachmentExtensions), "--attachment"),
    ];

    /// <summary>Opens what is to be served, and looks at all that a start would trip over, but for the address.</summary>
    /// <param name="files">The handler of the files, the caller's from now on; null when there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryOpen(out StaticFileHandler? files)
    {
        files = null;
        if (ReportPath is not null && FindProblem(ReportPath) is { } problem)
        {
            return $"--report {ReportPath}: {problem}";
        }

        if (File.Exists(Root))
        {
            return $"'{Path.GetFullPath(Root)}' is a file, and a folder is wanted. Name it: pipeserver serve FOLDER";
        }

        try
        {
            _ = new HttpServer(Options);
            files = new StaticFileHandler(Root, Files);
        }
        catch (DirectoryNotFoundException exception) when (!Directory.Exists(Root))
        {
            return $"{exception.Message.TrimEnd('.')}. Name the folder to serve: pipeserver serve FOLDER";
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
        {
            var message = exception.Message.Split(" (Parameter")[0];
            return Names.Aggregate(message, static (text, pair) => text.Replace(pair.Name, pair.Option, StringComparison.Ordinal));
        }

        if (Files.SpaFile is { } spa && !files.Contains("/" + spa.Trim('/')))
        {
            files.Dispose();
            files = null;
            return Directory.Exists(spa)
                ? $"--spa: '{spa}' is a folder. If it is the one to serve, name it first: pipeserver serve {spa} --spa"
                : $"--spa: there is no file '{spa}' to be served in {Path.GetFullPath(Root)}. Name one below it: --spa FILE";
        }

        Options.ServerErrorPage = files.ServerErrorPage;
        return null;
    }

    // By trying: what cannot be written now cannot be written on exit.
    private static string? FindProblem(string reportPath)
    {
        try
        {
            if (Directory.Exists(reportPath))
            {
                return "this is a folder. Name a file.";
            }

            var isNew = !File.Exists(reportPath);
            File.OpenHandle(reportPath, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (isNew)
            {
                File.Delete(reportPath);
            }

            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"{exception.Message.TrimEnd('.')}. Choose another path.";
        }
    }
}
