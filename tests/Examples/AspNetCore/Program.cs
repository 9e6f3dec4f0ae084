var builder = WebApplication.CreateBuilder(args);
builder.WebHost.UsePipeServer();

var app = builder.Build();
app.MapGet("/", () => "Hello!\n");
app.MapPost("/orders", (Order order) => Results.Created($"/orders/{order.Id}", order));
app.MapGet("/slow", async (CancellationToken aborted) =>
{
    await Task.Delay(TimeSpan.FromSeconds(2), aborted);
    return "Answered, even if you have stopped the server meanwhile.\n";
});
app.Run();

internal sealed record Order(int Id, string Item);
