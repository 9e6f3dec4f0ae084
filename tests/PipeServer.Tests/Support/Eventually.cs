namespace PipeServer.Tests.Support;

/// <summary>Waits for a condition that nothing signals, with a deadline.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TestClient.Patience, $"Not in time: {what}");
            await Task.Delay(5);
        }
    }
}
