using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.StaticFiles;

/// <summary>
/// Serves the files below one folder: index files, content types, <c>ETag</c> and <c>Last-Modified</c>, a 404 page. Made of
/// the public API only. Safe for any number of requests at once.
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

            file = _root.Resolve(path + IndexFile);
        }
        else if (path.EndsWith('/'))
        {
            file = null; // a file is no folder
        }

        if (!await TrySendAsync(request, response, file, 200).ConfigureAwait(false)
            && !await TrySendAsync(request, response, _root.Resolve("/" + NotFoundFile), 404).ConfigureAwait(false))
        {
            response.StatusCode = 404;
            response.WriteText("404 Not Found: there is nothing at this path.\n");
        }
    }

    private static void Redirect(HttpRequest request, HttpResponse response, string path)
    {
        var location = string.Join('/', path.Split('/').Select(Uri.EscapeDataString)) + "/";
        response.StatusCode = 301;
        response.Headers["Location"] = request.QueryString.Length > 0 ? $"{location}?{request.QueryString}" : location;
        response.WriteText("301 Moved Permanently: this is a folder.\n");
    }

    // False when there is no such file; true when an answer is written, be it a refusal.
    private static async ValueTask<bool> TrySendAsync(HttpRequest request, HttpResponse response, string? path, int status)
    {
        if (path is null || new FileInfo(path) is not { Exists: true } info)
        {
            return false;
        }

        if (info.Length == 0)
        {
            // Not opened: a FIFO or a device has no length either, and opening one can block a worker for ever.
            WriteHead(request, response, path, status, 0, new DateTimeOffset(info.LastWriteTimeUtc));
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
            if (WriteHead(request, response, path, status, length, new DateTimeOffset(File.GetLastWriteTimeUtc(file))))
            {
                await SendAsync(file, length, response, request.Aborted).ConfigureAwait(false);
            }
        }

        return true;
    }

    // Everything but the body; false when there is to be none.
    private static bool WriteHead(
        HttpRequest request, HttpResponse response, string path, int status, long length, DateTimeOffset modified)
    {
        response.ContentType = ContentTypes.For(path);
        response.Headers["X-Content-Type-Options"] = "nosniff";
        if (status == 200)
        {
            var tag = string.Create(CultureInfo.InvariantCulture, $"\"{modified.UtcTicks:x}-{length:x}\"");
            response.Headers["ETag"] = tag;
            response.Headers["Last-Modified"] = modified.ToString("R", CultureInfo.InvariantCulture);
            if (ConditionalRequest.IsNotModified(request.Headers, tag, modified))
            {
                response.StatusCode = 304;
                return false;
            }
        }

        response.StatusCode = status;
        response.ContentLength = length;
        return request.Method == "GET";
    }

    private static async ValueTask SendAsync(SafeFileHandle file, long length, HttpResponse response, CancellationToken aborted)
    {
        var offset = 0L;
        while (offset < length)
        {
            var buffer = response.Body.GetMemory((int)Math.Min(ReadBytes, length - offset));
            buffer = buffer[..(int)Math.Min(buffer.Length, length - offset)];
            // The first read runs on the worker that the handler was given and may block it; after an await the thread
            // may be anybody's.
            var read = offset == 0
                ? RandomAccess.Read(file, buffer.Span, offset)
                : await RandomAccess.ReadAsync(file, buffer, offset, aborted).ConfigureAwait(false);
            if (read == 0)
            {
                return; // shorter than it was: the server aborts the connection, so that nobody takes it for whole
            }

            response.Body.Advance(read);
            offset += read;
            if (offset < length && (await response.Body.FlushAsync(aborted).ConfigureAwait(false)).IsCompleted)
            {
                return; // the client is gone
            }
        }
    }
}
