namespace PipeServer.DeployTests;

/// <summary>The Debian package of the published file, and the scripts that make and try it.</summary>
internal static class DebianPackage
{
    /// <summary>A script of <c>packaging/debian</c>.</summary>
    public static string Script(string name) => Repository.Path("packaging", "debian", name);

    /// <summary>Skips the test where there is no published file, or no dpkg-deb.</summary>
    public static void SkipWhereItCannotBeBuilt()
    {
        Command.SkipWithoutPublishedFile();
        Command.SkipWithout("dpkg-deb", "dpkg");
    }

    /// <summary>Builds it.</summary>
    /// <param name="folder">Where it is put.</param>
    /// <param name="variables">What the script takes from its environment.</param>
    /// <returns>Its path.</returns>
    public static async Task<string> BuildAsync(string folder, IReadOnlyDictionary<string, string>? variables = null)
    {
        var published = Path.GetDirectoryName(ProgramUnderTest.PipeServer.Path)!;
        var (exitCode, output) = await Command.TryAsync(
            variables ?? new Dictionary<string, string>(), TimeSpan.FromMinutes(3), Script("build"), published, folder);
        Assert.True(exitCode == 0, output);
        return output.Trim();
    }
}
