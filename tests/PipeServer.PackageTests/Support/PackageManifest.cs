using System.IO.Compression;
using System.Xml.Linq;

namespace PipeServer.PackageTests.Support;

/// <summary>What a package says of itself.</summary>
internal sealed class PackageManifest
{
    private readonly XElement _metadata;

    private PackageManifest(XElement metadata) => _metadata = metadata;

    /// <summary>The dependencies, each as its name and its version.</summary>
    public IEnumerable<string> Dependencies => Descendants("dependency").Select(static item => $"{item.Attribute("id")!.Value} {item.Attribute("version")!.Value}");

    /// <summary>The shared frameworks.</summary>
    public IEnumerable<string> Frameworks => Descendants("frameworkReference").Select(static item => item.Attribute("name")!.Value);

    /// <summary>What kind of package it is; null for an ordinary one.</summary>
    public string? Type => Descendants("packageType").SingleOrDefault()?.Attribute("name")!.Value;

    /// <summary>The text of an element; null where there is none.</summary>
    public string? this[string element] => Descendants(element).SingleOrDefault()?.Value;

    /// <summary>An attribute of where the source is.</summary>
    public string? Repository(string attribute) => Descendants("repository").Single().Attribute(attribute)?.Value;

    /// <summary>Reads it.</summary>
    public static PackageManifest Read(ZipArchive package)
    {
        using var stream = package.Entries.Single(static entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return new PackageManifest(XDocument.Load(stream).Root!);
    }

    private IEnumerable<XElement> Descendants(string name) => _metadata.Descendants().Where(item => item.Name.LocalName == name);
}
