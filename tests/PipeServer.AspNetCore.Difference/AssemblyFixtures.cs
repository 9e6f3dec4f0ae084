using Difference.Runner;

[assembly: AssemblyFixture(typeof(TwoServers))]
