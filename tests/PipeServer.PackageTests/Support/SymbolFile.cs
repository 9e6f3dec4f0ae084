using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PipeServer.PackageTests.Support;

/// <summary>The symbols of an assembly.</summary>
internal sealed class SymbolFile : IDisposable
{
    // The kind of information that holds the text of a document: Portable PDB, EmbeddedSource.
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private readonly MetadataReaderProvider _provider;
    private readonly MetadataReader _reader;

    /// <summary>Reads them.</summary>
    public SymbolFile(Stream stream)
    {
        _provider = MetadataReaderProvider.FromPortablePdbStream(stream, MetadataStreamOptions.PrefetchMetadata);
        _reader = _provider.GetMetadataReader();
    }

    /// <summary>The source files whose text is not in here.</summary>
    public IEnumerable<string> Documents => _reader.Documents.Where(document => !IsEmbedded(document)).Select(NameOf);

    /// <summary>The source files whose text is in here.</summary>
    public IEnumerable<string> EmbeddedDocuments => _reader.Documents.Where(IsEmbedded).Select(NameOf);

    /// <summary>True for the symbols of this assembly, which has to be one that the same source makes byte by byte again.</summary>
    public bool BelongsTo(Stream assembly)
    {
        using var file = new PEReader(assembly, PEStreamOptions.LeaveOpen);
        var entries = file.ReadDebugDirectory();
        var id = new BlobContentId(_reader.DebugMetadataHeader!.Id);
        return entries.Any(static entry => entry.Type == DebugDirectoryEntryType.Reproducible)
            && entries.Any(entry => entry.Type == DebugDirectoryEntryType.CodeView
                && file.ReadCodeViewDebugDirectoryData(entry).Guid == id.Guid && entry.Stamp == id.Stamp);
    }

    public void Dispose() => _provider.Dispose();

    private string NameOf(DocumentHandle document) => _reader.GetString(_reader.GetDocument(document).Name);

    private bool IsEmbedded(DocumentHandle document) => _reader.GetCustomDebugInformation(document)
        .Any(item => _reader.GetGuid(_reader.GetCustomDebugInformation(item).Kind) == EmbeddedSource);
}
