using PipeServer;

var options = new HttpServerOptions();
// The block stands here.
await using var server = new HttpServer(options);
await server.RunAsync();
