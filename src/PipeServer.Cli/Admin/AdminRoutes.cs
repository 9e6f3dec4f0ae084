using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PipeServer.Server;

namespace PipeServer.Cli.Admin;

/// <summary>What the admin side answers. No handler waits for anything on the loop that it runs on.</summary>
/// <param name="controls">What it can tell and do.</param>
/// <param name="metrics">What has been measured.</param>
internal sealed class AdminRoutes(AdminControls controls, MetricsCollector metrics)
{
    private const string Index = """
        pipeserver, the admin side

        GET  /               a live page, for browsers
        GET  /status         what it shows, once, as JSON
        GET  /events         the same each second, as server-sent events
        GET  /metrics        figures for Prometheus; OpenMetrics by Accept
        GET  /healthz/live   200 as long as the process answers
        GET  /healthz/ready  200 while it serves; 503 before that, and from the beginning of a stop on
        GET  /config         each option with its value and its source, as JSON; as text by Accept
        POST /reload         reads the configuration again, as SIGHUP does
        POST /upgrade        starts the program's file anew in this process's place, as SIGUSR2 does
        POST /drain          begins the graceful stop, as SIGTERM does

        A POST needs the header X-PipeServer-Admin: 1

        """;

    // Quotation marks in a message stay what they are: the answer is JSON, and told to be nothing else, so no page can run it.
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Maps them all but the page at <c>/</c>.</summary>
    public void Map(HttpServer admin)
    {
        admin.MapGet("/metrics", SendMetrics, Dispatch.Inline);
        admin.MapGet(HealthPaths.Live, static (_, response) => response.WriteText("live\n"), Dispatch.Inline);
        admin.MapGet(HealthPaths.Ready, SendReady, Dispatch.Inline);
        admin.MapGet("/config", SendConfiguration, Dispatch.Inline);
        admin.MapPost("/drain", Drain, Dispatch.Inline);
        admin.MapPost("/reload", ReloadAsync, Dispatch.Inline);
        admin.MapPost("/upgrade", UpgradeAsync, Dispatch.Inline);
        admin.MapFallback(
            static (_, response) =>
            {
                response.StatusCode = 404;
                response.WriteText($"404 Not Found. There is:\n\n{Index}");
            },
            Dispatch.Inline);
    }

    private void SendMetrics(HttpRequest request, HttpResponse response)
    {
        var format = AcceptHeader.MetricsFormatOf(request.Headers["Accept"]);
        response.Headers["Vary"] = "Accept";
        response.WriteText(MetricsText.Write(metrics.Collect(), format), MetricsText.ContentType(format));
    }

    private void SendReady(HttpRequest request, HttpResponse response)
    {
        var phase = controls.Phase;
        response.StatusCode = phase == ServingPhase.Serving ? 200 : 503;
        response.WriteText(phase switch
        {
            ServingPhase.Starting => "starting\n",
            ServingPhase.Serving => "ready\n",
            _ => "draining\n",
        });
    }

    private void SendConfiguration(HttpRequest request, HttpResponse response)
    {
        response.Headers["Vary"] = "Accept";
        if (AcceptHeader.PrefersText(request.Headers["Accept"]))
        {
            var lines = new StringBuilder();
            foreach (var line in ConfigurationTable.Format(controls.Describe()))
            {
                lines.Append(line).Append('\n');
            }

            response.WriteText(lines.ToString());
            return;
        }

        WriteJson(response, json =>
        {
            json.BeginList("options");
            foreach (var option in controls.Describe())
            {
                json.Begin();
                json.Text("name", option.Name);
                json.Text("value", option.Value);
                json.Text("source", option.Source);
                json.End();
            }

            json.EndList();
        });
    }

    private void Drain(HttpRequest request, HttpResponse response)
    {
        response.StatusCode = 202;
        response.WriteText(controls.TryDrain()
            ? "202 Accepted: the drain begins; requests in flight are finished, then the program ends.\n"
            : "202 Accepted: the drain has begun before, and goes on as it did. A second SIGTERM cuts it short.\n");
    }

    // Not on the worker: a reload has a thread of its own, and would wait here for the passwords of all who guess.
    private async ValueTask ReloadAsync(HttpRequest request, HttpResponse response)
    {
        if (await controls.TryReloadAsync().ConfigureAwait(false) is not { } outcome)
        {
            WriteProblem(response, 409, controls.Phase == ServingPhase.Draining
                ? "The server stops: nothing is reloaded any more."
                : "A reload is under way. Ask again when it has ended.");
            return;
        }

        if (outcome.Problem is { } problem)
        {
            WriteProblem(response, 422, problem);
            return;
        }

        WriteJson(response, json =>
        {
            json.Texts("changed", outcome.Changed);
            json.Texts("needsRestart", outcome.NeedsRestart);
        });
    }

    // It has a thread of its own, too.
    private async ValueTask UpgradeAsync(HttpRequest request, HttpResponse response)
    {
        var outcome = await controls.UpgradeAsync().ConfigureAwait(false);
        if (outcome.Problem is { } problem)
        {
            WriteProblem(response, outcome.IsBusy ? 409 : 422, problem);
            return;
        }

        WriteJson(response, json => json.Number("process", outcome.ProcessId));
    }

    private static void WriteProblem(HttpResponse response, int status, string problem)
    {
        response.StatusCode = status;
        WriteJson(response, json => json.Text("problem", problem));
    }

    // One object, and the end of its line, for people who ask by curl.
    private static void WriteJson(HttpResponse response, Action<Utf8JsonWriter> writeMembers)
    {
        response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(response.Body, JsonOptions))
        {
            json.Begin();
            writeMembers(json);
            json.End();
        }

        response.Body.Write("\n"u8);
    }
}
