namespace PipeServer.DeployTests;

/// <summary>The Debian package of the published file, and the scripts that make and try it.</summary>
internal static class DebianPackage
{
    /// <summary>A script of <c>packaging/debian</c>.</summary>
    public static string Script(string name) => Repository.Path("packaging", "debian", name);

    /// <summary>The folder of the published file.</summary>
    public static string Published => Path.GetDirectoryName(ProgramUnderTest.PipeServer.Path)!;

    /// <summary>Whether there is a published file, and dpkg-deb.</summary>
    public static bool CanBeBuilt => ProgramUnderTest.PipeServer.IsPublished && File.Exists("/usr/bin/dpkg-deb");

    /// <summary>Skips the test where there is no published file, or no dpkg-deb.</summary>
    public static void SkipWhereItCannotBeBuilt()
    {
        Command.SkipWithoutPublishedFile();
        Command.SkipWithout("dpkg-deb", "dpkg");
    }

    /// <summary>Builds it.</summary>
    /// <param name="published">The folder of the program.</param>
    /// <param name="folder">Where it is put.</param>
    /// <param name="variables">What the script takes from its environment.</param>
    /// <returns>Its path.</returns>
    public static async Task<string> BuildAsync(string published, string folder, IReadOnlyDictionary<string, string>? variables = null)
    {
        var (exitCode, output) = await Command.TryAsync(
            variables ?? new Dictionary<string, string>(), TimeSpan.FromMinutes(3), Script("build"), published, folder);
        Assert.True(exitCode == 0, output);
        return output.Trim();
    }
}
