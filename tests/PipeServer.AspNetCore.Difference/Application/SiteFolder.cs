using System.Text;

namespace Difference.Application;

/// <summary>The files of the application, in a folder of this run; the same for both servers, with the same times.</summary>
internal sealed class SiteFolder : IDisposable
{
    public SiteFolder()
    {
        Root = Directory.CreateTempSubdirectory("pipeserver-difference-").FullName;
        WebRoot = Directory.CreateDirectory(Path.Combine(Root, "wwwroot")).FullName;
        Directory.CreateDirectory(Path.Combine(WebRoot, "folder"));
        Write("index.html", Encoding.UTF8.GetBytes("<!doctype html><title>site</title><p>Hello.</p>"));
        Write("folder/index.html", Encoding.UTF8.GetBytes("<!doctype html><title>folder</title>"));
        Write("text.txt", Text(1000));
        Write("page.css", Text(5000));
        Write("empty.txt", []);
        Write("a name.txt", Encoding.UTF8.GetBytes("spaces"));
        Write("ünïcode.txt", Encoding.UTF8.GetBytes("umlauts"));
        Write("large.bin", Pattern(3_000_000));
        Write("unknown.pipe", Encoding.UTF8.GetBytes("of no known type"));
    }

    public static DateTimeOffset LastModified { get; } = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    public string Root { get; }

    public string WebRoot { get; }

    public static byte[] Text(int length) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("The quick brown fox. ", (length / 21) + 1))[..length]);

    /// <summary>Bytes in which each place can be told from its neighbours.</summary>
    public static byte[] Pattern(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)((i * 31) ^ (i >> 8));
        }

        return bytes;
    }

    public string PathOf(string name) => Path.Combine(WebRoot, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        File.SetLastWriteTimeUtc(PathOf(name), LastModified.UtcDateTime);
    }
}
