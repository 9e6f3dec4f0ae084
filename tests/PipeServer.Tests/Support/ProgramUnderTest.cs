namespace PipeServer.Tests.Support;

/// <summary>
/// A program of this repository that tests start: what the build has made, for <c>dotnet exec</c>, or the published file that a variable of
/// the environment names. This is the one place that knows where programs are.
/// </summary>
internal sealed class ProgramUnderTest
{
    private readonly string _path;
    private readonly string _variable;

    private ProgramUnderTest(string projectFolder, string assembly, string variable)
    {
        var published = Environment.GetEnvironmentVariable(variable);
        IsPublished = !string.IsNullOrEmpty(published);
        _path = IsPublished ? System.IO.Path.GetFullPath(published!, Repository.Root) : Repository.Assembly(projectFolder, assembly);
        _variable = variable;
    }

    /// <summary>The command line; <c>PIPESERVER_CLI=artifacts/native/pipeserver</c> runs its suites against a published file.</summary>
    public static ProgramUnderTest PipeServer { get; } = new("src/PipeServer.Cli", "pipeserver", "PIPESERVER_CLI");

    /// <summary>The README's first example; <c>PIPESERVER_EMBEDDING</c> names a published file of it.</summary>
    public static ProgramUnderTest Embedding { get; } = new("tests/Examples/Embedding", "Embedding", "PIPESERVER_EMBEDDING");

    /// <summary>True for a file that can be started by itself.</summary>
    public bool IsPublished { get; }

    /// <summary>The assembly, or the published file.</summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says what was to bring it there.</exception>
    public string Path => File.Exists(_path) ? _path
        : throw new FileNotFoundException(IsPublished ? $"{_variable} names a file that is not there: {_path}" : $"It has not been built: {_path}");

    /// <summary>A file that can be started by itself: the published one, or what the build has made beside the assembly.</summary>
    public string StartablePath => IsPublished ? Path : System.IO.Path.ChangeExtension(Path, OperatingSystem.IsWindows() ? ".exe" : null);

    /// <summary>The words that start it, for a shell.</summary>
    public string ShellCommand => IsPublished ? $"'{Path}'" : $"dotnet exec '{Path}'";
}
