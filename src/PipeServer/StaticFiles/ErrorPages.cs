namespace PipeServer.StaticFiles;

/// <summary>What a visitor gets where there is no file to send: the folder's own pages, or a line of text. Thread-safe.</summary>
internal sealed class ErrorPages
{
    private const string NotFoundFile = "/404.html";
    private const string ServerErrorFile = "/50x.html";
    private const string NotFoundText = "404 Not Found: there is nothing at this path.\n";
    private const int MaxServerErrorBytes = 64 * 1024;

    private readonly FileLocator _locator;
    private readonly FileForms _forms;
    private readonly FileHeaders _headers;
    private readonly byte[]? _serverErrorPage;

    public ErrorPages(FileLocator locator, FileForms forms, FileHeaders headers)
    {
        (_locator, _forms, _headers) = (locator, forms, headers);
        _serverErrorPage = ReadServerErrorPage();
    }

    /// <summary>The content of <c>50x.html</c> at the start, at most 64 KiB; empty when there is none.</summary>
    public ReadOnlyMemory<byte> ServerErrorPage => _serverErrorPage;

    /// <summary>Whether it is another one now, or one where there was none, or none any more. Reads it.</summary>
    public bool HasOtherServerErrorPage() => !ReadServerErrorPage().AsSpan().SequenceEqual(_serverErrorPage);

    /// <summary>Answers 404, with the folder's own page if it has one.</summary>
    public async ValueTask SendNotFoundAsync(HttpRequest request, HttpResponse response)
    {
        using var page = _locator.LocateAlone(NotFoundFile);
        if (page.Status != OpenStatus.File)
        {
            Write(response, 404, NotFoundText);
            return;
        }

        response.StatusCode = 404;
        response.ContentType = _headers.ContentTypes.For(NotFoundFile);
        _headers.SetForPage(response);
        response.ContentLength = page.File!.Identity.Length;
        if (request.Method != "HEAD" && !await _forms.Sender(page.File, request, response).SendWholeAsync().ConfigureAwait(false))
        {
            response.Clear();
            Write(response, 404, NotFoundText);
        }
    }

    /// <summary>Answers 503: the same request may do better in a second.</summary>
    public void WriteUnavailable(HttpResponse response, string reason)
    {
        response.Headers["Retry-After"] = "1";
        Write(response, 503, $"503 Service Unavailable: {reason}.\n");
    }

    /// <summary>Answers with a line of text; from 500 on with <see cref="ServerErrorPage"/> if there is one.</summary>
    public void Write(HttpResponse response, int status, string text)
    {
        response.StatusCode = status;
        _headers.SetForPage(response);
        if (status >= 500 && _serverErrorPage is { Length: > 0 } page)
        {
            response.WriteBytes(page, "text/html; charset=utf-8");
        }
        else
        {
            response.WriteText(text);
        }
    }

    private byte[]? ReadServerErrorPage()
    {
        using var page = _locator.LocateAlone(ServerErrorFile);
        return page.File is { Identity.Length: <= MaxServerErrorBytes } file ? _forms.TryReadWhole(file) : null;
    }
}
