using BenchmarkDotNet.Running;
using PipeServer.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(RequestParserBenchmarks).Assembly).Run(args);
