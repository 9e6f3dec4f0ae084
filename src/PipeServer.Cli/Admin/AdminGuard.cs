using System.Net;
using System.Net.Sockets;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;
using PipeServer.Workers;

namespace PipeServer.Cli.Admin;

/// <summary>
/// Stands in front of every handler of the admin side. A page of somebody else's that a browser on this machine has open can make it connect
/// here: such a request is told by its Host (a name that was made to lead here, DNS rebinding), its Origin, or what browsers say of its sender
/// (Fetch Metadata). Changes need a header besides that no form and no image can send. Then users are asked for, where there are such.
/// </summary>
/// <param name="address">Where the admin side listens.</param>
/// <param name="workers">Gives the admin side's own worker, on which passwords are checked: a hash takes a good part of a second.</param>
/// <param name="refusals">Is told of each refusal.</param>
internal sealed class AdminGuard(AdminAddress address, Func<WorkerPool> workers, RefusalLog refusals)
{
    /// <summary>The field that each request to change something must have. Its value is 1.</summary>
    public const string ChangeHeader = "X-PipeServer-Admin";

    /// <summary>What a page of the admin side may do: nothing but with what the admin side itself has. A handler may set a narrower one.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'";

    private volatile BasicAuthentication? _users;

    /// <summary>Who may ask; null for everybody who can connect. May be changed while it runs.</summary>
    public BasicAuthentication? Users
    {
        get => _users;
        set => _users = value;
    }

    /// <summary>A handler with the guard in front of it.</summary>
    public RequestHandler Around(RequestHandler handler) => (request, response) =>
    {
        SetHeaders(response.Headers);
        if (FindForgery(request) is { } reason)
        {
            Refuse(request, response, 403, reason);
            response.WriteText($"403 Forbidden: {reason}.\n");
            return ValueTask.CompletedTask;
        }

        return Users is not { } users || users.IsRemembered(request) ? handler(request, response) : AuthorizeAsync(users, handler, request, response);
    };

    // In this order: a stranger is told nothing of the rules behind.
    private string? FindForgery(HttpRequest request)
    {
        var host = request.Host;
        if (!address.IsUnix && (host.Length > 0 || request.Headers.Contains("Host")) && !IsOwn(host))
        {
            return "the Host is a name that is not known here. Ask by an address or localhost, or add ,host=NAME to --admin";
        }

        if (request.Headers["Origin"] is { } origin && !IsSameOrigin(origin, host))
        {
            return "the Origin is another one than the Host: pages from elsewhere have no business here";
        }

        var isRead = request.Method is "GET" or "HEAD";
        if (request.Headers["Sec-Fetch-Site"] is { } site and not ("same-origin" or "none")
            && !(isRead && site is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"] == "navigate"))
        {
            return "a page from elsewhere has sent this";
        }

        return !isRead && request.Headers[ChangeHeader] != "1"
            ? $"a request to change something needs the header {ChangeHeader}: 1"
            : null;
    }

    // An address is no name that somebody could make lead here, and browsers resolve localhost themselves (RFC 6761 §6.3). The port does not
    // matter: behind a tunnel it is another one.
    private bool IsOwn(string host)
    {
        if (host.StartsWith('['))
        {
            var end = host.IndexOf(']', StringComparison.Ordinal);
            return end > 0 && IPAddress.TryParse(host.AsSpan(1, end - 1), out var six) && six.AddressFamily == AddressFamily.InterNetworkV6;
        }

        var colon = host.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? host : host[..colon];
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out var four) && four.ToString() == name)
            || address.Names.Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    // Browsers leave out the same default port in both. A proxy in front may have another scheme.
    private static bool IsSameOrigin(string origin, string host)
    {
        foreach (var scheme in (ReadOnlySpan<string>)["http://", "https://"])
        {
            if (origin.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return host.Length > 0 && origin.AsSpan(scheme.Length).Equals(host, StringComparison.OrdinalIgnoreCase);
            }
        }

        return false;
    }

    private static void SetHeaders(HeaderCollection headers)
    {
        headers["Cache-Control"] = "no-store";
        headers["Content-Security-Policy"] = ContentSecurityPolicy;
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Referrer-Policy"] = "no-referrer";
        headers["X-Content-Type-Options"] = "nosniff";
        headers["X-Frame-Options"] = "DENY";
    }

    private async ValueTask AuthorizeAsync(BasicAuthentication users, RequestHandler handler, HttpRequest request, HttpResponse response)
    {
        var hasCredentials = request.Headers.Contains("Authorization");
        var mayCheck = !hasCredentials || await workers().TryContinueOnWorker();
        switch (mayCheck ? await users.IsAuthorizedAsync(request).ConfigureAwait(false) : null)
        {
            case true:
                await handler(request, response).ConfigureAwait(false);
                break;
            case null:
                const string Busy = "too many passwords are being checked";
                Refuse(request, response, 503, Busy);
                response.Headers["Retry-After"] = "1";
                response.WriteText($"503 Service Unavailable: {Busy}.\n");
                break;
            default:
                Refuse(request, response, 401, hasCredentials ? "the user or the password is wrong" : "no user and no password came");
                response.Headers["WWW-Authenticate"] = "Basic realm=\"admin\", charset=\"UTF-8\"";
                response.WriteText("401 Unauthorized: a user and a password are wanted here.\n");
                break;
        }
    }

    private void Refuse(HttpRequest request, HttpResponse response, int status, string reason)
    {
        refusals.Write(request, static client => client.RemoteEndPoint, status, $"{reason} (admin side)");
        response.StatusCode = status;
        response.CloseConnection = true; // its place is for others
    }
}
