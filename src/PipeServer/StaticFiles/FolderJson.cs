using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace PipeServer.StaticFiles;

/// <summary>
/// A folder for programs: <c>{"path", "isSorted", "entries": [{"name", "href", "type", "size", "modified"}, …]}</c>. The name is a text to show;
/// the reference is exact, whatever bytes the name has.
/// </summary>
internal sealed class FolderJson(PipeWriter output, string path) : FolderView(output)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private readonly Utf8JsonWriter _writer = new(output, Options);

    public override long UnflushedBytes => Output.UnflushedBytes + _writer.BytesPending;

    public override void Begin(FolderOrder? order)
    {
        _writer.WriteStartObject();
        _writer.WriteString("path", PathText.ToText(path));
        _writer.WriteBoolean("isSorted", order is not null);
        _writer.WriteStartArray("entries");
    }

    public override void Write(FolderEntry entry)
    {
        _writer.WriteStartObject();
        _writer.WriteString("name", PathText.ToText(entry.Name));
        _writer.WriteString("href", Reference(entry));
        _writer.WriteString("type", entry.IsFolder ? "directory" : "file");
        if (!entry.IsFolder)
        {
            _writer.WriteNumber("size", entry.Length);
        }

        _writer.WriteString("modified", Iso(entry.Modified));
        _writer.WriteEndObject();
    }

    public override void End()
    {
        _writer.WriteEndArray();
        _writer.WriteEndObject();
        Settle();
    }

    public override void Settle() => _writer.Flush();

    protected override void Dispose(bool disposing)
    {
        // Not disposed: that would write what is left of a listing that was given up.
        _writer.Reset();
        base.Dispose(disposing);
    }
}
