using System.Globalization;

namespace PipeServer.Load;

/// <summary>
/// nginx as it is measured: what it recommends for static files, and no access log. By HTTP/2 without sendfile and tcp_nopush: what sendfile sends cannot
/// share a write with the head of its frame.
/// </summary>
internal static class NginxConfiguration
{
    /// <param name="path">Where the configuration will lie.</param>
    /// <param name="files">The folder of the files.</param>
    /// <param name="start">Port and cores.</param>
    public static string Text(string path, string files, PeerStart start) => string.Create(CultureInfo.InvariantCulture, $$"""
        daemon off;
        worker_processes {{start.Cores}};
        worker_rlimit_nofile 20000;
        pid {{path}}.pid;
        error_log {{path}}.log crit;
        events { worker_connections {{start.Connections}}; }
        http {
          access_log off;
          keepalive_requests 1000000000;
          sendfile {{(start.IsHttp2 ? "off" : "on")}};
          tcp_nopush {{(start.IsHttp2 ? "off" : "on")}};
          open_file_cache max=4000;
          server {
            listen 127.0.0.1:{{start.Port}}{{(start.IsTls ? " ssl" : "")}}{{(start.IsHttp2 ? " http2" : "")}} backlog=4096;
            {{(start.IsTls ? Tls(files) : "")}}
            root {{files}};
            location = /plaintext { default_type text/plain; return 200 "Hello, World!"; }
            location = /json { default_type application/json; return 200 '{"message":"Hello, World!"}'; }
            location ~ ^/hello/(?<name>[^/]+)$ { default_type text/plain; return 200 "Hello, $name!"; }
            location = /nothing { return 404; }
          }
        }

        """);

    // One key and one certificate, and nginx's own defaults: TLS 1.2 and 1.3, tickets, records of 16 KiB.
    private static string Tls(string files) =>
        $"ssl_certificate {Workshop.CertificateBeside(files)}; ssl_certificate_key {Workshop.KeyBeside(files)}; ssl_protocols TLSv1.2 TLSv1.3;";
}
