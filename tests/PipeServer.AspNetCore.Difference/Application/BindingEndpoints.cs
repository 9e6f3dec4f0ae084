using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc;

namespace Difference.Application;

/// <summary>Minimal APIs: what they bind, and how they refuse what they cannot.</summary>
internal static class BindingEndpoints
{
    public static void Map(WebApplication application)
    {
        var bind = application.MapGroup("/bind");
        bind.MapGet("/int/{id:int}", static (int id) => id);
        bind.MapGet("/long/{id}", static (long id) => id);
        bind.MapGet("/guid/{id:guid}", static (Guid id) => id);
        bind.MapGet("/short/{name:length(2,4)}", static (string name) => name);
        bind.MapGet("/word/{name:alpha}/{*rest}", static (string name, string? rest) => $"{name} and {rest}");
        bind.MapGet("/query", static (int number, string? text, int[]? list) => TypedResults.Json(new { number, text, list }));
        bind.MapGet("/default", static (int size = 10, DateOnly? day = null) => TypedResults.Json(new { size, day }));
        bind.MapGet("/header", static ([FromHeader(Name = "X-Number")] int number, [FromHeader(Name = "X-Texts")] string[]? texts) =>
            TypedResults.Json(new { number, texts }));
        bind.MapPost("/body", static (Order order) => TypedResults.Json(order));
        bind.MapPut("/body/{id:int}", static (int id, Order order) => TypedResults.Ok(new { id, order.Product }));
        bind.MapPost("/optional", static ([FromBody] Order? order) => order is null ? "none" : order.Product);
        bind.MapPost("/checked", static (Order order) => TypedResults.Created($"/orders/{order.Amount}", order));
        bind.MapGet("/checked", static ([Range(1, 9)] int number) => number);
        bind.MapPost("/text", static async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            return await reader.ReadToEndAsync();
        });
        bind.MapPost("/stream", static async (Stream body) =>
        {
            using var copy = new MemoryStream();
            await body.CopyToAsync(copy);
            return copy.Length;
        });
        bind.MapPost("/form", static ([FromForm] string name, [FromForm] int? age) => TypedResults.Json(new { name, age })).DisableAntiforgery();
        bind.MapPost("/file", static async (IFormFile file) => TypedResults.Json(await DescribeAsync(file))).DisableAntiforgery();
        bind.MapPost("/files", FilesAsync).DisableAntiforgery();
        bind.MapMethods("/methods", ["GET", "PROPFIND", "REPORT"], static (HttpContext context) => context.Request.Method);
    }

    private static async Task<object> FilesAsync(IFormCollection form)
    {
        var files = new List<object>();
        foreach (var file in form.Files)
        {
            files.Add(await DescribeAsync(file));
        }

        return new { fields = form.ToDictionary(static pair => pair.Key, static pair => pair.Value.ToArray()), files };
    }

    private static async Task<object> DescribeAsync(IFormFile file)
    {
        await using var stream = file.OpenReadStream();
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return new { file.Name, file.FileName, file.ContentType, file.Length, file.ContentDisposition, sum = Runner.Checksum.Of(copy.ToArray()) };
    }
}
