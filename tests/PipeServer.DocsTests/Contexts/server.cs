using PipeServer;
using PipeServer.StaticFiles;

await using var server = new HttpServer();
// The block stands here.
_ = typeof(StaticFileHandler);
await server.RunAsync();
