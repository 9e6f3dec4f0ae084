using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PipeServer.DocsTests;

/// <summary>The JSON and YAML of the pages is what the programs that read it take.</summary>
public sealed class ConfigurationTests
{
    public static TheoryData<string, int> Json => Pages.BlocksWhere(static block => block.Language == "json");

    public static TheoryData<string, int> Configurations => Pages.BlocksWhere(static block => block.Directive == "configuration");

    public static TheoryData<string, int> Sections => Pages.BlocksWhere(static block => block.Directive == "section of an application");

    public static TheoryData<string, int> Reports => Pages.BlocksWhere(static block => block.Directive == "a report");

    public static TheoryData<string, int> Scrapes => Pages.BlocksWhere(static block => block.Directive == "checked by promtool");

    [Theory]
    [MemberData(nameof(Json))]
    public void It_is_json(string page, int line)
    {
        using var document = JsonDocument.Parse(CodeBlock.Find(page, line).Text);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task The_program_takes_it(string page, int line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The commands are those of a shell on Linux.");
        await using var session = new CommandSession();
        await File.WriteAllTextAsync(session.PathTo("pipeserver.json"), CodeBlock.Find(page, line).Text, TestContext.Current.CancellationToken);
        Assert.Contains("pipeserver.json", await session.RunAsync("pipeserver check --config pipeserver.json"));
    }

    [Theory]
    [MemberData(nameof(Sections))]
    public async Task An_application_takes_it(string page, int line)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        using var json = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(CodeBlock.Find(page, line).Text));
        builder.Configuration.AddJsonStream(json);
        builder.Configuration["PipeServer:Server:DrainDelay"] = "00:00:00"; // the page's time would be waited for
        builder.Logging.ClearProviders();
        builder.WebHost.UsePipeServer().UseUrls("http://127.0.0.1:0");
        await using var application = builder.Build();
        await application.StartAsync(TestContext.Current.CancellationToken);
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        Assert.Single(addresses!.Addresses);
        await application.StopAsync(TestContext.Current.CancellationToken);
    }

    // The figures are one run's; their names are those of every run.
    [Theory]
    [MemberData(nameof(Reports))]
    public async Task A_report_has_these_names(string page, int line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The commands are those of a shell on Linux.");
        await using var session = new CommandSession();
        await session.StopAsync(await session.ServeAsync("pipeserver serve /srv/www --report report.json"));
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(session.PathTo("report.json"), TestContext.Current.CancellationToken));
        using var shown = JsonDocument.Parse(CodeBlock.Find(page, line).Text);
        Assert.Equal(Names(report.RootElement), Names(shown.RootElement));
    }

    [Theory]
    [MemberData(nameof(Scrapes))]
    public async Task Prometheus_takes_it(string page, int line)
    {
        Assert.SkipWhen(CommandSession.PathOf("promtool") is null, "promtool, of Debian's prometheus, is not installed.");
        await using var session = new CommandSession();
        await File.WriteAllTextAsync(session.PathTo("prometheus.yml"), CodeBlock.Find(page, line).Text, TestContext.Current.CancellationToken);
        Assert.Contains("SUCCESS", await session.RunAsync("promtool check config prometheus.yml 2>&1"));
    }

    private static IEnumerable<string> Names(JsonElement element) => element.ValueKind != JsonValueKind.Object
        ? []
        : element.EnumerateObject().SelectMany(static property => Names(property.Value).Select(name => $"{property.Name}.{name}").Prepend(property.Name));
}
