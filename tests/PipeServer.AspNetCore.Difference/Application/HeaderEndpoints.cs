using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Difference.Application;

/// <summary>Headers of answers, also such as no server may send.</summary>
internal static class HeaderEndpoints
{
    private static readonly Dictionary<string, Action<HttpResponse>> Cases = new(StringComparer.Ordinal)
    {
        ["several"] = static response => response.Headers["X-Several"] = new StringValues(["one", "two", "three"]),
        ["appended"] = static response =>
        {
            response.Headers.Append("X-Several", "one");
            response.Headers.Append("X-Several", "two");
            response.Headers.AppendCommaSeparatedValues("X-Commas", "a,b", "c");
        },
        ["empty"] = static response => response.Headers["X-Empty"] = "",
        ["null"] = static response => response.Headers["X-Null"] = default,
        ["null-among"] = static response => response.Headers["X-Among"] = new StringValues(["one", null, "", "two"]),
        ["removed"] = static response =>
        {
            response.Headers["X-Removed"] = "there";
            response.Headers.Remove("X-Removed");
        },
        ["cleared"] = static response =>
        {
            response.Headers["X-Removed"] = "there";
            response.StatusCode = 202;
            response.Clear();
        },
        ["replaced"] = static response =>
        {
            response.Headers["x-replaced"] = "one";
            response.Headers["X-REPLACED"] = "two";
        },
        ["long"] = static response => response.Headers["X-Long"] = new string('l', 20_000),
        ["many"] = static response =>
        {
            for (var number = 0; number < 200; number++)
            {
                response.Headers[$"X-Number-{number}"] = "value";
            }
        },
        ["spaces"] = static response => response.Headers["X-Spaces"] = "  around\tand within  ",
        ["non-ascii"] = static response => response.Headers["X-Text"] = "für",
        ["beyond-latin"] = static response => response.Headers["X-Text"] = "日本",
        ["line-break"] = static response => response.Headers["X-Text"] = "a\r\nX-Injected: b",
        ["line-feed"] = static response => response.Headers["X-Text"] = "a\nb",
        ["nul"] = static response => response.Headers["X-Text"] = "a\0b",
        ["delete"] = static response => response.Headers["X-Text"] = "a\u007fb",
        ["tab"] = static response => response.Headers["X-Text"] = "a\tb",
        ["bad-name"] = static response => response.Headers["X Bad"] = "value",
        ["bad-name-colon"] = static response => response.Headers["X-Bad:"] = "value",
        ["empty-name"] = static response => response.Headers[""] = "value",
        ["non-ascii-name"] = static response => response.Headers["X-Ä"] = "value",
        ["non-ascii-known"] = static response => response.Headers.ETag = "\"ä\"",
        ["date"] = static response => response.Headers.Date = "Thu, 01 Jan 1970 00:00:00 GMT",
        ["server"] = static response => response.Headers.Server = "own",
        ["connection-close"] = static response => response.Headers.Connection = "close",
        ["connection-keep-alive"] = static response => response.Headers.Connection = "keep-alive",
        ["connection-other"] = static response => response.Headers.Connection = "X-Hop",
        ["connection-upgrade"] = static response => response.Headers.Connection = "upgrade, close",
        ["transfer-identity"] = static response => response.Headers.TransferEncoding = "identity",
        ["keep-alive"] = static response => response.Headers.KeepAlive = "timeout=5",
        ["cookies"] = static response =>
        {
            response.Cookies.Append("plain", "a value;");
            response.Cookies.Append("flags", "v", new CookieOptions
            {
                HttpOnly = true,
                Secure = true,
                SameSite = Microsoft.AspNetCore.Http.SameSiteMode.Strict,
                MaxAge = TimeSpan.FromHours(1),
                Path = "/x"
            });
            response.Cookies.Delete("gone");
        },
        ["content-type"] = static response => response.ContentType = "text/plain; charset=iso-8859-1",
        ["content-type-removed"] = static response =>
        {
            response.ContentType = "text/plain";
            response.ContentType = null;
        },
        ["content-length"] = static response => response.ContentLength = 4,
        ["content-length-text"] = static response => response.Headers.ContentLength = 4,
        ["content-language"] = static response => response.Headers.ContentLanguage = "de, en",
        ["typed"] = static response =>
        {
            var headers = response.GetTypedHeaders();
            headers.CacheControl = new CacheControlHeaderValue { NoCache = true, Private = true, MaxAge = TimeSpan.FromSeconds(7) };
            headers.LastModified = SiteFolder.LastModified;
            headers.ETag = new EntityTagHeaderValue("\"tag\"", isWeak: true);
        },
        ["enumerated"] = static response =>
        {
            response.Headers["X-A"] = "1";
            response.Headers.Vary = "Accept";
            var names = response.Headers.Select(static header => header.Key.ToLowerInvariant()).Order(StringComparer.Ordinal);
            response.Headers["X-Names"] = $"{response.Headers.Count}: {string.Join(',', names)}; "
                + $"{response.Headers.ContainsKey("x-a")} {response.Headers["X-None"].Count}";
        },
    };

    public static IEnumerable<string> CaseNames => Cases.Keys;

    public static void Map(WebApplication application)
    {
        // A server may refuse a value when it is set or when the head is written: what the client sees is compared.
        application.Map("/header/{name}", static async (string name, HttpContext context) =>
        {
            Cases[name](context.Response);
            await context.Response.WriteAsync("body");
        });
        application.MapGet("/headers-after-start", static async (HttpContext context) =>
        {
            await context.Response.StartAsync();
            var outcome = Outcome(() => context.Response.Headers["X-Late"] = "late");
            outcome += Outcome(() => context.Response.StatusCode = 500);
            outcome += Outcome(() => context.Response.ContentLength = 5);
            outcome += $" readOnly={context.Response.Headers.IsReadOnly} started={context.Response.HasStarted}";
            await context.Response.WriteAsync(outcome);
        });
        application.MapGet("/request-header/{name}", static (string name, HttpContext context) =>
            string.Join('|', context.Request.Headers[name].Select(static value => value ?? "(null)")) + $" ({context.Request.Headers[name].Count})");
        application.MapGet("/reason", static (HttpContext context) =>
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = "As I Say";
            context.Response.StatusCode = 299;
        });
    }

    private static string Outcome(Action action)
    {
        try
        {
            action();
            return "set;";
        }
        catch (InvalidOperationException e)
        {
            return $"{e.GetType().Name};";
        }
    }
}
