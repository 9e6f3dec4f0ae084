using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>
/// The pages that visitors see, looked at in Chromium as wide as a desktop and as a phone, in light and dark: nothing on the
/// console, nothing wider than the window, a name for everything that is operated, and enough contrast. Screenshots are left beside the
/// tests' assembly.
/// </summary>
public sealed partial class PageTests(Site site) : IClassFixture<Site>
{
    private const int Desktop = 1280;
    private const int Phone = 360;

    public static TheoryData<string, string, int, ColorScheme> Pages
    {
        get
        {
            var pages = new TheoryData<string, string, int, ColorScheme>();
            foreach (var (name, path) in new[] { ("index", "/"), ("404", "/nothing"), ("50x", "/fault"), ("listing", "/files/"), ("empty", "/files/folder/") })
            {
                pages.Add(name, path, Desktop, ColorScheme.Light);
                pages.Add(name, path, Desktop, ColorScheme.Dark);
                pages.Add(name, path, Phone, ColorScheme.Light);
                pages.Add(name, path, Phone, ColorScheme.Dark);
            }

            return pages;
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_has_nothing_wrong_with_it(string name, string path, int width, ColorScheme colors)
    {
        await using var look = await Look.AtAsync(site.Browser, width, colors);
        var response = await look.Page.GotoAsync(new Uri(site.Address, name == "50x" ? site.Fault.Path : path).ToString());
        Assert.Equal(name switch { "404" => 404, "50x" => site.Fault.Status, _ => 200 }, response!.Status);
        await look.Page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = Path.Combine(AppContext.BaseDirectory, "screenshots", $"{name}-{width}-{colors}.png"),
            FullPage = true,
        });
        Assert.Empty(await look.FaultsAsync());
    }

