using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Difference.Application;

/// <summary>The results of minimal APIs.</summary>
internal static class ResultEndpoints
{
    public static void Map(WebApplication application, SiteFolder site)
    {
        var result = application.MapGroup("/result");
        result.MapGet("/text", static () => "plain");
        result.MapGet("/empty", static () => "");
        result.MapGet("/null", static () => (string?)null);
        result.MapGet("/json", static () => new { text = "ä\"<>", number = 1.5, list = new[] { 1, 2 }, nothing = (string?)null });
        result.MapGet("/html", static () => Results.Content("<p>ü</p>", "text/html", Encoding.UTF8));
        result.MapGet("/latin", static () => Results.Text("ü", "text/plain", Encoding.Latin1));
        result.MapGet("/ok", static () => Results.Ok());
        result.MapGet("/no-content", static () => Results.NoContent());
        result.MapGet("/created", static () => Results.Created("/result/1", new { id = 1 }));
        result.MapGet("/accepted", static () => Results.Accepted("/result/2"));
        result.MapGet("/redirect", static (bool permanent, bool keep) => Results.Redirect("/result/text?ä=ö", permanent, keep));
        result.MapGet("/bad", static () => Results.BadRequest(new { error = "bad" }));
        result.MapGet("/not-found", static () => Results.NotFound());
        result.MapGet("/conflict", static () => Results.Conflict("conflict"));
        result.MapGet("/unprocessable", static () => Results.UnprocessableEntity());
        result.MapGet("/problem", static () => Results.Problem("detail", "instance", 507, "title", "about:blank",
            new Dictionary<string, object?> { ["more"] = 1 }));
        result.MapGet("/validation", static () => Results.ValidationProblem(new Dictionary<string, string[]> { ["field"] = ["is wrong", "is late"] }));
        result.Map("/status/{code:int}", static (int code) => Results.StatusCode(code));
        result.MapGet("/status-with-body/{code:int}", static (int code) => Results.Text("a body", statusCode: code));
        result.MapGet("/bytes", static () => Results.Bytes(SiteFolder.Text(500), "application/x-own", "own.bin", enableRangeProcessing: true,
            lastModified: SiteFolder.LastModified, entityTag: new EntityTagHeaderValue("\"v1\"")));
        result.MapGet("/stream", static () => Results.Stream(new MemoryStream(SiteFolder.Text(70_000)), "text/plain"));
        result.MapGet("/stream-writer", static () => Results.Stream(static async stream =>
        {
            await stream.WriteAsync("first "u8.ToArray());
            await stream.FlushAsync();
            await stream.WriteAsync("second"u8.ToArray());
        }));
        result.MapGet("/file", () => Results.File(site.PathOf("large.bin"), "application/octet-stream", enableRangeProcessing: true,
            lastModified: SiteFolder.LastModified, entityTag: new EntityTagHeaderValue("\"large\"")));
        result.MapGet("/download", () => Results.File(site.PathOf("text.txt"), "text/plain", "näme \"quoted\".txt"));
        result.MapGet("/missing-file", () => Results.File(site.PathOf("not-there.txt"), "text/plain"));
        result.MapGet("/empty-result", static () => Results.Empty);
        result.MapGet("/generator", static () => GenerateAsync());
        result.MapGet("/problem-object", static () => TypedResults.Problem(new ProblemDetails { Status = 418, Title = "short" }));
    }

    private static async IAsyncEnumerable<string> GenerateAsync()
    {
        for (var line = 0; line < 3; line++)
        {
            await Task.Yield();
            yield return $"line {line}";
        }
    }
}
