namespace PipeServer.Tests.Support;

/// <summary>The tests that change or count something of the whole process: one after the other, when all others are done.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
