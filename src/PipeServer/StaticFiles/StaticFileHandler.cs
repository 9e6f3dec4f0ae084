using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.StaticFiles;

/// <summary>
/// Serves the files below one folder: index files, content types, conditions and ranges (RFC 9110 §13, §14), precompressed
/// siblings, a 404 page. Made of the public API only. Safe for any number of requests at once.
/// </summary>
/// <remarks>
/// Map it where it may block: <c>server.MapFallback(files.HandleAsync)</c>. Nothing outside the folder is served, whatever
/// the path or a symbolic link says; names that start with a dot are hidden, but for <c>.well-known</c> (RFC 8615).
/// </remarks>
public sealed class StaticFileHandler
{
    private const string IndexFile = "index.html";
    private const string NotFoundFile = "404.html";

    // What one read and one flush move: large enough to make system calls cheap, small enough to hold for every client.
    private const int ReadBytes = 64 * 1024;

    private readonly RootedPath _root;

    /// <summary>Creates a handler for a folder.</summary>
    /// <param name="root">The folder, absolute or relative to the current directory.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public StaticFileHandler(string root) => _root = new RootedPath(root);

    /// <summary>The folder's full path, symbolic links resolved.</summary>
    public string Root => _root.Root;

    /// <summary>Answers a request with the file that its path names.</summary>
    public async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        switch (request.Method)
        {
            case "GET" or "HEAD":
                await ServeAsync(request, response, request.Path).ConfigureAwait(false);
                break;
            case "OPTIONS":
                response.StatusCode = 204;
                response.Headers["Allow"] = "GET, HEAD, OPTIONS";
                break;
            default:
                response.StatusCode = 405;
                response.Headers["Allow"] = "GET, HEAD, OPTIONS";
                response.WriteText("405 Method Not Allowed: files can be read only.\n");
                break;
        }
    }

    /// <summary>Answers a GET or HEAD request with the file at a path, whatever the request's own path is.</summary>
    /// <param name="request">For its conditions and its method.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="path">A decoded path that starts with a slash.</param>
    public async ValueTask ServeAsync(HttpRequest request, HttpResponse response, string path)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(path);
        var file = _root.Resolve(path);
        if (file is not null && Directory.Exists(file))
        {
            if (!path.EndsWith('/'))
            {
                Redirect(request, response, path);
                return;
            }

            path += IndexFile;
            file = _root.Resolve(path);
        }
        else if (path.EndsWith('/'))
        {
            file = null; // a file is no folder
        }

        var coding = file is null ? null : ChooseCoding(request, response, path, ref file);
        if (!await TrySendAsync(request, response, file, coding, 200).ConfigureAwait(false)
            && !await TrySendAsync(request, response, _root.Resolve("/" + NotFoundFile), coding: null, 404).ConfigureAwait(false))
        {
            response.StatusCode = 404;
            response.WriteText("404 Not Found: there is nothing at this path.\n");
        }
    }

    // A sibling that is compressed already goes out instead of the file, to who wants it more than the file itself; one that is
    // older than the file is somebody's forgotten work.
    private ContentCoding? ChooseCoding(HttpRequest request, HttpResponse response, string path, ref string? file)
    {
        if (request.Headers["Accept-Encoding"] is not { } accepted)
        {
            return null; // and no Vary: a file as it is suits everybody
        }

        var best = default(ContentCoding);
        var bestFile = file;
        var bestWeight = ContentCoding.Weight(accepted, "identity");
        foreach (var coding in ContentCoding.All)
        {
            // By its plain name first, which costs one look where there is none.
            if (!File.Exists(file + coding.Extension)
                || _root.Resolve(path + coding.Extension) is not { } sibling
                || File.GetLastWriteTimeUtc(sibling) < File.GetLastWriteTimeUtc(file!))
            {
                continue;
            }

            // §12.5.5: what is there decides, not what was asked for.
            response.Headers["Vary"] = "Accept-Encoding";
            if (ContentCoding.Weight(accepted, coding.Name) is > 0 and var weight && weight > bestWeight)
            {
                (best, bestFile, bestWeight) = (coding, sibling, weight);
            }
        }

        file = bestFile;
        return best;
    }

    private static void Redirect(HttpRequest request, HttpResponse response, string path)
    {
        var location = string.Join('/', path.Split('/').Select(Uri.EscapeDataString)) + "/";
        response.StatusCode = 301;
        response.Headers["Location"] = request.QueryString.Length > 0 ? $"{location}?{request.QueryString}" : location;
        response.WriteText("301 Moved Permanently: this is a folder.\n");
    }

    // False when there is no such file; true when an answer is written, be it a refusal.
    private static async ValueTask<bool> TrySendAsync(
        HttpRequest request, HttpResponse response, string? path, ContentCoding? coding, int status)
    {
        if (path is null || new FileInfo(path) is not { Exists: true } info)
        {
            return false;
        }

        // The type is that of the file itself, also when a compressed sibling is sent.
        var type = ContentTypes.For(coding is null ? path : path[..^coding.Extension.Length]);
        if (info.Length == 0)
        {
            // Not opened: a FIFO or a device has no length either, and opening one can block a worker for ever.
            WriteHead(request, response, type, coding, status, 0, new DateTimeOffset(info.LastWriteTimeUtc));
            return true;
        }

        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false; // gone since we looked
        }
        catch (UnauthorizedAccessException)
        {
            response.StatusCode = 403;
            response.WriteText("403 Forbidden: the server may not read this file.\n");
            return true;
        }

        using (file)
        {
            // From the open file, not from its name: what is described is what is sent.
            var length = RandomAccess.GetLength(file);
            var ranges = WriteHead(
                request, response, type, coding, status, length, new DateTimeOffset(File.GetLastWriteTimeUtc(file)));
            if (ranges.Count == 1)
            {
                await SendAsync(file, ranges[0], response, request.Aborted).ConfigureAwait(false);
            }
            else if (ranges.Count > 1)
            {
                await SendPartsAsync(file, type, length, ranges, response, request.Aborted).ConfigureAwait(false);
            }
        }

        return true;
    }

    // Everything but the body. Gives what of the file is to be its body: nothing, all of it, or the parts that were asked for.
    private static IReadOnlyList<ByteRange> WriteHead(
        HttpRequest request, HttpResponse response, string type, ContentCoding? coding, int status, long length, DateTimeOffset modified)
    {
        if (status != 200)
        {
            return WriteWhole(request, response, type, coding, status, length);
        }

        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{modified.UtcTicks:x}-{length:x}{(coding is null ? "" : "-" + coding.Name)}\"");
        var now = TimeProvider.System.GetUtcNow();
        response.Headers["ETag"] = tag;
        switch (ConditionalRequest.Evaluate(request.Headers, tag, modified, now))
        {
            case Precondition.NotModified:
                response.StatusCode = 304;
                return [];
            case Precondition.Failed:
                response.StatusCode = 412;
                response.WriteText("412 Precondition Failed: the file is not what the request takes it for.\n");
                return [];
            default:
                break;
        }

        response.Headers["Last-Modified"] = HttpDate.Format(modified);
        response.Headers["Accept-Ranges"] = "bytes";
        if (request.Method != "GET" // §14.2: a Range with another method is ignored
            || !request.Headers.TryGetValue("Range", out var field)
            || !ConditionalRequest.IsRangeWanted(request.Headers, tag, modified, now)
            || !ByteRanges.TryParse(field, length, out var ranges))
        {
            return WriteWhole(request, response, type, coding, status, length);
        }

        if (ranges.Count == 0)
        {
            response.StatusCode = 416;
            response.Headers["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes */{length}");
            response.WriteText("416 Range Not Satisfiable: the file is shorter.\n");
            return [];
        }

        response.StatusCode = 206;
        DescribeFile(response, type, coding);
        if (ranges.Count == 1)
        {
            response.Headers["Content-Range"] = ContentRange(ranges[0], length);
            response.ContentLength = ranges[0].Length;
        }

        return ranges;
    }

    private static IReadOnlyList<ByteRange> WriteWhole(
        HttpRequest request, HttpResponse response, string type, ContentCoding? coding, int status, long length)
    {
        response.StatusCode = status;
        DescribeFile(response, type, coding);
        response.ContentLength = length;
        return request.Method == "GET" && length > 0 ? [new ByteRange(0, length)] : [];
    }

    // For a response whose body is of the file; the others have a type of their own, and none of the file's coding.
    private static void DescribeFile(HttpResponse response, string type, ContentCoding? coding)
    {
        response.ContentType = type;
        response.Headers["X-Content-Type-Options"] = "nosniff";
        if (coding is not null)
        {
            response.Headers["Content-Encoding"] = coding.Name;
        }
    }

    private static string ContentRange(ByteRange range, long length) =>
        string.Create(CultureInfo.InvariantCulture, $"bytes {range.Start}-{range.End - 1}/{length}");

    // RFC 9110 §14.6: multipart/byteranges, each part with its own type and place.
    private static async ValueTask SendPartsAsync(
        SafeFileHandle file, string type, long length, IReadOnlyList<ByteRange> ranges, HttpResponse response, CancellationToken aborted)
    {
        var boundary = Guid.NewGuid().ToString("N");
        var heads = ranges.Select(range => Encoding.ASCII.GetBytes(
            $"\r\n--{boundary}\r\nContent-Type: {type}\r\nContent-Range: {ContentRange(range, length)}\r\n\r\n")).ToList();
        var end = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        response.ContentType = $"multipart/byteranges; boundary={boundary}";
        response.ContentLength = heads.Sum(static head => (long)head.Length) + ranges.Sum(static range => range.Length) + end.Length;
        for (var index = 0; index < ranges.Count; index++)
        {
            response.Body.Write(heads[index]);
            if (!await SendAsync(file, ranges[index], response, aborted).ConfigureAwait(false))
            {
                return;
            }
        }

        response.Body.Write(end);
    }

    // False when the client is gone, or the file has become shorter than it was: then the server aborts the connection, so that
    // nobody takes the response for whole.
    private static async ValueTask<bool> SendAsync(
        SafeFileHandle file, ByteRange range, HttpResponse response, CancellationToken aborted)
    {
        var offset = range.Start;
        while (offset < range.End)
        {
            var buffer = response.Body.GetMemory((int)Math.Min(ReadBytes, range.End - offset));
            buffer = buffer[..(int)Math.Min(buffer.Length, range.End - offset)];
            // The first read runs on the worker that the handler was given and may block it; after an await the thread
            // may be anybody's.
            var read = offset == range.Start
                ? RandomAccess.Read(file, buffer.Span, offset)
                : await RandomAccess.ReadAsync(file, buffer, offset, aborted).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            response.Body.Advance(read);
            offset += read;
            if (offset < range.End && (await response.Body.FlushAsync(aborted).ConfigureAwait(false)).IsCompleted)
            {
                return false;
            }
        }

        return true;
    }
}
