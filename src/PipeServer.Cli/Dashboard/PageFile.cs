namespace PipeServer.Cli.Dashboard;

/// <summary>The files of the page, which are part of the program, as they are sent.</summary>
internal static class PageFile
{
    // The page may load what it is made of from here, talk to this server, and nothing else.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'";

    /// <summary>One of them.</summary>
    /// <param name="name">Its name: <c>dashboard.html</c>.</param>
    public static PreparedResponse Load(string name)
    {
        using var stream = typeof(PageFile).Assembly.GetManifestResourceStream($"dashboard/{name}")
            ?? throw new InvalidOperationException($"The program has no part '{name}'.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new PreparedResponse(200, [new("Content-Type", TypeOf(name))], bytes);
    }

    /// <summary>Answers with one of them.</summary>
    public static void Send(HttpResponse response, PreparedResponse file)
    {
        // Set, because the admin side's guard may have set others before.
        response.Headers["Cache-Control"] = "no-cache"; // another version of the program has other files
        response.Headers["Content-Security-Policy"] = Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["X-Content-Type-Options"] = "nosniff";
        response.Send(file);
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
}
