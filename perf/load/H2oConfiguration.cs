using System.Globalization;

namespace PipeServer.Load;

/// <summary>
/// h2o as it is measured. It has no directive that answers with a text of the configuration: a file of the same bytes costs it 6.0 µs of
/// processor, its scripting language (mruby) 8.5, so text and JSON are files.
/// </summary>
internal static class H2oConfiguration
{
    /// <param name="path">Where the configuration will lie.</param>
    /// <param name="files">The folder of the files.</param>
    /// <param name="start">Port and cores.</param>
    public static string Text(string path, string files, PeerStart start) => string.Create(CultureInfo.InvariantCulture, $$"""
        # {{path}}
        num-threads: {{start.Cores}}
        max-connections: {{start.Connections}}
        http1-upgrade-to-http2: {{(start.IsHttp2 ? "ON" : "OFF")}}
        hosts:
          default:
            listen:
              host: 127.0.0.1
              port: {{start.Port}}
              {{(start.IsTls ? Tls(files) : "# in clear text")}}
            paths:
              /plaintext:
                file.file: {{files}}/plaintext.txt
              /json:
                file.file: {{files}}/greeting.json
              /:
                file.dir: {{files}}

        """);

    private static string Tls(string files) =>
        $"ssl: {{ certificate-file: {Workshop.CertificateBeside(files)}, key-file: {Workshop.KeyBeside(files)}, minimum-version: TLSv1.2 }}";
}
