using PipeServer;
using PipeServer.StaticFiles;

namespace UploadSample;

/// <summary>The uploads over HTTP: <c>PUT /files/NAME</c> stores, <c>GET</c> gets, <c>GET /files</c> lists.</summary>
internal sealed class UploadApi(UploadFolder folder, StaticFileHandler stored, long maxFileBytes)
{
    private const int MaxUploads = 16;

    private int _uploads;

    /// <summary>Maps the routes.</summary>
    public void Map(RouteBuilder routes)
    {
        routes.MapGet("/files", (_, response) => response.WriteJson(folder.List(), UploadJson.Default.StoredFileArray));
        routes.MapGet("/files/{name}", (request, response) => stored.ServeAsync(request, response, $"/{NameOf(request)}").AsTask());

        // A function that chooses where a handler runs is asked before the length of the body is looked at: here it may be larger than elsewhere.
        routes.Map("PUT", "/files/{name}", request =>
        {
            request.MaxBodyBytes = maxFileBytes;
            return Dispatch.Worker;
        }, StoreAsync);
    }

    private async Task StoreAsync(HttpRequest request, HttpResponse response)
    {
        var name = NameOf(request);
        var mayReplace = request.Headers["If-None-Match"] != "*"; // RFC 9110 §13.1.2
        if (!mayReplace && folder.Contains(name))
        {
            throw NameTaken(); // before the body: a client that expects 100-continue need not send it
        }

        if (!folder.HasRoomFor(request.ContentLength ?? 0))
        {
            Refuse(response, 507, "The disk is full.\n");
            return;
        }

        try
        {
            if (Interlocked.Increment(ref _uploads) > MaxUploads)
            {
                response.Headers["Retry-After"] = "5";
                Refuse(response, 503, "Too many uploads at once.\n");
                return;
            }

            var existed = folder.Contains(name);
            var file = await folder.StoreAsync(name, request.Body, mayReplace, request.Aborted) ?? throw NameTaken();
            response.StatusCode = existed ? 200 : 201;
            response.WriteJson(file, UploadJson.Default.StoredFile);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !request.Aborted.IsCancellationRequested && !folder.HasRoomFor(0))
        {
            Refuse(response, 507, "The disk is full.\n");
        }
        finally
        {
            Interlocked.Decrement(ref _uploads);
        }
    }

    private static string NameOf(HttpRequest request) => FileName.IsValid(request.RouteValues["name"])
        ? request.RouteValues["name"]
        : throw new BadHttpRequestException(
            "A name begins with a letter or a digit, ends with no dot, has blanks and . _ ( ) + = @ - beside them, and up to 200 bytes.");

    private static BadHttpRequestException NameTaken() => new("There is a file of that name.", 412);

    private static void Refuse(HttpResponse response, int status, string text)
    {
        response.StatusCode = status;
        response.WriteText(text);
    }
}