    [Theory]
    [InlineData(Desktop)]
    [InlineData(Phone)]
    public async Task A_listing_is_sorted_and_walked_through_by_its_links(int width)
    {
        await using var look = await Look.AtAsync(site.Browser, width);
        var page = look.Page;
        await page.GotoAsync(new Uri(site.Address, "/files/").ToString());
        Assert.Equal(["another folder/", "folder/"], (await NamesAsync(page)).Take(2));
        Assert.Contains("<b>bold & brave.txt", await NamesAsync(page));

        var size = page.GetByRole(AriaRole.Columnheader, new() { NameRegex = SizeHead() });
        await size.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(size).ToHaveAttributeAsync("aria-sort", "ascending");
        Assert.EndsWith(".tar.gz", (await NamesAsync(page))[^1]);
        await size.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(size).ToHaveAttributeAsync("aria-sort", "descending");
        Assert.EndsWith(".tar.gz", (await NamesAsync(page))[2]); // behind the folders

        await page.GetByRole(AriaRole.Link, new() { Name = "another folder/" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "deeper/" }).ClickAsync();
        await Assertions.Expect(page).ToHaveTitleAsync("Index of /files/another folder/deeper/");
        await page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "files" }).ClickAsync();
        await Assertions.Expect(page).ToHaveTitleAsync("Index of /files/");
        Assert.Empty(await look.FaultsAsync());
    }

    // On a phone the column with the date was left out.
    [Theory]
    [InlineData(Desktop)]
    [InlineData(Phone)]
    public async Task A_listing_tells_everything_at_any_width(int width)
    {
        await using var look = await Look.AtAsync(site.Browser, width);
        var page = look.Page;
        await page.GotoAsync(new Uri(site.Address, "/files/").ToString());
        foreach (var row in await page.GetByRole(AriaRole.Row).AllAsync())
        {
            foreach (var cell in await row.Locator("th, td").AllAsync())
            {
                var box = await cell.BoundingBoxAsync();
                Assert.True(box is { Width: > 20, X: >= 0 } && box.X + box.Width <= width, $"{await cell.InnerTextAsync()}: {box?.X}+{box?.Width} of {width}");
            }
        }

        var small = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "small.txt" });
        await Assertions.Expect(small.Locator("time")).ToBeVisibleAsync();
        await Assertions.Expect(small.GetByRole(AriaRole.Img, new() { Name = "text" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { Name = "folder" })).ToHaveCountAsync(2);
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { Name = "archive" })).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task A_listing_is_filtered_by_name()
    {
        await using var look = await Look.AtAsync(site.Browser, Desktop);
        var page = look.Page;
        await page.GotoAsync(new Uri(site.Address, "/files/").ToString());
        var all = await NamesAsync(page);
        var filter = page.GetByRole(AriaRole.Searchbox, new() { Name = "Filter by name" });
        await filter.FillAsync("OLD");
        await Assertions.Expect(page.Locator("tbody tr:visible")).ToHaveCountAsync(3); // folder, another folder, bold
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync($"3 of {all.Count}");
        await filter.FillAsync("gru\u0308ße"); // as macOS writes it
        await Assertions.Expect(page.Locator("tbody tr:visible")).ToHaveCountAsync(1);
        await filter.FillAsync("no such name");
        await Assertions.Expect(page.Locator("tbody tr:visible")).ToHaveCountAsync(0);
        await filter.FillAsync("");
        await Assertions.Expect(page.Locator("tbody tr:visible")).ToHaveCountAsync(all.Count);
        Assert.Empty(await look.FaultsAsync());
    }

    [Fact]
    public async Task A_listing_needs_no_script()
    {
        await using var context = await site.Browser.NewContextAsync(new() { JavaScriptEnabled = false });
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(site.Address, "/files/").ToString());
        await Assertions.Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Columnheader).GetByRole(AriaRole.Link, new() { Name = "Size" }).ClickAsync();
        Assert.EndsWith(".tar.gz", (await NamesAsync(page))[^1]);
        await page.GetByRole(AriaRole.Link, new() { Name = "folder/", Exact = true }).ClickAsync();
        await Assertions.Expect(page).ToHaveTitleAsync("Index of /files/folder/");
    }

    // A listing is the index page's sister, and a row shows that the pointer is on it.
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task A_listing_looks_like_the_index_page(ColorScheme colors)
    {
        await using var look = await Look.AtAsync(site.Browser, Desktop, colors);
        var page = look.Page;
        const string Looks = "() => { const body = getComputedStyle(document.body), link = getComputedStyle(document.querySelector('main a')); return [body.backgroundColor, body.color, body.fontFamily, body.fontSize, link.color].join(); }";
        await page.GotoAsync(site.Address.ToString());
        var index = await page.EvaluateAsync<string>(Looks);
        await page.GotoAsync(new Uri(site.Address, "/files/folder/").ToString());
        Assert.Equal(index.Split(',')[..^3], (await page.EvaluateAsync<string>(Looks)).Split(',')[..^3]);
        Assert.Equal(
            await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('td a')).color"), string.Join(',', index.Split(',')[^3..]));
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "inner.txt" });
        const string Background = "row => getComputedStyle(row).backgroundColor";
        var before = await row.EvaluateAsync<string>(Background);
        await row.HoverAsync();
        Assert.NotEqual(before, await row.EvaluateAsync<string>(Background));
        Assert.Empty(await look.FaultsAsync());
    }

    [Fact]
    public async Task A_listing_is_used_by_the_keyboard()
    {
        await using var look = await Look.AtAsync(site.Browser, Desktop);
        var page = look.Page;
        await page.GotoAsync(new Uri(site.Address, "/files/folder/").ToString());
        var file = page.GetByRole(AriaRole.Link, new() { Name = "inner.txt" });
        var hasFocus = false;
        for (var step = 0; step < 20 && !hasFocus; step++)
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
            hasFocus = await file.EvaluateAsync<bool>("link => link === document.activeElement");
        }

        Assert.True(hasFocus, "the file is never reached");
        await page.Keyboard.PressAsync("Enter");

        // Asked for again and again: WaitForURLAsync missed a navigation that was over before it began to wait, on a busy machine.
        await Assertions.Expect(page).ToHaveURLAsync(new Uri(site.Address, "/files/folder/inner.txt").ToString(), new() { Timeout = 20_000 });
    }

    // The looks themselves must see what they are there for.
    [Theory]
    [InlineData("<main><h1>x</h1><button></button></main>", "accessible name: none for a button")]
    [InlineData("<main><h1>x</h1><a href='/'></a></main>", "accessible name: none for a link")]
    [InlineData("<main><h1>x</h1><img src='/favicon.svg'></main>", "accessible name: none for a image")]
    [InlineData("<main><h1>x</h1><input></main>", "accessible name: none for a textbox")]
    [InlineData("<main><h1>x</h1><div style='width:200vw'>x</div></main>", "layout: ")]
    [InlineData("<main><h1>x</h1><script>console.error('oops')</script></main>", "console: oops")]
    [InlineData("<main><h1>x</h1><script>throw new Error('oops')</script></main>", "script: ")]
    [InlineData("<main><h1>x</h1><script src='/nothing.js'></script></main>", "response: ")]
    [InlineData("<main><h1>x</h1><p style='color:#999'>faint</p></main>", "contrast: ")]
    [InlineData("<p>x", "landmarks: ")]
    [InlineData("<main><h1>x</h1></main>", "language: ")]
    public async Task What_is_wrong_is_seen(string content, string fault)
    {
        await using var look = await Look.AtAsync(site.Browser, Desktop);
        await look.Page.GotoAsync(site.Address.ToString());
        await look.Page.SetContentAsync($"<!DOCTYPE html><title>x</title>{content}");
        Assert.Contains(await look.FaultsAsync(), found => found.StartsWith(fault, StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(IPage page) =>
        [.. (await page.Locator("tbody td:first-child a").AllInnerTextsAsync()).Where(static name => !name.StartsWith("..", StringComparison.Ordinal))];

    [GeneratedRegex("^Size")]
    private static partial Regex SizeHead();
}
