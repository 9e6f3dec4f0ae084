using System.Net;

namespace PipeServer.DocsTests;

/// <summary>The page "From nginx" and the page "From Caddy" show a configuration and a command that do the same: both are asked.</summary>
public sealed class SameAnswersTests
{
    private static readonly string[] Paths = ["/", "/index.html", "/a.txt", "/style.css", "/about", "/about.html", "/folder/", "/nothing", "/nothing/at/all.txt"];

    [Fact]
    public Task Nginx_and_the_command() => CompareAsync("docs/from-nginx.md", "nginx", static (session, block) =>
    {
        var folder = session.PathTo("nginx");
        Directory.CreateDirectory(folder);
        File.WriteAllText(
            Path.Combine(folder, "nginx.conf"),
            $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off; pid {{folder}}/pid; error_log {{folder}}/error.log;
            events { }
            http {
              include /etc/nginx/mime.types; access_log off;
              client_body_temp_path {{folder}}/1; proxy_temp_path {{folder}}/2; fastcgi_temp_path {{folder}}/3; uwsgi_temp_path {{folder}}/4;
              scgi_temp_path {{folder}}/5;
              {{block}}
            }
            """);
        return $"exec nginx -c '{folder}/nginx.conf'";
    });

    [Fact]
    public Task Caddy_and_the_command() => CompareAsync("docs/from-caddy.md", "caddy", static (session, block) =>
    {
        File.WriteAllText(session.PathTo("Caddyfile"), "{\n    admin off\n}\n" + block);
        return $"export HOME='{session.PathTo("home")}'; exec caddy run --config Caddyfile";
    });

    private static async Task CompareAsync(string page, string program, Func<CommandSession, string, string> configure)
    {
        Assert.SkipWhen(CommandSession.PathOf(program) is null, $"{program} is not installed.");
        var blocks = Pages.Blocks.Where(block => block.Page == page && block.Directive == "the same answers").ToList();
        Assert.Equal([program, "sh"], blocks.Select(static block => block.Language));
        await using var session = new CommandSession();
        var expected = await session.WhileRunningAsync(configure(session, session.Translate(blocks[0].Text)), 8080, AskAsync);
        var server = await session.ServeAsync(blocks[1].Lines.Single());
        var actual = await AskAsync(session.Address(8080));
        await session.StopAsync(server);
        Assert.Equal(expected, actual);
        Assert.Contains(expected, static answer => answer.StartsWith("/about 200 text/html max-age=3600", StringComparison.Ordinal));
        Assert.Contains(expected, static answer => answer.StartsWith("/nothing 404", StringComparison.Ordinal));
    }

    private static async Task<List<string>> AskAsync(Uri server)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };
        var answers = new List<string>();
        foreach (var path in Paths)
        {
            using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            answers.Add(response.StatusCode == HttpStatusCode.OK
                ? $"{path} 200 {response.Content.Headers.ContentType?.MediaType} {response.Headers.CacheControl} {body}"
                : $"{path} {(int)response.StatusCode}");
        }

        return answers;
    }
}
