namespace PipeServer.Diagnostics;

/// <summary>Where a <see cref="LineWriter"/> writes to.</summary>
internal interface ILineTarget
{
    /// <summary>True when a write of a few bytes would be taken, or refused, without a wait.</summary>
    bool IsReady { get; }

    /// <summary>Writes, and waits for a reader as long as it takes.</summary>
    /// <param name="bytes">What to write.</param>
    /// <param name="written">How much was written; all of it when there is no error.</param>
    /// <returns>0, or the system's error number. Nothing is thrown.</returns>
    int Write(ReadOnlySpan<byte> bytes, out int written);
}
