using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Difference.Pages;

/// <summary>A Razor page that is longer than a buffer.</summary>
public sealed class HelloModel : PageModel
{
    public string Name { get; private set; } = "";

    public void OnGet(string? name) => Name = name ?? "nobody";

    public void OnPost(string? name) => Name = name ?? "posted";
}
