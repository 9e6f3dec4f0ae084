using System.Security.Cryptography;
using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>
/// Pages over TLS in Chromium. It trusts the key of the tests' certificate, which it is told of when it starts, and no other: so all else that it wants
/// of a certificate and a handshake must be right.
/// </summary>
public sealed class TlsPageTests
{
    [Theory]
    [InlineData(TlsEngine.Auto)]
    [InlineData(TlsEngine.SslStream)]
    public async Task A_page_is_as_over_plain_http_but_secure(TlsEngine engine)
    {
        Assert.SkipWhen(Site.FindBrowser() is null, "Chromium is not installed. On Debian: apt install chromium");
        await using var host = await TlsHost.StartAsync(engine);
        using var playwright = await Playwright.CreateAsync();
        var key = Convert.ToBase64String(SHA256.HashData(TestCertificates.Localhost.Certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        await using var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Site.FindBrowser(),
            Args = [$"--ignore-certificate-errors-spki-list={key}", .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>()],
        });
        var context = await browser.NewContextAsync();
        var page = await context.NewPageAsync();
        var faults = new List<string>();
        page.Console += (_, message) =>
        {
            if (!message.Location.Contains("/favicon.ico", StringComparison.Ordinal)) // it asks for one by itself, and there is none
            {
                faults.Add(message.Text);
            }
        };
        page.RequestFailed += (_, request) => faults.Add($"{request.Url} {request.Failure}");
        var response = await page.GotoAsync(host.Address);
        Assert.Equal(200, response!.Status);
        Assert.Equal("over TLS", await page.TitleAsync());
        Assert.True(await page.EvaluateAsync<bool>("isSecureContext"));
        Assert.Equal("h2", await page.EvaluateAsync<string>("performance.getEntriesByType('navigation')[0].nextHopProtocol"));
        var security = await response.SecurityDetailsAsync();
        Assert.Equal("TLS 1.3", security!.Protocol);
        Assert.Equal("localhost", security.SubjectName);

        // Many at once, over one connection, and an upload.
        const string Script = """
            async () => {
              const lengths = await Promise.all(Array.from({ length: 30 }, async (_, i) => (await (await fetch(`/large.bin?${i}`, { cache: 'no-store' })).arrayBuffer()).byteLength));
              const body = 'x'.repeat(500000);
              const echo = await (await fetch('/echo', { method: 'POST', body })).text();
              return [lengths.filter(length => length === 1000000).length, echo === body].join();
            }
            """;
        Assert.Equal("30,true", await page.EvaluateAsync<string>(Script));
        Assert.Empty(faults);
    }
}
