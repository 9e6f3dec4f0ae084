namespace Difference.Runner;

/// <summary>One thing in which two answers differ.</summary>
/// <param name="What">status, reason, interim, header:name, body, trailers, complete or open.</param>
/// <param name="Kestrel">What Kestrel's answer has.</param>
/// <param name="PipeServer">What PipeServer's has.</param>
internal sealed record Finding(string What, string Kestrel, string PipeServer)
{
    public override string ToString() => $"{What}\n    Kestrel:    {Kestrel}\n    PipeServer: {PipeServer}";
}
