using PipeServer;

var certificates = new TlsCertificateSet([TlsCertificate.FromPemFiles(args[0], args[1])]); // Replace(…) puts others in their place
await using var server = new HttpServer(new HttpServerOptions
{
    Endpoints = [HttpEndpoint.Parse("127.0.0.1:8443,tls")],
    Tls = new TlsOptions { Certificates = certificates, MinVersion = TlsVersion.Tls13 },
});
server.MapGet("/", (request, response) =>
    response.WriteText($"{request.Tls?.CipherSuite} for {request.Tls?.ServerName ?? "nobody"}\n"));
await server.RunAsync(() => Console.WriteLine($"Listening on {server.Address}"));
