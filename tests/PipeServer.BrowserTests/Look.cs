using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>A page as somebody sees it, and what is wrong with it.</summary>
internal sealed class Look : IAsyncDisposable
{
    // What is operated, or found by its name, by those who hear the page.
    private static readonly HashSet<string> NamedRoles =
    [
        "RootWebArea", "button", "checkbox", "columnheader", "combobox", "dialog", "heading", "image", "link", "listbox", "menuitem",
        "navigation", "option", "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
    ];

    private readonly IBrowserContext _context;
    private readonly List<string> _faults = [];
    private readonly ConcurrentQueue<string> _requested = [];

    private Look(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            // The browser tells of the page's own status too, which is no mistake of the page.
            if (message.Type is "error" or "warning" && !(message.Location.StartsWith(page.Url, StringComparison.Ordinal) && message.Text.Contains("the server responded")))
            {
                _faults.Add($"console: {message.Text} ({message.Location})");
            }
        };
        page.Request += (_, request) => _requested.Enqueue(request.Url);
        page.PageError += (_, error) => _faults.Add($"script: {error}");
        page.RequestFailed += (_, request) => _faults.Add($"request: {request.Url} {request.Failure}");
        page.Response += (_, response) =>
        {
            if (response.Status >= 400 && !response.Request.IsNavigationRequest)
            {
                _faults.Add($"response: {response.Url} {response.Status}");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Opens a page at a width: a desktop's, or a phone's up to 480.</summary>
    public static async Task<Look> AtAsync(IBrowser browser, int width, ColorScheme colors = ColorScheme.Light)
    {
        var isPhone = width <= 480;
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = isPhone ? 740 : 800 },
            IsMobile = isPhone,
            HasTouch = isPhone,
            DeviceScaleFactor = isPhone ? 2 : 1,
            ColorScheme = colors,
        });
        context.SetDefaultTimeout(20_000);
        return new Look(context, await context.NewPageAsync());
    }

    /// <summary>Where the page's requests have gone; those of the page itself too.</summary>
    public IReadOnlyCollection<string> Requested => _requested;

    /// <summary>Everything that is wrong with the page as it is now; empty when nothing is.</summary>
    /// <param name="isStreaming">The page has a request that does not end.</param>
    public async Task<IReadOnlyList<string>> FaultsAsync(bool isStreaming = false)
    {
        await Page.WaitForLoadStateAsync(isStreaming ? LoadState.Load : LoadState.NetworkIdle);
        var faults = new List<string>(_faults);
        faults.AddRange(await NamelessAsync());
        var width = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (width > 0)
        {
            faults.Add($"layout: {width} pixels wider than the window");
        }

        if (await Page.EvaluateAsync<string>("document.documentElement.lang") is not { Length: > 0 })
        {
            faults.Add("language: none is told");
        }

        if (await Page.Locator("main").CountAsync() != 1 || await Page.Locator("h1").CountAsync() != 1)
        {
            faults.Add("landmarks: not one main and one h1");
        }

        faults.AddRange(await Page.EvaluateAsync<string[]>(FaintTexts));
        return faults;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private async Task<List<string>> NamelessAsync()
    {
        var session = await _context.NewCDPSessionAsync(Page);
        var tree = await session.SendAsync("Accessibility.getFullAXTree");
        await session.DetachAsync();
        return
        [
            .. from node in tree!.Value.GetProperty("nodes").EnumerateArray()
               where !node.GetProperty("ignored").GetBoolean()
               let role = Value(node, "role")
               where NamedRoles.Contains(role) && string.IsNullOrWhiteSpace(Value(node, "name"))
               select $"accessible name: none for a {role}",
        ];
    }

    private static string Value(JsonElement node, string property) =>
        node.TryGetProperty(property, out var holder) && holder.TryGetProperty("value", out var value) ? value.ToString() : "";

    // WCAG 2.2, 1.4.3: 4.5 to 1, or 3 to 1 for large letters.
    private const string FaintTexts = """
        () => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const paint = (colors) => {
            canvas.clearRect(0, 0, 1, 1);
            for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const luminance = (rgb) => {
            const [r, g, b] = rgb.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const probe = document.body.appendChild(document.createElement('div'));
          probe.style.backgroundColor = 'Canvas';
          const canvasColor = getComputedStyle(probe).backgroundColor;
          probe.remove();
          const faults = [];
          for (const element of document.querySelectorAll('body *')) {
            const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join('');
            if (!text || !element.checkVisibility()) continue;
            const style = getComputedStyle(element);
            const below = [];
            for (let e = element; e; e = e.parentElement) below.unshift(getComputedStyle(e).backgroundColor);
            below.unshift(canvasColor);
            const [text1, page1] = [luminance(paint([...below, style.color])), luminance(paint(below))];
            const ratio = (Math.max(text1, page1) + 0.05) / (Math.min(text1, page1) + 0.05);
            const size = parseFloat(style.fontSize);
            const isLarge = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
            if (ratio < (isLarge ? 3 : 4.5)) faults.push(`contrast: ${ratio.toFixed(2)} for "${text.slice(0, 30)}"`);
          }
          return faults;
        }
        """;
}
