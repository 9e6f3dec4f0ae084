namespace PipeServer.Instructions;

/// <summary>A function's instructions a request, before and now, without those of what it calls. Zero: too few to be listed.</summary>
internal sealed record FunctionChange(string Name, double Before, double Now)
{
    public double Change => Now - Before;
}
