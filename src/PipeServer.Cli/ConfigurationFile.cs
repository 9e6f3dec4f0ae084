using System.Text;
using System.Text.Json;
using PipeServer.Cli.Sites;

namespace PipeServer.Cli;

/// <summary>
/// A file of options: one JSON object with the options' names without dashes, in any case; comments and a last comma are allowed. Paths in
/// it are relative to its folder.
/// </summary>
internal sealed class ConfigurationFile
{
    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    private const int MaxBytes = 1024 * 1024;

    private readonly Dictionary<string, List<string>> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="source">What named it.</param>
    /// <param name="known">The names that there are, compared without regard to case.</param>
    /// <param name="knownOfSites">The names that there are in a site.</param>
    /// <exception cref="ConfigurationException">
    /// The file cannot be read, is not a JSON object, or has an unknown name or an invalid value.
    /// </exception>
    public ConfigurationFile(string path, string source, HashSet<string> known, HashSet<string> knownOfSites)
    {
        Path = path;
        try
        {
            using var document = JsonDocument.Parse(Read(path), Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ConfigurationException($"{path}: there must be one JSON object, like {{ \"port\": 8080 }}");
            }

            foreach (var property in Properties(document.RootElement, known, path, "file"))
            {
                if (property.Name.Equals(SiteEntry.ListName, StringComparison.OrdinalIgnoreCase) && property.Value.ValueKind != JsonValueKind.Null)
                {
                    Sites = ReadSites(property.Value, knownOfSites);
                }
                else if (property.Value.ValueKind != JsonValueKind.Null)
                {
                    _values.Add(property.Name, Texts(property.Name, property.Value, $"\"{property.Name}\""));
                }
            }
        }
        catch (JsonException exception)
        {
            var line = exception.LineNumber is { } number ? $"line {number + 1}: " : "";
            var message = exception.Message.Split(" LineNumber:")[0].ReplaceLineEndings(" ");
            throw new ConfigurationException($"{path}: {line}{message}");
        }
        catch (InvalidOperationException)
        {
            throw new ConfigurationException($"{path}: a text in it is not valid Unicode. Save it as UTF-8.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{source} {path}: {exception.Message}");
        }
    }

    public string Path { get; }

    /// <summary>What relative paths in it are relative to. What comes through a pipe or a device lies nowhere: then it is the working folder.</summary>
    public string Folder => System.IO.Path.GetFullPath(Path) is var path
        && (path.StartsWith("/dev/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal))
            ? Environment.CurrentDirectory
            : System.IO.Path.GetDirectoryName(path) ?? Environment.CurrentDirectory;

    /// <summary>The sites, in their order.</summary>
    public IReadOnlyList<SiteEntry> Sites { get; } = [];

    /// <summary>The values of an option, or null when the file does not set it.</summary>
    public IReadOnlyList<string>? Find(string name) => _values.GetValueOrDefault(name);

    // Case does not count, so of two that differ in it alone one would be lost.
    private static IEnumerable<JsonProperty> Properties(JsonElement element, HashSet<string> known, string place, string kind)
    {
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in element.EnumerateObject())
        {
            if (OptionTable.IsPassword(property.Name))
            {
                throw new ConfigurationException($"{place}: there is no option \"{property.Name}\": {OptionTable.PasswordWayOut}");
            }

            if (!known.Contains(property.Name))
            {
                throw new ConfigurationException(
                    $"{place}: there is no option \"{property.Name}\" for a {kind}.{Suggestion.For(property.Name.TrimStart('-'), known)}");
            }

            if (!names.TryAdd(property.Name, property.Name))
            {
                throw new ConfigurationException(
                    $"{place}: \"{names[property.Name]}\" and \"{property.Name}\" are the same option; case does not count. Keep one of them.");
            }

            yield return property;
        }
    }

    private List<SiteEntry> ReadSites(JsonElement list, HashSet<string> known)
    {
        const string Form = "{ \"hosts\": [\"example.com\"], \"root\": \"/srv/example\" }";
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new ConfigurationException($"{Path}: \"{SiteEntry.ListName}\" must be a list of objects like {Form}.");
        }

        var sites = new List<SiteEntry>();
        foreach (var element in list.EnumerateArray())
        {
            var place = $"{SiteEntry.ListName}[{sites.Count}]";
            if (element.ValueKind != JsonValueKind.Object)
            {
                throw new ConfigurationException($"{Path}: {place} must be an object like {Form}.");
            }

            var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
            foreach (var property in Properties(element, known, $"{Path}: {place}", "site"))
            {
                values.Add(
                    property.Name,
                    property.Value.ValueKind == JsonValueKind.Null ? SiteEntry.Default : Texts(property.Name, property.Value, $"{place}.{property.Name}"));
            }

            if (!values.Remove(SiteEntry.HostsName, out var hosts) || hosts.Count == 0)
            {
                throw new ConfigurationException($"{Path}: {place} has no \"{SiteEntry.HostsName}\": name at least one, like {Form}.");
            }

            if (!values.Remove(SiteEntry.RootName, out var root) || root.Count != 1)
            {
                throw new ConfigurationException($"{Path}: {place} ({hosts[0]}) must have one \"{SiteEntry.RootName}\", its folder, like {Form}.");
            }

            sites.Add(new SiteEntry(place, hosts, root[0], values, element.GetRawText()));
        }

        return sites;
    }

    // { "header": { "X-A": "b" } } is "X-A: b"; { "mime": { ".foo": "text/foo" } } is ".foo=text/foo".
    private List<string> Texts(string name, JsonElement value, string shown) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().Select(item => Text(shown, item))],
        JsonValueKind.Object when name.Equals("header", StringComparison.OrdinalIgnoreCase) => Pairs(value, ": ", shown),
        JsonValueKind.Object when name.Equals("mime", StringComparison.OrdinalIgnoreCase) => Pairs(value, "=", shown),
        _ => [Text(shown, value)],
    };

    private List<string> Pairs(JsonElement value, string separator, string shown) =>
        [.. value.EnumerateObject().Select(pair => pair.Name + separator + Text(shown, pair.Value))];

    private static ReadOnlyMemory<byte> Read(string path)
    {
        using var stream = File.OpenRead(path);
        var bytes = new byte[MaxBytes + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var content = bytes.AsMemory(0, length);
        return length > MaxBytes
            ? throw new IOException($"It is larger than {MaxBytes} bytes, so it cannot be a file of options.")
            : content.Span.StartsWith(Encoding.UTF8.Preamble) ? content[3..] : content;
    }

    private string Text(string shown, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when value.GetString() is { Length: > 0 } text && !text.Any(char.IsControl) => text,
        JsonValueKind.String => throw new ConfigurationException($"{Path}: {shown} must not be empty, nor have control characters in it."),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new ConfigurationException($"{Path}: {shown} must be a string, a number, true or false, or a list of them."),
    };
}
