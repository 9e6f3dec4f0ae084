using System.Text;
using System.Text.Json;

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
    /// <exception cref="ConfigurationException">
    /// The file cannot be read, is not a JSON object, or has an unknown name or an invalid value.
    /// </exception>
    public ConfigurationFile(string path, string source, HashSet<string> known)
    {
        Path = path;
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using var document = JsonDocument.Parse(Read(path), Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ConfigurationException($"{path}: there must be one JSON object, like {{ \"port\": 8080 }}");
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (OptionTable.IsPassword(property.Name))
                {
                    throw new ConfigurationException($"{path}: there is no option \"{property.Name}\": {OptionTable.PasswordWayOut}");
                }

                if (!known.Contains(property.Name))
                {
                    throw new ConfigurationException(
                        $"{path}: there is no option \"{property.Name}\" for a file.{Suggestion.For(property.Name.TrimStart('-'), known)}");
                }

                if (!names.TryAdd(property.Name, property.Name))
                {
                    throw new ConfigurationException(
                        $"{path}: \"{names[property.Name]}\" and \"{property.Name}\" are the same option; case does not count. Keep one of them.");
                }

                if (property.Value.ValueKind != JsonValueKind.Null)
                {
                    _values.Add(property.Name, Texts(property));
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

    /// <summary>The values of an option, or null when the file does not set it.</summary>
    public IReadOnlyList<string>? Find(string name) => _values.GetValueOrDefault(name);

    // { "header": { "X-A": "b" } } is "X-A: b"; { "mime": { ".foo": "text/foo" } } is ".foo=text/foo".
    private List<string> Texts(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.Array => [.. property.Value.EnumerateArray().Select(item => Text(property.Name, item))],
        JsonValueKind.Object when property.Name.Equals("header", StringComparison.OrdinalIgnoreCase) => Pairs(property, ": "),
        JsonValueKind.Object when property.Name.Equals("mime", StringComparison.OrdinalIgnoreCase) => Pairs(property, "="),
        _ => [Text(property.Name, property.Value)],
    };

    private List<string> Pairs(JsonProperty property, string separator) =>
        [.. property.Value.EnumerateObject().Select(pair => pair.Name + separator + Text(property.Name, pair.Value))];

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

    private string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when value.GetString() is { Length: > 0 } text && !text.Any(char.IsControl) => text,
        JsonValueKind.String => throw new ConfigurationException($"{Path}: \"{name}\" must not be empty, nor have control characters in it."),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new ConfigurationException($"{Path}: \"{name}\" must be a string, a number, true or false, or a list of them."),
    };
}
