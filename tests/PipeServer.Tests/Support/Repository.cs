using System.Reflection;

namespace PipeServer.Tests.Support;

/// <summary>Where things are in the repository that this assembly was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    public static string Configuration { get; } = Metadata("Configuration");

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>The assembly of a project, for <c>dotnet exec</c>.</summary>
    public static string Assembly(string projectFolder, string name) =>
        Path([.. projectFolder.Split('/'), "bin", Configuration, "net10.0", name + ".dll"]);

    private static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
