using System.Buffers;
using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>
/// Answers with a file that has been located: chooses its form, evaluates the request's conditions (RFC 9110 §13) and ranges (§14), and
/// sends what is asked for. Thread-safe.
/// </summary>
internal sealed class FileAnswer(FileForms forms, FileHeaders headers, ErrorPages errors, CachedAnswers? cached, StaticFileOptions options)
{
    /// <summary>Answers a GET or HEAD request.</summary>
    /// <param name="request">For its method, conditions and ranges.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="path">The path that led to the file.</param>
    /// <param name="location">The file, open, with its compressed siblings.</param>
    /// <returns>False when the file has changed while it was read, and nothing is sent yet.</returns>
    public async ValueTask<bool> TrySendAsync(HttpRequest request, HttpResponse response, string path, FileLocation location)
    {
        var chosen = Choose(request, path, location);
        location.DisposeSiblings(except: chosen.Form.Source);
        var now = options.TimeProvider.GetUtcNow();
        switch (ConditionalRequest.Evaluate(request.Headers, chosen.Form.Tag, chosen.Form.Modified, now))
        {
            case Precondition.NotModified:
                response.Send(chosen.Representation?.NotModified
                    ?? new PreparedResponse(304, headers.ForNotModified(location.RelativePath, chosen.Form, chosen.Varies)));
                return true;
            case Precondition.Failed:
                errors.Write(response, 412, "412 Precondition Failed: the file is not what the request takes it for.\n");
                return true;
            case Precondition.Unknown:
                errors.WriteUnavailable(response, "the file is being read for its entity tag");
                return true;
            default:
                break;
        }

        var ranges = Ranges(request, chosen.Form, now);
        if (ranges is null && chosen.Representation?.Whole is { } whole && !IsDownload(request) && response.TrySend(whole))
        {
            return true;
        }

        foreach (var (name, value) in headers.ForWhole(location.RelativePath, chosen.Form, chosen.Varies, IsDownload(request)))
        {
            response.Headers.Add(name, value);
        }

        if (chosen.Compressed is { } bytes)
        {
            await SendAsync(request, response, bytes).ConfigureAwait(false);
            return true;
        }

        return await TrySendAsync(request, response, chosen.Form.Source!, ranges).ConfigureAwait(false);
    }

    /// <summary>Sends bytes piece by piece, so that a client that does not read costs no copy of them.</summary>
    public static async ValueTask SendAsync(HttpRequest request, HttpResponse response, ReadOnlyMemory<byte> bytes)
    {
        const int PieceBytes = 64 * 1024;
        response.ContentLength = bytes.Length;
        while (request.Method != "HEAD")
        {
            var piece = bytes[..Math.Min(PieceBytes, bytes.Length)];
            bytes = bytes[piece.Length..];
            response.Body.Write(piece.Span);
            if (bytes.IsEmpty || (await response.Body.FlushAsync(request.Aborted).ConfigureAwait(false)).IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>True when the client is to save the file instead of showing it: it has asked with <c>?download</c>.</summary>
    public static bool IsDownload(HttpRequest request) => request.QueryBytes is { IsEmpty: false } query && IsDownload(query);

    private static bool IsDownload(ReadOnlySpan<byte> query) =>
        query.StartsWith("download"u8)
        && (query.Length == "download"u8.Length || query["download"u8.Length] is (byte)'=' or (byte)'&');

    private Chosen Choose(HttpRequest request, string path, FileLocation location)
    {
        var all = forms.Of(location);
        var file = cached?.FindOrAdd(path, location, all, request.Aborted);
        var wantsWholeFile = request.Method != "GET" || !request.Headers.Contains("Range");
        var form = forms.WithTag(FileForms.Choose(all, request.Headers["Accept-Encoding"], mayBeMade: wantsWholeFile), location, request.Aborted);
        var representation = file is null ? null : Array.Find(file.Representations, item => item.Coding == form.Coding);
        if (form.Source is not null)
        {
            return new Chosen(form, representation, Compressed: null, all.Count > 1);
        }

        // Compression on the fly comes before the head is decided, because it may turn out not to be worth it.
        var compressed = representation?.Whole?.Body ?? forms.Compress(location, form.Coding!);
        if (compressed is null)
        {
            representation?.IsExcluded |= forms.IsNotWorthCompressing(location, form.Coding!);
            return new Chosen(forms.WithTag(all[0], location, request.Aborted), file?.Representations[0], Compressed: null, all.Count > 1);
        }

        if (representation is not null && form.Tag is not null)
        {
            cached!.Complete(file!, representation, form, location.RelativePath, compressed.Value);
        }

        return new Chosen(form, representation, compressed, all.Count > 1);
    }

    // Null when the whole file is wanted. §14.2: a Range with another method than GET is ignored.
    private static List<ByteRange>? Ranges(HttpRequest request, FileForm form, DateTimeOffset now) =>
        request.Method == "GET"
        && form.Source is not null
        && request.Headers.TryGetValue("Range", out var field)
        && ConditionalRequest.IsRangeWanted(request.Headers, form.Tag, form.Modified, now)
        && ByteRanges.TryParse(field, form.Source.Identity.Length, out var ranges)
            ? ranges
            : null;

    private async ValueTask<bool> TrySendAsync(HttpRequest request, HttpResponse response, OpenedFile file, List<ByteRange>? ranges)
    {
        var sender = forms.Sender(file, request, response);
        if (ranges is null)
        {
            response.ContentLength = file.Identity.Length;
            return request.Method == "HEAD" || await sender.SendWholeAsync().ConfigureAwait(false);
        }

        if (ranges.Count == 0)
        {
            response.Clear();
            response.Headers["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes */{file.Identity.Length}");
            errors.Write(response, 416, "416 Range Not Satisfiable: the file is shorter.\n");
            return true;
        }

        response.StatusCode = 206;
        return await sender.SendRangesAsync(ranges).ConfigureAwait(false);
    }

    /// <summary>What a request gets of a file.</summary>
    /// <param name="Form">The form.</param>
    /// <param name="Representation">The same in memory, or null.</param>
    /// <param name="Compressed">The bytes of a form that was made on the fly.</param>
    /// <param name="Varies">There are other forms too.</param>
    private readonly record struct Chosen(FileForm Form, Representation? Representation, ReadOnlyMemory<byte>? Compressed, bool Varies);
}
