namespace PipeServer.AspNetCore;

/// <summary>Sends a file, or a part of one, as the response's body: small ones from memory, others by the server from the open file.</summary>
internal sealed class ResponseFile(ResponseFeatures features, ResponseBodyWriter writer, SmallFiles files)
{
    /// <summary>Sends a part of a file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The file has no such part.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public Task SendAsync(string path, long offset, long? count, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested || !files.TryGet(path, out var content))
        {
            return SendOtherAsync(path, offset, count, cancellationToken);
        }

        var asked = CountOf(content.Length, offset, count);
        var write = writer.WriteAsync(content.AsMemory((int)offset, (int)asked), cancellationToken);
        return write.IsCompletedSuccessfully ? Task.CompletedTask : write.AsTask();
    }

    private static long CountOf(long length, long offset, long? count)
    {
        if (offset < 0 || offset > length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, "");
        }

        if (count is { } asked && (asked < 0 || asked > length - offset))
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, "");
        }

        return count ?? (length - offset);
    }

    private async Task SendOtherAsync(string path, long offset, long? count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var asked = CountOf(length, offset, count);
        if (files.Read(path, file, length) is { } content)
        {
            await writer.WriteAsync(content.AsMemory((int)offset, (int)asked), cancellationToken).ConfigureAwait(false);
            return;
        }

        await features.StartAsync().ConfigureAwait(false);
        writer.LeaveDeferral();
        await writer.SettleAsync().ConfigureAwait(false);
        await features.Response.SendFileAsync(file, offset, asked, cancellationToken).ConfigureAwait(false);
    }
}
