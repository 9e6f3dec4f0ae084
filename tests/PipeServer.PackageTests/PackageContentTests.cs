using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>What is in the packages, file by file, and what they say of themselves.</summary>
public sealed partial class PackageContentTests(PackedFeed feed)
{
    private static readonly string[] Libraries = ["PipeServer", "PipeServer.AspNetCore", "PipeServer.Hosting"];
    private static readonly string[] Packages = [.. Libraries, "PipeServer.Templates", "PipeServer.Tool"];

    [Fact]
    public async Task The_solution_is_these_packages_and_packs_without_a_warning()
    {
        await feed.ReadyAsync();
        var expected = Packages.Select(id => $"{id}.{feed.Version}.nupkg")
            .Concat(Packages.Except(["PipeServer.Templates"]).Select(id => $"{id}.{feed.Version}.snupkg"));
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(feed.Feed).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("warning", feed.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("PipeServer", null)]
    [InlineData("PipeServer.AspNetCore", null)]
    [InlineData("PipeServer.Hosting", null)]
    [InlineData("PipeServer.Templates", "Template")]
    [InlineData("PipeServer.Tool", "DotnetTool")]
    public async Task A_package_says_what_it_is(string id, string? type)
    {
        await feed.ReadyAsync();
        using var package = feed.Open(id);
        var manifest = PackageManifest.Read(package);
        Assert.Equal((id, feed.Version, "MIT", type), (manifest["id"], manifest["version"], manifest["license"], manifest.Type));
        Assert.Equal(("git", feed.Commit), (manifest.Repository("type"), manifest.Repository("commit")));
        Assert.Equal("The PipeServer authors", manifest["authors"]);
        Assert.Contains("CHANGELOG.md", manifest["releaseNotes"]);
        Assert.InRange(manifest["description"]!.Length, 40, 300);
        Assert.Contains("http2", manifest["tags"]!.Split(' '));

        var readme = Text(package, manifest["readme"]!);
        Assert.StartsWith($"# {id}\n", readme);
        Assert.DoesNotMatch(RelativeLink(), readme); // a gallery has no other file of the repository
        var icon = Bytes(package, manifest["icon"]!);
        Assert.Equal((128, 128), (BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(20))));
    }

    [Fact]
    public async Task A_library_needs_what_its_project_refers_to_and_nothing_else()
    {
        await feed.ReadyAsync();
        Assert.Equal(
            [Pinned("Microsoft.Extensions.Logging.Abstractions"), Pinned("Microsoft.Extensions.ObjectPool"), Pinned("Pipelines.Sockets.Unofficial")],
            Dependencies("PipeServer"));
        Assert.Equal(
            [Pinned("Microsoft.Extensions.Diagnostics.HealthChecks"), Pinned("Microsoft.Extensions.Hosting"), $"PipeServer {feed.Version}"],
            Dependencies("PipeServer.Hosting"));
        Assert.Equal([$"PipeServer {feed.Version}"], Dependencies("PipeServer.AspNetCore"));
        Assert.Empty(Dependencies("PipeServer.Tool"));
        Assert.Empty(Dependencies("PipeServer.Templates"));
        using var aspNetCore = feed.Open("PipeServer.AspNetCore");
        Assert.Equal(["Microsoft.AspNetCore.App"], PackageManifest.Read(aspNetCore).Frameworks);
    }

