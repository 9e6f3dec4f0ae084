namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>Starts front ends with the files that users copy.</summary>
internal static class FrontEnds
{
    /// <summary>The front ends by their names on the command line.</summary>
    public static IReadOnlyDictionary<string, FrontEnd> ByName { get; } = new Dictionary<string, FrontEnd>(StringComparer.Ordinal)
    {
        ["haproxy"] = FrontEnd.HAProxy,
        ["haproxy-h2"] = FrontEnd.HAProxyHttp2,
        ["haproxy-forwarded-for"] = FrontEnd.HAProxyForwardedFor,
        ["nginx"] = FrontEnd.Nginx,
    };

    /// <summary>Starts one on its host.</summary>
    /// <param name="lab">Where.</param>
    /// <param name="frontEnd">Which one.</param>
    /// <param name="deploy">The folder of the deploy files.</param>
    /// <param name="folder">Takes what it writes.</param>
    public static async Task<WatchedProcess> StartAsync(Lab lab, FrontEnd frontEnd, string deploy, string folder)
    {
        if (frontEnd == FrontEnd.Nginx)
        {
            await lab.SetAsync(LabHost.Front, "net.ipv4.tcp_retries2", 5); // as the file asks for
            return lab.Start(LabHost.Front, "/usr/sbin/nginx", "-e", "stderr", "-c", await WriteNginxAsync(deploy, folder));
        }

        var file = Path.Combine(deploy, "haproxy.cfg");
        if (frontEnd != FrontEnd.HAProxy)
        {
            var changed = Path.Combine(folder, "haproxy.cfg");
            await File.WriteAllTextAsync(changed, Change(await File.ReadAllTextAsync(file), frontEnd));
            file = changed;
        }

        return lab.Start(LabHost.Front, "/usr/sbin/haproxy", "-db", "-f", file);
    }

    /// <summary>Writes a main configuration around the file, which is one of conf.d: what Debian's has, but for its paths.</summary>
    /// <param name="deploy">The folder of the deploy files.</param>
    /// <param name="folder">Takes it, and what nginx writes.</param>
    /// <returns>Its path.</returns>
    public static async Task<string> WriteNginxAsync(string deploy, string folder)
    {
        var main = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(main, $$"""
            daemon off;
            pid {{folder}}/nginx.pid;
            error_log stderr warn;
            worker_processes auto;
            events { worker_connections 4096; }
            http {
                access_log off;
                client_body_temp_path {{folder}}/nginx-body;
                proxy_temp_path {{folder}}/nginx-proxy;
                fastcgi_temp_path {{folder}}/nginx-fastcgi;
                uwsgi_temp_path {{folder}}/nginx-uwsgi;
                scgi_temp_path {{folder}}/nginx-scgi;
                include {{Path.Combine(deploy, "nginx.conf")}};
            }
            """);
        return main;
    }

    // As docs/scale-out.md says it to the reader.
    private static string Change(string file, FrontEnd frontEnd) => frontEnd == FrontEnd.HAProxyHttp2
        ? file.Replace("    default-server ", "    default-server proto h2 ", StringComparison.Ordinal)
        : file.Replace(" send-proxy-v2 check-send-proxy", "", StringComparison.Ordinal).Replace("    option httpchk\n", "    option forwardfor\n    option httpchk\n", StringComparison.Ordinal);
}
