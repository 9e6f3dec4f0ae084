using PipeServer;

var builder = WebApplication.CreateBuilder(args);
// The block stands here.
var app = builder.Build();
app.Run();
