using System.Runtime.CompilerServices;

namespace PipeServer.Cli.Sites;

/// <summary>
/// Answers each request with the files of the site that its host names. Mapped in place of ROOT's handler only where there are sites, or plain HTTP is
/// redirected. Safe for any number of threads.
/// </summary>
/// <param name="table">The sites.</param>
internal sealed class SiteRouter(SiteTable table) : IDisposable
{
    private volatile SiteTable _table = table;

    /// <summary>The sites in force.</summary>
    public SiteTable Table => _table;

    /// <summary>Answers at once, if the site's files can, or where there is no such site. Allocates nothing.</summary>
    public bool TryHandle(HttpRequest request, HttpResponse response)
    {
        if (_table.Find(request) is { Files: var files })
        {
            return !AcmeChallenge.IsAskedFor(request) && files.TryHandle(request, response);
        }

        Refuse(response);
        return true;
    }

    /// <summary>Answers with the site's files.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        while (true)
        {
            var sites = _table;
            if (sites.Find(request) is not { Files: var files })
            {
                Refuse(response);
                return;
            }

            try
            {
                if (AcmeChallenge.IsAskedFor(request))
                {
                    await files.ServeAsync(request, response, request.Path).ConfigureAwait(false);
                }
                else
                {
                    await files.HandleAsync(request, response).ConfigureAwait(false);
                }

                return;
            }
            catch (ObjectDisposedException) when (_table != sites && !response.HasStarted)
            {
                // A reload has taken the site away between the look into the table and the handler: the request is one of the new table's.
                response.Clear();
            }
        }
    }

    /// <summary>The page of the request's site for errors of the server; empty when it has none.</summary>
    public ReadOnlyMemory<byte> ServerErrorPage(HttpRequest request) => _table.Find(request)?.Files.ServerErrorPage ?? default;

    /// <summary>Sets what a server asks of the sites.</summary>
    public void Route(HttpServerOptions options)
    {
        options.GetServerErrorPageFor = ServerErrorPage;
        options.ShouldRedirect = request => _table.Of(request.HostBytes) is not null;
    }

    /// <summary>Puts other sites in force, and ends those that are not among them.</summary>
    public void TakeOver(SiteTable next)
    {
        var old = Interlocked.Exchange(ref _table, next);
        foreach (var site in old.Sites.Where(site => site.IsOwn && !next.Sites.Any(other => other.Files == site.Files)))
        {
            site.Files.Dispose();
        }
    }

    /// <summary>Tells now in the log of the clients that were refused in the last second.</summary>
    public void TellRefused()
    {
        foreach (var site in _table.Sites.Where(static site => site.IsOwn))
        {
            site.Files.TellRefused();
        }
    }

    /// <summary>Ends the sites, but not ROOT's handler.</summary>
    public void Dispose()
    {
        foreach (var site in _table.Sites.Where(static site => site.IsOwn))
        {
            site.Files.Dispose();
        }
    }

    private static void Refuse(HttpResponse response)
    {
        response.StatusCode = 421; // RFC 9110 §15.5.20
        response.WriteText("421 Misdirected Request: no site of this name is here.\n");
    }
}