    [Theory]
    [InlineData("PipeServer", "PipeServer.Core", "T:PipeServer.HttpServer")]
    [InlineData("PipeServer.AspNetCore", "PipeServer.AspNetCore", "T:Microsoft.AspNetCore.Hosting.PipeServerWebHostBuilderExtensions")]
    [InlineData("PipeServer.Hosting", "PipeServer.Hosting", "T:PipeServer.Hosting.IPipeServer")]
    public async Task A_library_is_an_assembly_its_documentation_and_its_symbols(string id, string assembly, string documented)
    {
        await feed.ReadyAsync();
        using var package = feed.Open(id);
        Assert.Equal(["PACKAGE.md", "icon.png", $"lib/net10.0/{assembly}.dll", $"lib/net10.0/{assembly}.xml"], Files(package));
        var documentation = XDocument.Parse(Text(package, $"lib/net10.0/{assembly}.xml"));
        Assert.Contains(documentation.Descendants("member"), member => member.Attribute("name")!.Value == documented && member.Element("summary") is not null);

        using var symbolPackage = feed.Open(id, "snupkg");
        Assert.Equal([$"lib/net10.0/{assembly}.pdb"], Files(symbolPackage));
        using var symbols = new SymbolFile(new MemoryStream(Bytes(symbolPackage, $"lib/net10.0/{assembly}.pdb")));
        Assert.True(symbols.BelongsTo(new MemoryStream(Bytes(package, $"lib/net10.0/{assembly}.dll"))));
        // No folder of this machine, and every text that no commit has.
        Assert.NotEmpty(symbols.Documents);
        Assert.All(symbols.Documents, static document =>
        {
            Assert.StartsWith("/_/src/", document);
            Assert.True(File.Exists(Repository.Path(document["/_/".Length..])), document);
        });
        Assert.Contains(symbols.EmbeddedDocuments, static document => document.EndsWith(".AssemblyInfo.cs", StringComparison.Ordinal));

        var extracted = Path.Combine(feed.NewFolder($"content-{id}"), $"{assembly}.dll");
        await File.WriteAllBytesAsync(extracted, Bytes(package, $"lib/net10.0/{assembly}.dll"));
        Assert.Equal($"{feed.Version}+{feed.Commit}", FileVersionInfo.GetVersionInfo(extracted).ProductVersion);
        Assert.Equal("0.1.0.0", System.Reflection.AssemblyName.GetAssemblyName(extracted).Version!.ToString());
    }

    [Fact]
    public async Task The_tool_is_for_every_platform_and_brings_what_it_needs()
    {
        await feed.ReadyAsync();
        using var package = feed.Open("PipeServer.Tool");
        string[] assemblies =
        [
            "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.ObjectPool", "PipeServer.Core",
            "Pipelines.Sockets.Unofficial", "System.CommandLine", "pipeserver",
        ];
        string[] others = ["DotnetToolSettings.xml", "PipeServer.Core.pdb", "pipeserver.deps.json", "pipeserver.pdb", "pipeserver.runtimeconfig.json"];
        Assert.Equal(
            assemblies.Select(static name => $"{name}.dll").Concat(others).Select(static name => $"tools/net10.0/any/{name}").Concat(["PACKAGE.md", "icon.png"]).Order(StringComparer.Ordinal),
            Files(package));
        var command = XDocument.Parse(Text(package, "tools/net10.0/any/DotnetToolSettings.xml")).Descendants("Command").Single();
        Assert.Equal(("pipeserver", "pipeserver.dll"), (command.Attribute("Name")!.Value, command.Attribute("EntryPoint")!.Value));
    }

    [Fact]
    public async Task The_templates_refer_to_the_packages_that_were_packed_with_them()
    {
        await feed.ReadyAsync();
        using var package = feed.Open("PipeServer.Templates");
        string[] common = [".gitignore", ".template.config/dotnetcli.host.json", ".template.config/template.json", "Program.cs"];
        Assert.Equal(
            common.Concat(["PipeServerProgram1.csproj"]).Select(static name => $"content/program/{name}")
                .Concat(common.Concat(["PipeServerApplication1.csproj", "appsettings.json"]).Select(static name => $"content/aspnet/{name}"))
                .Concat(["PACKAGE.md", "icon.png"]).Order(StringComparer.Ordinal),
            Files(package));
        Assert.Contains($"<PackageReference Include=\"PipeServer\" Version=\"{feed.Version}\" />", Text(package, "content/program/PipeServerProgram1.csproj"));
        Assert.Contains(
            $"<PackageReference Include=\"PipeServer.AspNetCore\" Version=\"{feed.Version}\" />", Text(package, "content/aspnet/PipeServerApplication1.csproj"));
    }

    private string[] Dependencies(string id)
    {
        using var package = feed.Open(id);
        return [.. PackageManifest.Read(package).Dependencies.Order(StringComparer.Ordinal)];
    }

    // What Directory.Packages.props says.
    private static string Pinned(string id) => $"{id} " + XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion")
        .Single(item => item.Attribute("Include")!.Value == id).Attribute("Version")!.Value;

    // Without those that each package has because it is one.
    private static string[] Files(ZipArchive package) =>
    [
        .. package.Entries.Select(static entry => entry.FullName)
            .Where(static name => name is not ("_rels/.rels" or "[Content_Types].xml") && !name.StartsWith("package/", StringComparison.Ordinal)
                && !name.EndsWith(".nuspec", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    private static string Text(ZipArchive package, string name)
    {
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static byte[] Bytes(ZipArchive package, string name)
    {
        using var stream = package.GetEntry(name)!.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    [GeneratedRegex(@"\]\((?!https://)")]
    private static partial Regex RelativeLink();
}
